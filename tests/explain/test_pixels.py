"""A matrix becomes a small PNG that any reader of images understands."""

from __future__ import annotations

import base64
import io

import numpy as np
import PIL.Image

from fathom.explain.pixels import MINUS, NONE, PLUS, colors, data_uri, png


def test_above_zero_is_orange_below_is_blue_and_zero_is_clear():
    made = colors(np.array([[2.0, -2.0, 0.0, np.nan]]), 2.0)
    assert made.tolist() == [[[*PLUS, 255], [*MINUS, 255], [*PLUS, 0], [*NONE, 60]]]


def test_what_is_larger_than_the_top_has_the_full_colour_and_zeros_alone_are_clear():
    assert colors(np.array([[5.0]]), 2.0)[0, 0, 3] == 255
    assert colors(np.zeros((1, 1)), 0.0)[0, 0, 3] == 0


def test_the_file_holds_the_pixels():
    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    with PIL.Image.open(io.BytesIO(png(pixels))) as picture:
        assert (picture.size, picture.mode) == ((3, 2), "RGBA")
        np.testing.assert_array_equal(np.asarray(picture), pixels)


def test_an_address_is_the_file_in_letters():
    head, text = data_uri(np.ones((2, 2)), 1.0).split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(text).startswith(b"\x89PNG")
