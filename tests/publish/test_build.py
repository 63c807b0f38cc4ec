"""The website: what a page becomes, equal each time, and nothing at all where something is wrong."""

import re
from html import unescape

import pytest

from fathom.publish.build import build
from fathom.publish.errors import BookError
from tests.publish.a_book import ONE, write_book, write_page


@pytest.fixture(scope="module")
def page(book):
    return (book[1] / "html" / "one.html").read_text(encoding="utf-8")


def text_of(html):
    """The words of some HTML."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_formulas_are_mathml_with_their_numbers(page):
    assert page.count("<math") >= 3
    assert '<span class="eqno">(1.1)' in page
    assert "\\frac" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)


def test_values_stand_in_sentences_notes_tables_and_captions(page):
    words = text_of(page)
    assert "The sum of squares is 5.00 ," in words.replace("5.00,", "5.00 ,")
    assert "Of 2 numbers." in words and "sum 5.0" in words
    assert "A line of 2 points." in words
    assert "{value}`y`" in words  # shown as code


def test_figures_references_and_citations_are_resolved(page, book):
    words = text_of(page)
    assert "Figure 1.1" in words and "By (1.1) slopes" in words and "1986" in words
    index = text_of((book[1] / "html" / "index.html").read_text(encoding="utf-8"))
    assert "It has one page , in which Figure 1.1 shows a line." in index.replace("page,", "page ,")


def test_a_plot_is_a_part_of_the_page_with_a_description(page):
    assert re.search(r'<svg role="img" aria-label="A line of 2 points\."', page)
    assert "var(--figure-1, #2f6690)" in page


def test_an_explanation_stands_in_a_frame_of_its_own(page, book):
    frames = re.findall(r'<iframe class="explanation" src="(frames/\w+\.html)"', page)
    assert len(frames) == 2  # of the cell, and of the directive
    for name in frames:
        assert "fathom explains" in (book[1] / "html" / name).read_text(encoding="utf-8")
    assert "srcdoc" not in page


def test_an_operation_is_shown_in_math_code_and_diagram(page):
    card = text_of(page[page.index('class="explain ') : page.index('class="library ')])
    for part in (
        "Math",
        "Code",
        "Diagram",
        "fathom/ops/exponential.py",
        "Step through its numbers",
    ):
        assert part in card


def test_the_librarys_lines_are_shown_with_their_place(page):
    card = text_of(page[page.index('class="library ') :])
    assert "fathom.ops.exponential.Exp fathom/ops/exponential.py, line" in card
    assert "xp . exp ( x )" in card


def test_the_page_asks_nothing_from_elsewhere(page):
    assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]*\.(?:js|css|woff2?)"', page)


def test_each_page_offers_its_notebook(page, book):
    assert '<a href="one.ipynb" download' in page
    assert (book[1] / "html" / "one.ipynb").is_file()


def test_two_builds_are_equal_to_the_byte(book, tmp_path):
    folder, out = book
    build(folder, tmp_path, say=lambda line: None)
    files = {p.relative_to(out / "html") for p in (out / "html").rglob("*") if p.is_file()}
    again = {
        p.relative_to(tmp_path / "html") for p in (tmp_path / "html").rglob("*") if p.is_file()
    }
    assert files == again and len(files) > 10
    for name in files:
        assert (out / "html" / name).read_bytes() == (tmp_path / "html" / name).read_bytes(), name


def test_what_is_wrong_is_told_with_page_and_line_and_the_old_book_stays(book, tmp_path):
    wrong = ONE.replace(
        "## References",
        "$\\nonsense$ {numref}`nowhere`\n\n```{unheard}\n```\n\n![A](b.png)\n\n## References",
    )
    folder = write_book(tmp_path / "book", wrong)
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text("old", encoding="utf-8")
    with pytest.raises(BookError) as error:
        build(folder, tmp_path, say=lambda line: None)
    line = wrong[: wrong.index("$\\nonsense")].count("\n") + 12
    told = str(error.value)
    assert f"one.md:{line}: WARNING: formula: no command \\nonsense at character 0" in told
    assert f"one.md:{line}: WARNING: undefined label: 'nowhere'" in told
    assert f"one.md:{line + 2}: WARNING: Unknown directive type: 'unheard'" in told
    assert "b.png" in told
    assert (tmp_path / "html" / "index.html").read_text(encoding="utf-8") == "old"
    assert not list(tmp_path.glob("*.part")) and not (tmp_path / "html.new").exists()


@pytest.mark.parametrize(
    ("cell", "message"),
    [("import sys\nprint('careful', file=sys.stderr)", "stderr was found"),
     ("import matplotlib.pyplot as plt\nplt.plot([1]);", "a picture without a description")],
)  # fmt: skip
def test_what_a_reader_should_not_meet_is_an_error(tmp_path, cell, message):
    with pytest.raises(BookError, match=message):
        build(write_page(tmp_path / "book", cell), tmp_path / "out", say=lambda line: None)


def test_a_book_is_not_built_into_itself(tmp_path):
    folder = write_page(tmp_path, "1")
    with pytest.raises(BookError, match="lies in the book's own folder"):
        build(folder, folder / "out")
