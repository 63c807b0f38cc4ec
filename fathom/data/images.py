"""Pictures from files (PNG, JPEG, BMP, GIF, WebP, PPM), decoded by Pillow under our limits."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np

from fathom.data.content import FETCH_AGAIN, LARGEST, read_content
from fathom.data.errors import FileFormatError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM")  # no format that runs another program
MOST_PIXELS = 1 << 26  # 67 million: a picture of 8,192 x 8,192
MODES = ("L", "RGB", "RGBA")


def read_image(
    path: str | Path, mode: str = "RGB", most_pixels: int = MOST_PIXELS, limit: int = LARGEST
) -> np.ndarray:
    """The picture in a file -> uint8, (1, H, W) for mode "L", (3, H, W) "RGB", (4, H, W) "RGBA".

    The size in the header is checked before a pixel is decoded. A file that Pillow cannot decode
    whole, of another format, or of more than `most_pixels`, is a FileFormatError.

    >>> import tempfile, pathlib, PIL.Image
    >>> file = pathlib.Path(tempfile.mkdtemp(), "red.png")
    >>> PIL.Image.new("RGB", (2, 1), "red").save(file)
    >>> read_image(file).tolist()
    [[[255, 255]], [[0, 0]], [[0, 0]]]
    """
    if mode not in MODES:
        raise ValueError(f"read_image: mode must be one of {', '.join(MODES)}, got {mode!r}")
    return parse_image(read_content(path, limit), path, mode, most_pixels)


def parse_image(
    content: bytes, source: str | Path, mode: str = "RGB", most_pixels: int = MOST_PIXELS
) -> np.ndarray:
    """The same from the file's bytes; `source` is what errors call them."""
    import PIL.Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)  # ours is below
            with PIL.Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height <= most_pixels:
                    picture.verify()  # checks what checksums there are; the file must be reopened
            if width * height <= most_pixels:
                with PIL.Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                    pixels = np.asarray(picture.convert(mode))
    # Decoders of hostile bytes raise almost anything: OSError, SyntaxError, ValueError,
    # struct.error, zlib.error, EOFError... all of them mean that this is not a whole picture.
    except Exception as error:
        raise FileFormatError(
            source, f"a whole picture ({', '.join(FORMATS)})", str(error), FETCH_AGAIN
        ) from error
    if width * height > most_pixels:
        raise FileFormatError(
            source,
            f"at most {most_pixels:,} pixels",
            f"{width:,} x {height:,}",
            "make it smaller first, or pass a larger most_pixels if you trust the file",
        )
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
