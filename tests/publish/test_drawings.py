"""Plots, frames and pictures as they stand in a page."""

from xml.etree import ElementTree

from fathom.publish.figures import INKS, inlined, on_paper, theme, unlike
from fathom.publish.frames import frame, taken_out

PLOT = """<?xml version="1.0"?>
<!DOCTYPE svg>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="72pt" height="36pt" viewBox="0 0 72 36" xmlns="http://www.w3.org/2000/svg">
 <metadata>made by somebody</metadata>
 <defs><path id="a" d="M0 0"/><clipPath id="b"><rect/></clipPath></defs>
 <g clip-path="url(#b)" style="stroke: #22262b"><use xlink:href="#a" style="fill: #123456"/></g>
</svg>
"""


def test_a_plot_is_in_the_colours_of_the_theme_except_those_its_author_chose():
    drawn = inlined(PLOT, "p1-", 'A line & "more"')
    root = ElementTree.fromstring(drawn)
    assert "stroke: var(--figure-ink, #22262b)" in drawn and "fill: #123456" in drawn
    assert root.get("aria-label") == 'A line & "more"' and root.get("role") == "img"
    assert root.get("width") is None and root.get("height") is None
    assert root.get("style") == "width: 96px" and root.get("viewBox") == "0 0 72 36"
    assert "made by somebody" not in drawn


def test_two_drawings_share_no_identifier():
    drawn = unlike(PLOT, "p1-")
    assert 'id="p1-a"' in drawn and 'href="#p1-a"' in drawn and "url(#p1-b)" in drawn
    assert 'id="a"' not in drawn and '"#a"' not in drawn and "url(#b)" not in drawn


def test_a_notebook_shows_plots_on_paper():
    assert 'style="background: #fdfcf9"' in on_paper(PLOT)


def test_each_ink_has_a_colour_for_the_day_and_one_for_the_night():
    assert theme(night=False).keys() == theme(night=True).keys()
    assert len({day for day, _, _ in INKS}) == len(INKS)


def test_the_page_in_an_explanations_frame_becomes_a_file():
    output = (
        '<iframe srcdoc="&lt;p&gt;Hello&lt;/p&gt;" title="x &amp; y" style="width: 100%"></iframe>'
    )
    name, text, element = taken_out(output, "../")
    assert text == "<p>Hello</p>"
    assert f'src="../{name}"' in element and 'title="x &amp; y"' in element
    assert taken_out("<p>no frame</p>") is None


def test_a_frame_runs_its_script_and_nothing_else():
    assert 'sandbox="allow-scripts"' in frame("a.html", "a")
