"""The forms of an explanation: text, LaTeX, SVG, a page, a file."""

import json
import re
import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from rich.cells import cell_len

import fathom
from fathom import nn
from fathom.explain import explain
from fathom.explain.boxes import boxes
from fathom.explain.html import colored
from fathom.explain.layout import layout, size_of
from fathom.explain.svg import svg


@pytest.fixture(scope="module")
def small():
    return explain(lambda x: (x * x).exp().sin(), 0.5)


@pytest.fixture(scope="module")
def network():
    fathom.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    return explain(net, fathom.randn(2, 4), fathom.tensor([0, 2]))


def test_text_tells_formula_numbers_line_and_check(small):
    text = small.text()
    assert "   2 exp  y = e^x  where x = mul 1\n       y = e^0.25 = 1.284\n" in text
    assert "test_renderers.py:" in text and "finite difference agrees to" in text
    assert "\x1b" not in text and "\x1b" in small.text(color=True)
    assert repr(small) == text


def test_text_in_a_notebook_is_returned_and_not_shown_besides(small, monkeypatch):
    shown = []
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda segments, text: shown.append(text))
    assert small.text().startswith("a function") and not shown


def test_text_keeps_to_its_width(network):
    assert max(map(cell_len, network.text(width=60).splitlines())) <= 60


def test_latex_has_each_formula_and_no_character_that_means_something(network):
    document = network.latex()
    assert document.startswith(r"\documentclass") and document.rstrip().endswith(r"\end{document}")
    assert network.operations[0].formula in document
    assert r"cross\_entropy" in document or r"masked\_fill" in document
    assert document.count(r"\[") == document.count(r"\]")


@pytest.mark.parametrize("use_dot", [False, pytest.param(True, marks=pytest.mark.skipif(
    shutil.which("dot") is None, reason="Graphviz is not installed"))])  # fmt: skip
def test_boxes_do_not_overlap_and_arrows_go_down(network, use_dot):
    drawn = boxes(network)
    places = layout(drawn, use_dot)
    sized = [(x, y, *size_of(box)) for (x, y), box in zip(places.places, drawn)]
    for k, (x, y, w, h) in enumerate(sized):
        assert 0 <= x - w / 2 and x + w / 2 <= places.width + 1 and y + h / 2 <= places.height + 1
        for x2, y2, w2, h2 in sized[:k]:
            assert abs(x - x2) >= (w + w2) / 2 - 0.5 or abs(y - y2) >= (h + h2) / 2 - 0.5, drawn[k]
    assert len(places.arrows) == sum(len(box.sources) for box in drawn)
    for a, b, _ in places.arrows:
        assert places.places[a][1] < places.places[b][1]


def test_svg_is_xml_and_shows_every_box(network):
    root = ET.fromstring(svg(network))
    titles = [
        t.text for t in root.iter("{http://www.w3.org/2000/svg}text") if t.get("class") == "title"
    ]
    assert titles == [box.title for box in boxes(network)]


def test_a_large_computation_is_drawn_by_modules():
    net = nn.Sequential(
        *[nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU()) for _ in range(4)]
    )
    drawn = boxes(explain(net, fathom.randn(3, 2)))
    assert [box.title for box in drawn][:4] == [
        "input",
        "0.0 Linear",
        "0.1 BatchNorm1d",
        "0.2 ReLU",
    ]


# ---- the page ------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags of a page, and the text of its data."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.data, self.inside = [], [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        self.inside = found.get("id") == "data"

    def handle_data(self, text):
        self.data += text if self.inside else ""
        self.inside = False


def test_a_page_asks_for_nothing(network):
    text = network.html()
    page = Page(text)
    assert page.addresses == ["data:,"]
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest", text)
    assert json.loads(page.data)["ops"]


def test_a_name_with_marks_cannot_break_out_of_the_page():
    def hostile(x):
        return x.exp()  # </script><script>alert(1)</script>

    hostile.__name__ = "</script><b>"
    text = explain(hostile, 1.0).html()
    assert "</script><b>" not in text and text.count("</script>") == 2


def test_a_notebook_shows_the_page_in_a_frame(small):
    shown = small._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and 'title="a function"' in shown


def test_code_is_colored_and_escaped():
    assert colored('return x < "a"  # why') == (
        '<span class="k">return</span> x &lt; <span class="s">&quot;a&quot;</span>  <span class="c"># why</span>'
    )
    assert colored("if (x and") == "if (x and"


def test_infinities_and_nan_are_shown():
    e = explain(lambda x: x.log(), fathom.tensor([1.0, 0.0, -1.0]))
    assert e.find("log").output.figures.odd == 2
    assert json.loads(Page(e.html()).data)["figures"]


@pytest.mark.parametrize("ending", ["html", "svg", "tex", "txt"])
def test_the_ending_of_a_file_says_its_form(small, tmp_path, ending):
    path = tmp_path / f"chain.{ending}"
    small.save(path)
    assert path.read_text(encoding="utf-8")[:9] in (
        "<!DOCTYPE",
        "<svg xmln",
        "\\document",
        "a functio",
    )
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_another_ending_says_which_there_are(small, tmp_path):
    with pytest.raises(ValueError, match=r"chain.pdf should end in .html, .htm, .svg, .tex, .txt"):
        small.save(tmp_path / "chain.pdf")
