from __future__ import annotations

from html.parser import HTMLParser

import numpy as np

from fathom.train.layers import Layer
from fathom.train.page import (
    curves_section,
    layers_section,
    page,
    table_section,
    text_section,
)  # fmt: skip
from fathom.train.scatter import scatter_section

LINES = [{"kind": "epoch", "epoch": 1, "step": 2, "train_loss": 2.0, "val_loss": 1.0}]


class Balanced(HTMLParser):
    """Fails at a tag that is closed and was not open."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def whole_page() -> str:
    return page(
        "<b>Title</b>",
        "sub & title",
        [("90%", "accuracy <x>")],
        [
            curves_section(LINES),
            layers_section([Layer("net.0", "Linear", (1, 2), 10)]),
            text_section("Text", "a < b", "note"),
            table_section("Table", ("a", "b"), [("x", "1")], "note"),
            scatter_section(np.array([1.0, 2.0, 3.0]), np.array([1.5, 2.0, 2.5]), "metres"),
        ],
        "made by",
    )


def test_every_tag_is_closed_in_order():
    parser = Balanced()
    parser.feed(whole_page())
    parser.close()
    assert parser.open == []


def test_text_is_text_and_never_becomes_markup():
    text = whole_page()
    assert "&lt;b&gt;Title&lt;/b&gt;" in text
    assert "<b>Title</b>" not in text
    assert "a &lt; b" in text
    assert "accuracy &lt;x&gt;" in text


def test_nothing_is_asked_for_from_elsewhere():
    text = whole_page()
    for part in ("<script", "<link", "http", "@import", "url("):
        assert part not in text


def test_it_fits_a_phone_and_follows_the_systems_light_or_dark():
    text = whole_page()
    assert 'name="viewport" content="width=device-width' in text
    assert "@media (prefers-color-scheme: dark)" in text
    assert "color-scheme: light dark" in text


def test_a_scatter_of_many_points_draws_some_of_them():
    values = np.linspace(0, 1, 10_000)
    section = scatter_section(values, values, "metres")
    assert section.content.count("<circle") <= 1500
    assert "of the 10,000 examples" in section.content
