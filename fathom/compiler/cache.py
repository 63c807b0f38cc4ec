"""Programs on disk, so that what was compiled once is only loaded the next time.

    <hash>.o      machine code, by the assembly text, the processor's features and LLVM's version
    <hash>.json   how it is called (layout.py), by the graph (identity.py) and the same

A file begins with the hash of its content; one that is damaged is dropped and made anew. Files appear whole or
not at all, so processes may share the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from fathom.core.folders import cache_folder

MAGIC = b"fathom-code-1\n"


def code_folder() -> Path:
    """The part of the cache that holds machine code."""
    return cache_folder() / "code"


def place(key: str, suffix: str) -> Path:
    """The file for a key."""
    return code_folder() / f"{hashlib.sha256(key.encode()).hexdigest()}{suffix}"


def cached(path: Path, make: Callable[[], bytes]) -> bytes:
    """What a file holds: found there, or made and put there. Where the folder cannot be written, made."""
    found = read(path)
    if found is None:
        found = make()
        write(path, found)
    return found


def read(path: Path) -> bytes | None:
    """The content of a whole file, else None; a damaged file is removed."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + 32
    body = content[start:]
    if (
        content[: len(MAGIC)] == MAGIC
        and content[len(MAGIC) : start] == hashlib.sha256(body).digest()
    ):
        return body
    with contextlib.suppress(OSError):  # where it may not be removed, it is read in vain each time
        path.unlink()
    return None


def write(path: Path, body: bytes) -> None:
    """Put the file there, whole or not at all; a cache that cannot be written is no cache."""
    left = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, left = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC + hashlib.sha256(body).digest() + body)
        os.replace(left, path)
        left = None
    except OSError:
        return
    finally:  # also after Ctrl-C
        if left is not None:
            Path(left).unlink(missing_ok=True)
