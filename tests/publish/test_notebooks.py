"""The notebook of a page: resolved, complete, and at home in plain Jupyter."""

import asyncio
import json
import re

import pytest

from fathom.publish.pages import read


@pytest.fixture(scope="module")
def notebook(book):
    return json.loads((book[1] / "html" / "one.ipynb").read_text(encoding="utf-8"))


def sources(notebook, kind):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_nothing_of_the_books_own_notation_is_left(notebook):
    for text in sources(notebook, "markdown"):
        shown = re.sub(r"``.*?``", "", text)
        assert not re.search(r"\{[a-z:]+\}`|^[`:]{3,}\{|\(sec-one\)=", shown, re.MULTILINE), text


def test_numbers_references_and_citations_are_words(notebook):
    words = "\n".join(sources(notebook, "markdown"))
    for part in (
        "The sum of squares is 5.00", "> **Note**", "Of 2 numbers.", "| sum | 5.0 |", "By (1.1) slopes",
        r"\tag{1.1}", "Figure 1.1 shows", "*Figure 1.1: A line of 2 points.*", "# One page", "## Seen from inside",
        "et al., 1986", "Learning representations", "class Exp(Elementwise)", "fathom/ops/exponential.py, line",
    ):  # fmt: skip
        assert part in words.replace(r"\*", "*").replace("*et al.*", "et al."), part


def test_the_cells_are_the_authors_and_explanations_are_cells(notebook, book):
    page = read(book[0] / "one.md", "one")
    mine = [page.cells[k].source for k in page.codes]
    theirs = sources(notebook, "code")
    assert [text for text in theirs if text in mine] == mine
    assert [text for text in theirs if text not in mine] == [
        'import fathom\n\nfathom.explain("exp")'
    ]


def test_it_is_a_notebook_by_the_letter(book):
    nbformat = pytest.importorskip("nbformat")
    for name in ("index", "one"):
        nbformat.validate(nbformat.read(book[1] / "html" / f"{name}.ipynb", as_version=4))


def test_it_runs_under_plain_jupyter(book):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    given, done = (nbformat.read(book[1] / "html" / "one.ipynb", as_version=4) for _ in range(2))
    client = nbclient.NotebookClient(
        done, timeout=120, extra_arguments=["--HistoryManager.enabled=False", "--log-level=ERROR"]
    )
    asyncio.run(client.async_execute())
    assert result_of(given) == result_of(done)
    assert result_of(done).startswith("tensor(5., grad_fn=<SumBackward")


def result_of(notebook):
    """What the first cell of a notebook that shows something shows."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return next(out["data"]["text/plain"] for out in outputs if "data" in out)
