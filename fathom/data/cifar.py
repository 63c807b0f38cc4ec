"""The binary layout of CIFAR-10: for each picture a byte of label and 3 x 32 x 32 of colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fathom.data.content import FETCH_AGAIN, LARGEST, read_content
from fathom.data.errors import FileFormatError

CHANNELS, SIZE = 3, 32
RECORD = 1 + CHANNELS * SIZE * SIZE  # 3,073 bytes


def read_cifar(
    path: str | Path, classes: int = 10, limit: int = LARGEST
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and labels of a CIFAR-10 batch, plain or gzip -> (N, 3, 32, 32) uint8, (N) int64.

    The layout has no magic number: that the length is whole records and that every label is below
    `classes` are the signs by which a damaged file is known (FileFormatError).

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "data_batch_1.bin")
    >>> _ = file.write_bytes(bytes([6]) + bytes(3072))
    >>> pictures, labels = read_cifar(file)
    >>> pictures.shape, labels
    ((1, 3, 32, 32), array([6]))
    """
    return parse_cifar(read_content(path, limit), path, classes)


def parse_cifar(
    content: bytes, source: str | Path, classes: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """The same from unpacked bytes; `source` is what errors call them."""
    if not content or len(content) % RECORD:
        raise FileFormatError(
            source, f"whole records of {RECORD:,} bytes", f"{len(content):,} bytes", FETCH_AGAIN
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= classes:
        row = int(np.argmax(labels >= classes))
        raise FileFormatError(
            source,
            f"labels 0 to {classes - 1}",
            f"the label {labels[row]} in record {row:,}",
            FETCH_AGAIN,
        )
    return records[:, 1:].reshape(-1, CHANNELS, SIZE, SIZE).copy(), labels
