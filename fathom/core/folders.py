"""Where fathom keeps what it can fetch or make again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The folder of everything that fathom can fetch or make again.

    FATHOM_CACHE, or the system's place: $XDG_CACHE_HOME/fathom (~/.cache/fathom) on Linux,
    ~/Library/Caches/fathom on macOS, %LOCALAPPDATA%/fathom on Windows.
    """
    if chosen := os.environ.get("FATHOM_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fathom"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "fathom"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fathom"
