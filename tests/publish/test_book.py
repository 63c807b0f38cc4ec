"""The book itself: it builds, every page reads well in a browser, and its notebooks are whole."""

import json
import re

import pytest

from fathom.publish.browser import program
from fathom.publish.build import build
from fathom.publish.examine import examine
from fathom.publish.pages import pages
from scripts import house

pytestmark = pytest.mark.slow
BOOK = house.ROOT / "book"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The book, built."""
    out = tmp_path_factory.mktemp("the-book")
    build(BOOK, out)
    return out


@pytest.mark.skipif(program() is None, reason="no chromium here: apt-get install chromium")
def test_every_page_reads_well_wide_and_narrow_by_day_and_by_night(out):
    examine(BOOK, out)


def test_every_page_has_its_notebook_with_the_same_cells_and_nothing_unresolved(out):
    for page in pages(BOOK):
        notebook = json.loads((out / "html" / f"{page.name}.ipynb").read_text(encoding="utf-8"))
        codes = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        mine = [page.cells[k].source for k in page.codes]
        assert [text for text in codes if text in mine] == mine
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                assert not re.search(r"\{[a-z:]+\}`|^[`:]{3,}\{", cell["source"], re.MULTILINE)
