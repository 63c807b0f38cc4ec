"""The bytes that a file means: the file itself or, where it is gzip, what it unpacks to.

Every reader goes through here, so no file, however hostile, can make one use more memory than its
limit: a gzip stream is unpacked piece by piece and given up as soon as it holds too much.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fathom.data.errors import DataNotFoundError, FileFormatError

GZIP_MAGIC = b"\x1f\x8b"
LARGEST = 2 << 30  # bytes that a reader unpacks unless it is given another limit: 2 GiB
PIECE = 1 << 20  # bytes asked for at a time
DEFLATE_RATIO = 1032  # no deflate stream holds more than this many bytes for each of its own
FETCH_AGAIN = "the file is damaged or cut short: fetch it again"


@contextmanager
def open_content(path: str | Path) -> Iterator[BinaryIO]:
    """Opens `path` for reading the bytes it means; errors inside are one FileFormatError.

    Whether a file is gzip is told by its first two bytes, not by its name.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if not packed:
                yield file
                return
            with gzip.GzipFile(fileobj=file) as stream:
                yield stream  # type: ignore[misc]
    except FileNotFoundError as error:
        raise DataNotFoundError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise FileFormatError(path, "a file", "a folder", "name a file inside it") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileFormatError(path, "a whole gzip stream", str(error), FETCH_AGAIN) from error


def read_content(path: str | Path, limit: int = LARGEST) -> bytes:
    """The bytes that `path` means, at most `limit` of them.

    Raises FileFormatError where the gzip stream is broken or there are more than `limit` bytes,
    DataNotFoundError where there is no file.

    >>> import gzip, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "three.gz")
    >>> _ = file.write_bytes(gzip.compress(b"abc"))
    >>> read_content(file)
    b'abc'
    """
    with open_content(path) as stream:
        return read_at_most(stream, limit, path)


def read_at_most(stream: BinaryIO, limit: int, source: str | Path) -> bytes:
    """All that is left in `stream`, which must be at most `limit` bytes."""
    content = read_exactly(stream, limit)
    if stream.read(1):
        raise FileFormatError(
            source,
            f"at most {limit:,} bytes",
            "more",
            "pass a larger limit if you trust the file",
        )
    return content


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """The next `size` bytes of `stream`, fewer where it ends; memory grows with what is there."""
    pieces = io.BytesIO()
    while pieces.tell() < size:
        piece = stream.read(min(PIECE, size - pieces.tell()))
        if not piece:
            break
        pieces.write(piece)
    return pieces.getvalue()


def most_it_can_hold(path: str | Path) -> int:
    """The most bytes that `path` can mean, told from its size on disk before it is unpacked."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return size * DEFLATE_RATIO if packed else size
