"""The book itself: it builds, its notebooks are whole, and every page reads well in a browser."""

import json
import re

import pytest

from fathom.publish.browser import program
from fathom.publish.build import build
from fathom.publish.examine import examine
from fathom.publish.pages import pages
from scripts import house

BOOK = house.ROOT / "book"


@pytest.mark.slow
def test_the_book_builds_its_notebooks_are_whole_and_every_page_reads_well(tmp_path, monkeypatch):
    # Without Fashion-MNIST on this computer the pages take the digits that come along: nothing is fetched.
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    # One test, because the pages take a minute to run and several processes share the tests.
    if program() is None:
        build(BOOK, tmp_path)
    else:
        examine(BOOK, tmp_path)
    for page in pages(BOOK):
        text = (tmp_path / "html" / f"{page.name}.ipynb").read_text(encoding="utf-8")
        check_notebook(json.loads(text), [page.cells[k].source for k in page.codes])
    if program() is None:
        pytest.skip("built, but not read in a browser: no chromium here: apt-get install chromium")


def check_notebook(notebook, cells):
    """It has the page's cells of code in their order, and nothing of the book's own notation."""
    codes = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [text for text in codes if text in cells] == cells
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            assert not re.search(r"\{[a-z:]+\}`|^[`:]{3,}\{", cell["source"], re.MULTILINE)
