"""How native code multiplies float32 numbers: as they are, or as two halves each, where that was asked for and pays.

The setting is `fathom.set_float32_matmul_precision`; what the halves are is told in halves.py.
"""

from __future__ import annotations

import ctypes
import functools
import sys

FEATURES = (
    "amx-tile",
    "amx-bf16",
    "avx512bf16",
)  # tiles, their products, and the rounding to bfloat16
ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA = 158, 0x1023, 18  # Linux on x86-64


class Precision:
    """The setting, for all threads: "highest", "high" or "medium"."""

    word = "highest"


setting = Precision()


def in_halves() -> bool:
    """Whether programs that are made now multiply halves."""
    return setting.word != "highest" and has_tiles()


@functools.cache
def has_tiles() -> bool:
    """Whether this process may use the tiles of AMX. Asked once, and only where somebody wants them: a process that
    has the permission needs more memory for each signal that it handles."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        import llvmlite.binding as llvm
    except (ImportError, OSError):
        return False
    found = llvm.get_host_cpu_features()
    if not all(found.get(feature) for feature in FEATURES):
        return False
    return ctypes.CDLL(None).syscall(ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA) == 0
