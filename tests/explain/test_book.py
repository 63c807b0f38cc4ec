"""An operation names the pages of the book that use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn
from fathom.explain import book, explain
from fathom.explain.parts import Use, by_title

FIXTURE = Path(__file__).with_name("fixtures") / "book.json"
LENET = Use("lenet", "LeNet learns to see", "From scores to probabilities")


@pytest.fixture
def indexed(monkeypatch):
    """The book's index is the fixture."""
    found = json.loads(FIXTURE.read_text(encoding="utf-8"))
    monkeypatch.setattr(book, "index", lambda: found)


def test_pages_and_sections_are_named_once_each(indexed):
    assert explain("softmax").uses == [LENET, Use("attention", "Attention <is> a weighted mean")]


def test_every_form_names_them(indexed):
    e = explain("softmax")
    assert "In the book\n  LeNet learns to see  From scores to probabilities\n" in e.text()
    assert "<cite>LeNet learns to see</cite>: From scores to probabilities" in e.html()
    assert "<cite>Attention &lt;is&gt; a weighted mean</cite>" in e.html()
    assert "LeNet learns to see: From scores to probabilities; Attention" in e.latex()


def test_an_operation_of_several_names_is_found_by_each(indexed):
    for f in (fathom.relu, F.relu, "relu", "nn.functional.relu"):
        assert explain(f).uses == [
            Use("mlp", "Layers", "Corners"),
            Use("lenet", "LeNet learns to see"),
        ]


def test_of_many_sections_of_a_page_a_few_are_named():
    uses = [Use("lenet", "LeNet", section) for section in "ABCDE"]
    assert by_title([*uses, Use("mlp", "Layers")]) == {
        "LeNet": "A · B · C and 2 more",
        "Layers": "",
    }


def test_a_class_of_layers_is_found_by_its_name_in_nn(indexed):
    assert explain(nn.Linear).uses == [Use("mlp", "Layers")]


@pytest.mark.parametrize("name", ["exp", "nn.functional.gelu"])
def test_an_operation_that_the_book_does_not_use_says_nothing_of_it(indexed, name):
    e = explain(name)
    assert e.uses == []
    assert "In the book" not in e.text() + e.html() + e.latex()


def test_without_an_index_nothing_is_missing(monkeypatch):
    monkeypatch.setattr(book, "INDEX", "there-is-no-such-file.json")
    book.index.cache_clear()
    try:
        assert book.places_in_the_book("softmax") == []
    finally:
        book.index.cache_clear()


def test_the_index_that_fathom_ships_has_the_entries_that_are_read():
    for entries in book.index().values():
        for entry in entries:
            assert {"page", "title"} <= set(entry)
