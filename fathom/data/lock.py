"""A lock between processes: whoever holds the file, alone, until it is done or dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def try_to_lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_to_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def alone(path: Path, timeout: float, pause: float = 0.1) -> Iterator[None]:
    """Runs the body while no other process runs one under the lock file `path`.

    The system lets go of the lock of a process that dies, so none is ever left over. The file is
    removed at the end. Raises TimeoutError after `timeout` seconds of waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + timeout
    while True:
        file = open(path, "a+b")
        if try_to_lock(file) and still_there(file, path):
            break
        file.close()
        if time.monotonic() > until:
            raise TimeoutError(f"{path}: another process has held this lock for {timeout:g} s")
        time.sleep(pause)
    try:
        yield
    finally:
        if os.name != "nt":  # removed while held: who waited for this file looks for the new one
            path.unlink(missing_ok=True)
        file.close()
        if os.name == "nt":  # Windows removes no open file, and none that another holds by now
            remove_unless_held(path)


def still_there(file: BinaryIO, path: Path) -> bool:
    """Whether `path` is the file that was opened, not one made since its holder removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def remove_unless_held(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return  # another process opened it meanwhile, and removes it in its turn
