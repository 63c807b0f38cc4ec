"""Where a tensor's numbers live: the CPU (NumPy), or a CUDA device (CuPy, where it is installed)."""

from __future__ import annotations

import functools
import importlib
import types

import numpy as np

INSTALL_CUDA = 'install CuPy for it: pip install "fathom-dl[cuda]"'


class device:
    """A device by name: `device("cpu")`, `device("cuda")`, `device("cuda", 1)`, `device("cuda:1")`."""

    __slots__ = ("index", "type")

    def __init__(self, type: str | device, index: int | None = None):
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int):
            type, index = "cuda", type
        name, _, number = str(type).partition(":")
        if name not in ("cpu", "cuda") or (number and not number.isdigit()):
            raise RuntimeError(f'device: expected "cpu", "cuda" or "cuda:N", got {type!r}')
        self.type = name
        self.index = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, device) and self.type == other.type
        return same and (self.index or 0) == (other.index or 0)

    def __hash__(self) -> int:
        return hash((self.type, self.index or 0))

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"


CPU = device("cpu")


@functools.cache
def cupy() -> types.ModuleType | None:
    """CuPy, or None where it is not installed or finds no GPU."""
    try:
        module = importlib.import_module("cupy")
        return module if module.cuda.runtime.getDeviceCount() > 0 else None
    except Exception:  # CuPy raises its own errors without a driver
        return None


def namespace(array: object) -> types.ModuleType:
    """The array library that holds `array`: NumPy or CuPy (`xp` in a primitive's `eager`)."""
    if isinstance(array, np.ndarray):
        return np
    library = cupy()
    if library is not None and isinstance(array, library.ndarray):
        return library
    raise TypeError(f"{type(array).__name__} is no array of NumPy or CuPy")


def device_of(array: object) -> device:
    """The device that holds `array`."""
    if isinstance(array, np.ndarray):
        return CPU
    index = getattr(getattr(array, "device", None), "id", None)
    return CPU if index is None else device("cuda", index)


def move(array, where: device):
    """`array` on the device `where`; the same array if it is there already."""
    here = device_of(array)
    if here == where:
        return array
    if where.type == "cpu":
        return array.get()
    library = cupy()
    if library is None:
        raise RuntimeError(f"device {where}: no CUDA device can be used here; {INSTALL_CUDA}")
    count = library.cuda.runtime.getDeviceCount()
    if (where.index or 0) >= count:
        raise RuntimeError(f"device {where}: this machine has {count} CUDA device(s)")
    with library.cuda.Device(where.index or 0):
        return library.asarray(array)
