import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest

from fathom.data import FileFormatError, read_image
from fathom.data.images import parse_image


def encoded(array, kind, **options):
    out = io.BytesIO()
    PIL.Image.fromarray(array).save(out, kind, **options)
    return out.getvalue()


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "PPM"])
def test_lossless_formats_give_the_pixels_channels_first(tmp_path, kind):
    file = tmp_path / "picture"
    file.write_bytes(encoded(picture(), kind))
    np.testing.assert_array_equal(read_image(file), picture().transpose(2, 0, 1))


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_the_mode_decides_on_the_channels(mode, channels):
    assert parse_image(encoded(picture(), "PNG"), "memory", mode).shape == (channels, 5, 7)


def test_an_unknown_mode_is_refused(tmp_path):
    with pytest.raises(ValueError, match="mode must be one of L, RGB, RGBA, got 'P'"):
        read_image(tmp_path / "any.png", mode="P")


@pytest.mark.parametrize("cut", [0, 10, 40, -20])
def test_a_truncated_png_is_a_format_error(cut):
    with pytest.raises(FileFormatError, match="expected a whole picture"):
        parse_image(encoded(picture(), "PNG")[:cut], "memory")


def test_a_flipped_bit_of_a_png_never_gives_other_pixels():
    content, found = encoded(picture(), "PNG"), 0
    for place in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        try:
            pixels = parse_image(bytes(damaged), "memory")
        except FileFormatError:
            found += 1
        else:  # in what follows the last pixel
            np.testing.assert_array_equal(pixels, picture().transpose(2, 0, 1))
    assert found >= 8 * (len(content) - 8)


def test_a_header_of_a_billion_pixels_is_refused_before_they_are_decoded():
    layout = b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + layout + struct.pack(">I", zlib.crc32(layout))
    content = b"\x89PNG\r\n\x1a\n" + header + encoded(picture(), "PNG")[33:]
    with pytest.raises(FileFormatError, match="pixels|bomb"):
        parse_image(content, "memory")


def test_the_limit_of_pixels_can_be_set():
    with pytest.raises(FileFormatError, match="at most 34 pixels, found 7 x 5"):
        parse_image(encoded(picture(), "PNG"), "memory", most_pixels=34)


def test_formats_that_run_other_programs_are_not_opened():
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"
    with pytest.raises(FileFormatError, match="cannot identify image file"):
        parse_image(content, "memory")
