"""IDX, the file format of MNIST and its family: a magic number, the sizes, then the numbers.

    byte 0, 1   zero
    byte 2      what the numbers are: 8 uint8, 9 int8, 11 int16, 12 int32, 13 float32, 14 float64
    byte 3      how many dimensions, D
    4 D bytes   the sizes, each a big-endian uint32
    the rest    the numbers, big-endian, the last dimension fastest

Files of this format often come packed by gzip.
"""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fathom.data.content import (
    FETCH_AGAIN,
    LARGEST,
    most_it_can_hold,
    open_content,
    read_exactly,
)
from fathom.data.errors import FileFormatError

KINDS = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
MOST_DIMENSIONS = 8


def read_idx(path: str | Path, limit: int = LARGEST) -> np.ndarray:
    """The array in an IDX file, plain or gzip, in the machine's byte order.

    The header is held against the file before memory is taken: sizes that the file cannot hold, or
    that need more than `limit` bytes, are a FileFormatError.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "labels-idx1-ubyte")
    >>> _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_idx(file)
    array([7, 2, 1], dtype=uint8)
    """
    with open_content(path) as stream:
        kind, shape = read_header(stream, path)
        size = math.prod(shape) * kind.itemsize
        holds = min(limit, most_it_can_hold(path))
        if size > holds:
            raise FileFormatError(
                path,
                f"at most {holds:,} bytes of numbers",
                f"a header that promises {size:,} (sizes {shape})",
                FETCH_AGAIN if holds < limit else "pass a larger limit if you trust the file",
            )
        return numbers(read_exactly(stream, size + 1), kind, shape, path)


def parse_idx(content: bytes, source: str | Path) -> np.ndarray:
    """The array in the unpacked bytes of an IDX file; `source` is what errors call it."""
    stream = io.BytesIO(content)
    kind, shape = read_header(stream, source)
    return numbers(stream.read(), kind, shape, source)


def read_header(stream: BinaryIO, source: str | Path) -> tuple[np.dtype, tuple[int, ...]]:
    magic = read_exactly(stream, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in KINDS:
        raise FileFormatError(
            source,
            "an IDX file, which begins with 00 00, then 08, 09, 0b, 0c, 0d or 0e",
            f"the bytes {magic.hex(' ') or 'of an empty file'}",
            FETCH_AGAIN,
        )
    dimensions = magic[3]
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise FileFormatError(
            source, f"1 to {MOST_DIMENSIONS} dimensions", f"{dimensions} in its header", FETCH_AGAIN
        )
    sizes = read_exactly(stream, 4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise FileFormatError(
            source, f"a header of {4 + 4 * dimensions} bytes", f"{4 + len(sizes)}", FETCH_AGAIN
        )
    return np.dtype(KINDS[magic[2]]), struct.unpack(f">{dimensions}I", sizes)


def numbers(body: bytes, kind: np.dtype, shape: tuple[int, ...], source: str | Path) -> np.ndarray:
    size = math.prod(shape) * kind.itemsize
    if len(body) != size:
        raise FileFormatError(
            source,
            f"{size:,} bytes of numbers for the sizes {shape}",
            f"{len(body):,}" if len(body) < size else "more",
            FETCH_AGAIN,
        )
    return np.frombuffer(body, kind).reshape(shape).astype(kind.newbyteorder("="))


def images_with_labels(
    images: np.ndarray, labels: np.ndarray, classes: int, source: str | Path
) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W) and labels (N) that belong together -> (N, 1, H, W) uint8, (N) int64."""
    if images.ndim != 3 or images.dtype != np.uint8:
        raise FileFormatError(
            source,
            "images (N, H, W) of uint8",
            f"{images.shape} of {images.dtype}",
            "check that images and labels are not swapped",
        )
    if labels.ndim != 1 or labels.dtype != np.uint8 or len(labels) != len(images):
        raise FileFormatError(
            source,
            f"{len(images):,} labels of uint8, one for each image",
            f"{labels.shape} of {labels.dtype}",
            "check that both files are of the same part",
        )
    if labels.size and labels.max() >= classes:
        raise FileFormatError(
            source, f"labels 0 to {classes - 1}", f"the label {labels.max()}", FETCH_AGAIN
        )
    return images[:, None], labels.astype(np.int64)
