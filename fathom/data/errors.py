"""The errors of reading, finding and downloading data: each says what, where, and the way out."""

from __future__ import annotations

from pathlib import Path


class FileFormatError(ValueError):
    """A file does not hold what its format, or the catalogue, promises.

    The message names the file, what was expected, what was found and what to do about it:

    >>> print(FileFormatError("a.gz", "16 bytes of header", "3", "fetch it again"))
    a.gz: expected 16 bytes of header, found 3; fetch it again
    """

    def __init__(self, source: str | Path, expected: str, found: str, way_out: str) -> None:
        super().__init__(f"{source}: expected {expected}, found {found}; {way_out}")
        self.source = source
        self.expected = expected
        self.found = found
        self.way_out = way_out

    def __reduce__(self) -> tuple:
        return type(self), (self.source, self.expected, self.found, self.way_out)


class DataNotFoundError(FileNotFoundError):
    """A data set, or one of its files, is nowhere in the folders that are looked through."""

    def __str__(self) -> str:
        return str(self.args[0])


class DownloadError(OSError):
    """A download did not give the file that the catalogue describes; nothing of it can be read."""

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownDataError(KeyError):
    """A name that the catalogue does not have."""

    def __str__(self) -> str:
        return str(self.args[0])
