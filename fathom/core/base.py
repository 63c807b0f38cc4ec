"""The state of a tensor: its array, and how it came to be. The methods are in `fathom.tensors`."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from fathom.core import dtypes
from fathom.core.device import device, device_of

if TYPE_CHECKING:
    from fathom.core.primitive import Primitive
    from fathom.core.tape import Node
    from fathom.tensors import Tensor


class Size(tuple):
    """A tensor's shape: a tuple of ints that also counts its elements."""

    def numel(self) -> int:
        """The number of elements of this shape."""
        n = 1
        for size in self:
            n *= size
        return n

    def __getitem__(self, key):
        part = tuple.__getitem__(self, key)
        return Size(part) if isinstance(key, slice) else part

    def __add__(self, other):
        return Size(tuple(self) + tuple(other))

    def __repr__(self) -> str:
        return f"fathom.Size({list(self)})"


class TensorBase:
    """An array (or a wrapper of a transform, in its place), with its history.

    The class attributes are what holds for most tensors, so that a new tensor sets only `array`.
    """

    array: Any  # ndarray of NumPy or CuPy, or a wrapper
    tracked: bool = False  # a gradient is wanted here (requires_grad)
    node: Node | None = None  # the recorded application that made it
    grad: Tensor | None = None
    version: list[int] | None = None  # [writes so far], one list for all views of a storage
    origin: tuple[Tensor, Primitive] | None = None  # the tensor it is a view of, and through what
    seen: int = 0  # the version at which `node` and `array` were right
    hooks: dict | None = None  # of a leaf: called with its gradient
    after_hooks: dict | None = None  # of a leaf: called with it when .grad has been added to

    kind: type  # the class of results, set by fathom.tensors

    @property
    def shape(self) -> Size:
        """The size along each dim."""
        return Size(self.array.shape)

    @property
    def ndim(self) -> int:
        """The number of dims."""
        return len(self.array.shape)

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        return dtypes.BY_NUMPY[self.array.dtype]

    @property
    def device(self) -> device:
        """Where the numbers live."""
        return device_of(values(self.array))


def new(array: Any) -> Tensor:
    """A tensor that holds `array`, with no history."""
    tensor = object.__new__(TensorBase.kind)
    tensor.array = array
    return tensor


def values(array: Any) -> Any:
    """The plain array inside the wrappers, or None inside a symbol, which has no values."""
    while hasattr(array, "level"):
        inner = array.inner()
        if inner is None:
            return None
        array = inner.array
    return array


levels = itertools.count(1)  # one number a transform: the newest is the innermost


class Running(threading.local):
    """The vmaps that run in this thread, from the outermost to the innermost."""

    maps: tuple = ()


running = Running()


def at_level(x: Any, level: int) -> bool:
    """Whether x is wrapped by the transform of this level."""
    return isinstance(x, TensorBase) and getattr(x.array, "level", 0) == level


def owner(array: Any) -> Any:
    """The object that holds the array's memory: two arrays share memory if it is one.

    The end of a chain: `as_strided` puts an object of its own between a view and its array.
    """
    base = getattr(array, "base", None)
    while base is not None:
        array, base = base, getattr(base, "base", None)
    return array


def is_tensor(x: object) -> TypeGuard[Tensor]:
    """Whether x is a tensor."""
    return isinstance(x, TensorBase)


def is_plain(x: TensorBase) -> bool:
    """Whether x holds numbers that can be read now, not a wrapper of a transform."""
    return type(x.array) is np.ndarray or not hasattr(x.array, "level")
