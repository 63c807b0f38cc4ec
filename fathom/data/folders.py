"""Where data lies: the folders of FATHOM_DATA, then the user's cache, then fathom's own.

FATHOM_DATA    folders with data you keep, separated as in PATH; only read, never written
FATHOM_CACHE   the folder that downloads go to, instead of the system's place for caches
"""

from __future__ import annotations

import os
from pathlib import Path

from fathom.core.folders import cache_folder

BUNDLED = Path(__file__).parent / "bundled"


def download_folder() -> Path:
    """The part of the cache that holds data sets; every file in it is whole and verified."""
    return cache_folder() / "data"


def unfinished_folder() -> Path:
    """The part of the cache where downloads grow, and wait to go on; nothing reads data here."""
    return cache_folder() / "unfinished"


def search_folders() -> list[Path]:
    """The folders in which data is looked for, in order."""
    own = [
        Path(folder).expanduser()
        for folder in os.environ.get("FATHOM_DATA", "").split(os.pathsep)
        if folder
    ]
    return [*own, download_folder(), BUNDLED]


def find(path: str) -> Path | None:
    """The first of the folders' files at `path`; for "a.gz" an unpacked "a" does as well."""
    spellings = [path, path.removesuffix(".gz")]
    for folder in search_folders():
        for spelling in spellings:
            if (folder / spelling).exists():
                return folder / spelling
    return None
