"""Pages are read into cells that know their lines."""

import pytest

from fathom.publish.errors import BookError
from fathom.publish.pages import headings, pages, read
from tests.publish.a_book import HEAD, write_book


@pytest.fixture
def page(tmp_path):
    return read(write_book(tmp_path) / "one.md", "one")


def test_a_page_has_its_title_its_headings_and_its_cells_of_code(page):
    assert page.title == "One page"
    assert [text for _, _, text in headings(page)] == ["One page", "Seen from inside", "References"]
    assert [page.cells[k].source.split("\n")[0] for k in page.codes] == [
        "import fathom", "import matplotlib.pyplot as plt", "fathom.explain(y)", "1 / 0",
    ]  # fmt: skip


def test_a_cell_knows_the_line_on_which_its_source_begins(page):
    lines = page.file.read_text(encoding="utf-8").split("\n")
    for number in page.codes:
        first = page.cells[number].source.split("\n")[0]
        assert lines[page.line_of(number) - 1] == first
        assert page.where(number, 1) == f"{page.file}:{page.line_of(number)}"


def test_a_comment_in_code_is_no_heading(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(
        HEAD + "# Title\n\n```python\n# a comment\n```\n\n## Section\n", encoding="utf-8"
    )
    assert [text for _, _, text in headings(read(file, "page"))] == ["Title", "Section"]


def test_pages_come_in_the_order_of_the_index_without_those_that_are_hidden(tmp_path):
    for name in ("b", "a", "_draft", ".left"):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n", encoding="utf-8")
    (tmp_path / "index.md").write_text("# Book\n\n```{toctree}\nb\na\n```\n", encoding="utf-8")
    assert [page.name for page in pages(tmp_path)] == ["index", "b", "a"]


def test_a_folder_without_an_index_is_no_book(tmp_path):
    with pytest.raises(BookError, match="it has no index.md"):
        pages(tmp_path)
