from __future__ import annotations

import json

import numpy as np
import pytest

from fathom.data import load
from fathom.vision import PictureFormat, resized
from fathom.vision.pictures import border, box, framed


def rgba(grey: np.ndarray, alpha: int = 255) -> np.ndarray:
    return np.stack([grey, grey, grey, np.full_like(grey, alpha)])


def form(**changed) -> PictureFormat:
    facts = {
        "channels": 1, "size": (8, 8), "input_size": (8, 8), "mean": (0.0,), "std": (1.0,),
        "dark": True, "frame": None,
    }  # fmt: skip
    return PictureFormat(**{**facts, **changed})


def test_a_data_sets_format_is_learnt_from_it_and_kept_in_json():
    found = PictureFormat.of(load("digits"), (28, 28))
    assert (found.channels, found.size, found.input_size, found.dark, found.frame) == (
        1,
        (8, 8),
        (28, 28),
        True,
        1,
    )
    assert PictureFormat.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_a_picture_of_the_data_set_is_taken_as_the_data_module_takes_it():
    data = load("digits")
    image, _ = data.test.images[3], data.test.labels[3]
    found = PictureFormat.of(data, (8, 8))
    expected = data.dataset("test", normalise=True).tensors[0][3].numpy()
    taken = found.as_input(found.as_data(rgba(image[0])))
    assert taken.shape == (1, 1, 8, 8)
    np.testing.assert_allclose(taken[0], expected, atol=1e-5)


def test_light_and_dark_are_swapped_only_where_the_ground_is_light():
    grey = np.zeros((8, 8), np.uint8)
    grey[2:6, 3] = 255
    np.testing.assert_allclose(
        form().as_data(rgba(grey)), form().as_data(rgba(255 - grey)), atol=1e-3
    )
    light = form(dark=False).as_data(rgba(255 - grey))
    np.testing.assert_allclose(light[0], 255 - grey, atol=1e-3)


def test_what_is_transparent_is_white_paper():
    assert form(dark=False).as_data(rgba(np.zeros((8, 8), np.uint8), alpha=0)).min() == 255


def test_colour_becomes_grey_by_how_bright_it_looks():
    picture = np.zeros((4, 8, 8), np.uint8)
    picture[1], picture[3] = 255, 255
    np.testing.assert_allclose(form(dark=False).as_data(picture), 0.587 * 255, rtol=1e-5)


def test_what_is_drawn_fills_the_frame_wherever_it_stood():
    drawn = np.zeros((40, 60), np.uint8)
    drawn[5:15, 40:44] = 255
    found = form(frame=1.0).as_data(rgba(drawn))[0]
    assert found.shape == (8, 8)
    assert found[0].max() > 200 and found[-1].max() > 200
    assert found[:, 0].max() == 0 and found[:, -1].max() == 0


def test_an_empty_picture_stays_empty():
    assert form(frame=0.8).as_data(rgba(np.full((20, 30), 255, np.uint8))).max() == 0


def test_the_box_encloses_what_is_bright():
    image = np.zeros((6, 6))
    image[2:4, 1:5] = 9
    assert box(image) == (slice(2, 4), slice(1, 5))
    assert framed(image[None], 0.5).shape == (1, 8, 8)


def test_the_border_is_the_four_edges():
    image = np.arange(9).reshape(3, 3)
    assert sorted(set(border(image).tolist())) == [0, 1, 2, 3, 5, 6, 7, 8]


@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (5, 11), (2, 3), (1, 1)])
def test_resizing_is_pillows_bilinear(height, width):
    image_module = pytest.importorskip("PIL.Image")
    image = np.random.default_rng(0).uniform(0, 255, (8, 8)).astype(np.float32)
    expected = image_module.fromarray(image).resize(
        (width, height), image_module.Resampling.BILINEAR
    )
    np.testing.assert_allclose(resized(image, height, width), np.asarray(expected), atol=1e-3)


def test_resizing_keeps_a_constant_and_the_leading_sizes():
    found = resized(np.full((2, 3, 4, 5), 7, np.uint8), 9, 2)
    assert found.shape == (2, 3, 9, 2)
    np.testing.assert_allclose(found, 7, rtol=1e-6)
