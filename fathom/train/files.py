"""Files and folders that appear whole or not at all, whatever happens while they are written.

Both are made under a name of their own beside the place, flushed to the disk, and then renamed,
which a file system does in one step. Names that begin with "." and end with ".part" are unfinished:
nothing reads them, and the next write beside them clears them away.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes a file; until the last byte is on the disk, what was there before stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = unfinished_name(path)
    try:
        write_through(unfinished, content.encode() if isinstance(content, str) else content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    flush_folder(path.parent)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Gives a folder to write into, which becomes `path` when the block ends without an error.

    Raises FileExistsError where there is something at `path` already.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already; choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_unfinished(path.parent)
    unfinished = unfinished_name(path)
    unfinished.mkdir()
    try:
        yield unfinished
        flush_folder(unfinished)
        os.rename(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # it is not there if all went well
    flush_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Removes a folder such that it is never seen half removed."""
    doomed = unfinished_name(path)
    os.rename(path, doomed)
    shutil.rmtree(doomed)


def clear_unfinished(folder: Path) -> None:
    """Removes what a write that was killed left in a folder."""
    for left in folder.glob(".*.part"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def unfinished_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def write_through(path: Path, content: bytes) -> None:
    """Writes a file and waits until the disk has it."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Waits until the disk has the folder's list of names, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
