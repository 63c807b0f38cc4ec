"""Which names of fathom the book uses where."""

import json

import pytest

from fathom.publish.index import index, names_in
from scripts import house, index_book
from tests.publish.a_book import write_book


@pytest.mark.parametrize(
    ("code", "names"),
    [("import fathom as fm\nfm.ones(2).sum()", ["fathom.ones"]),
     ("import fathom.nn.functional as F\nF.relu(x)", ["fathom.nn.functional.relu"]),
     ("from fathom import nn\nnet = nn.Sequential(nn.Linear(2, 1))", ["fathom.nn.Sequential", "fathom.nn.Linear"]),
     ("from fathom.data import load\nload('digits')", ["fathom.data.load"]),
     ("import numpy as np\nnp.ones(2)", []), ("%timeit 1", [])],
)  # fmt: skip
def test_names_are_read_from_the_code(code, names):
    assert names_in(code, {}) == names


def test_what_a_cell_imports_the_next_one_knows():
    known = {}
    names_in("from fathom import nn", known)
    assert names_in("nn.Linear(1, 1)", known) == ["fathom.nn.Linear"]


def test_a_name_has_its_pages_and_sections(tmp_path):
    found = index(write_book(tmp_path))
    assert found["fathom.tensor"] == [{"page": "one", "title": "One page", "section": "One page"}]
    assert found["fathom.exp"] == [
        {"page": "one", "title": "One page", "section": "Seen from inside"}
    ]


def test_the_index_that_explanations_read_is_that_of_the_book():
    written = index_book.TARGET.read_text(encoding="utf-8")
    assert json.loads(written) == index(house.ROOT / "book"), "run python scripts/index_book.py"
    assert written == index_book.text(house.ROOT / "book")
