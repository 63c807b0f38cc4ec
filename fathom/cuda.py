"""CUDA devices, with the names of `torch.cuda`: what is there, through CuPy.

Without CuPy or a GPU everything that asks answers False or 0, and what needs a device says how to get one.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager

from fathom.core.device import INSTALL_CUDA, cupy
from fathom.core.device import device as Device
from fathom.core.random import manual_seed as seed_default


def is_available() -> bool:
    """Whether there is a GPU that can be used.

    >>> fathom.cuda.is_available() == (fathom.cuda.device_count() > 0)
    True
    """
    return cupy() is not None


def device_count() -> int:
    """The number of GPUs that can be used."""
    library = cupy()
    return 0 if library is None else library.cuda.runtime.getDeviceCount()


def needed() -> types.ModuleType:
    """CuPy; raises RuntimeError where it cannot be used."""
    library = cupy()
    if library is None:
        raise RuntimeError(f"no CUDA device can be used here; {INSTALL_CUDA}")
    return library


def index_of(which: Device | str | int | None) -> int:
    """The number of a device: of the current one for None."""
    if which is None:
        return current_device()
    return which if isinstance(which, int) else Device(which).index or 0


def current_device() -> int:
    """The number of the device that new CUDA tensors go to."""
    return needed().cuda.runtime.getDevice()


def set_device(device: Device | str | int) -> None:
    """Choose the device that new CUDA tensors go to."""
    needed().cuda.Device(index_of(device)).use()


def synchronize(device: Device | str | int | None = None) -> None:
    """Wait until the device has done all work it was given. Raises RuntimeError without a GPU."""
    needed().cuda.Device(index_of(device)).synchronize()


def get_device_name(device: Device | str | int | None = None) -> str:
    """The name of the device."""
    properties = needed().cuda.runtime.getDeviceProperties(index_of(device))
    return properties["name"].decode()


def get_device_capability(device: Device | str | int | None = None) -> tuple[int, int]:
    """The compute capability of the device: (major, minor)."""
    properties = needed().cuda.runtime.getDeviceProperties(index_of(device))
    return properties["major"], properties["minor"]


def mem_get_info(device: Device | str | int | None = None) -> tuple[int, int]:
    """(free, total) memory of the device, in bytes."""
    return needed().cuda.Device(index_of(device)).mem_info


def memory_allocated(device: Device | str | int | None = None) -> int:
    """The bytes that tensors hold on the device; 0 without a GPU."""
    library = cupy()
    return 0 if library is None else library.get_default_memory_pool().used_bytes()


def empty_cache() -> None:
    """Give back memory that is held for reuse."""
    library = cupy()
    if library is not None:
        library.get_default_memory_pool().free_all_blocks()


def manual_seed(seed: int) -> None:
    """Seed the random numbers. There is one generator for all devices: the numbers do not depend on the device."""
    seed_default(seed)


def manual_seed_all(seed: int) -> None:
    """Seed the random numbers of all devices, as `manual_seed` does."""
    seed_default(seed)


@contextmanager
def device(device: Device | str | int) -> Iterator[None]:
    """New CUDA tensors go to this device inside the `with` block."""
    with needed().cuda.Device(index_of(device)):
        yield
