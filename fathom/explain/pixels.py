"""A matrix as a small PNG: orange above zero, blue below, and the nearer to zero the more the paper shows through.

So one picture suits light and dark pages. The format is written here because a few lines do it: a header, the rows
packed by zlib, an end.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

PLUS, MINUS, NONE = (203, 98, 46), (52, 116, 178), (128, 128, 128)  # NONE: what is no number
EVEN = 0.8  # below 1, small numbers are seen better


def data_uri(x: np.ndarray, top: float) -> str:
    """x (H, W) as a PNG in a data: address; `top` is the size of number that has the full colour."""
    return "data:image/png;base64," + base64.b64encode(png(colors(x, top))).decode()


def colors(x: np.ndarray, top: float) -> np.ndarray:
    """x (H, W) -> red, green, blue and opacity (H, W, 4), 0 to 255.

    >>> import numpy as np
    >>> colors(np.array([[1.0, 0.0]]), 1.0).tolist()
    [[[203, 98, 46, 255], [203, 98, 46, 0]]]
    """
    finite = np.isfinite(x)
    strength = np.minimum(1.0, np.abs(np.where(finite, x, 0.0)) / (top or 1.0)) ** EVEN
    made = np.empty((*x.shape, 4), np.uint8)
    made[..., :3] = np.where((x < 0)[..., None], MINUS, PLUS)
    made[..., 3] = np.round(255 * strength)
    made[~finite] = (*NONE, 60)
    return made


def png(pixels: np.ndarray) -> bytes:
    """pixels (H, W, 4) of uint8 -> the bytes of a PNG file."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: the row is not filtered
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits, red green blue opacity
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )
