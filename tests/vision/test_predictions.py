from __future__ import annotations

import base64
import io

import numpy as np
import pytest

from fathom.vision.predictions import confusion_section, pictures_section, png_address

IMAGES = np.arange(3 * 16, dtype=np.uint8).reshape(3, 1, 4, 4)
LABELS = np.array([0, 1, 1])
LIKELY = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
CLASSES = ("cat", "dog & <co>")


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_in_a_page_is_the_image_itself(channels):
    import PIL.Image

    image = np.random.default_rng(0).integers(0, 256, (channels, 5, 6), np.uint8)
    kind, packed = png_address(image).split(",")
    assert kind == "data:image/png;base64"
    found = np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(packed))))
    assert np.array_equal(found if channels == 1 else found.transpose(2, 0, 1), image.squeeze())


def test_mistakes_come_before_right_answers_with_how_sure_it_was():
    text = pictures_section(IMAGES, LABELS, LIKELY, CLASSES).content
    assert text.count("<figure") == 3
    assert text.index("cat 70%") < text.index("cat 90%")
    assert "is dog &amp; &lt;co&gt;" in text
    assert "(1 in all)" in text and "(2 in all)" in text


def test_no_mistakes_need_no_heading():
    text = pictures_section(IMAGES[:1], LABELS[:1], LIKELY[:1], CLASSES).content
    assert "Mistakes" not in text


def test_the_matrix_counts_true_classes_by_row():
    text = confusion_section(LABELS, LIKELY, CLASSES).content
    assert "cat taken for cat: 1" in text
    assert "dog &amp; &lt;co&gt; taken for cat: 1" in text
    assert "cat taken for dog" not in text
