"""Parameters: the tensors that a module learns; buffers: those it keeps without learning them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fathom.core import dtypes
from fathom.core.base import TensorBase
from fathom.core.device import CPU, device_of, move
from fathom.core.device import device as Device
from fathom.tensors import Tensor


class Parameter(Tensor):
    """A tensor that a module registers when it is set as an attribute; it shares `data`'s memory.

    >>> fathom.nn.Parameter(fathom.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True):
        share(self, Tensor() if data is None else data)
        self.requires_grad_(requires_grad)


class Buffer(Tensor):
    """A tensor that a module registers as a buffer when it is set as an attribute.

    A buffer is saved with the module (unless persistent=False) and moves with it, but is not learnt.
    """

    persistent: bool

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True):
        share(self, Tensor() if data is None else data)
        self.persistent = persistent


def share(x: Tensor, data: Tensor) -> None:
    """Let x stand on data's memory, and count the writes to it together."""
    if not isinstance(data, TensorBase):
        raise TypeError(f"{type(x).__name__}: expected a tensor, got {type(data).__name__}")
    if data.version is None:
        data.version = [0]
    x.array, x.version = data.array, data.version


# ---- not yet sized -------------------------------------------------------------------------------


class Uninitialized(Tensor):
    """A tensor whose sizes are not known yet: anything that needs them raises ValueError."""

    becomes: type  # the class it has once it is sized

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: Any = None):
        self.future_dtype = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
        self.future_device = CPU if device is None else Device(device)
        self.tracked = requires_grad

    @property
    def array(self) -> Any:  # type: ignore[override]
        raise ValueError(
            f"Attempted to use an uninitialized {self.becomes.__name__.lower()}: its sizes are not known"
            " before the first forward pass of its lazy module; call the module once with an example input"
        )

    @property
    def shape(self) -> Any:
        """Not known yet: raises RuntimeError."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer: it becomes known in the first"
            " forward pass of its lazy module, or from a loaded state_dict"
        )

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type that it will have."""
        return self.future_dtype

    @property
    def device(self) -> Device:
        """Where its numbers will live."""
        return self.future_device

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Give it its sizes: from here on it is a plain parameter or buffer, to be filled."""
        d = self.dtype if dtype is None else dtypes.as_dtype(dtype)
        where = self.device if device is None else Device(device)
        del self.future_dtype, self.future_device
        self.__class__ = self.becomes  # the object stays, so that an optimizer may hold it
        self.array = move(np.zeros(tuple(shape), d.numpy), where)

    def converted(self, convert: Callable[[Tensor], Tensor]) -> None:
        """Take the dtype and device that `convert` would give it."""
        y = convert(Tensor(np.zeros(0, self.dtype.numpy)).to(self.device))
        self.future_dtype, self.future_device = y.dtype, device_of(y.array)

    def __deepcopy__(self, memo: dict) -> Tensor:
        y = object.__new__(type(self))
        memo[id(self)] = y
        y.__dict__.update({name: copy.copy(value) for name, value in self.__dict__.items()})
        return y

    def __reduce__(self) -> Any:
        return type(self), (self.tracked, self.future_device, self.future_dtype)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(Uninitialized):
    """A parameter of a lazy module before its first forward pass."""

    becomes = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None):
        super().__init__(requires_grad, device, dtype)


class UninitializedBuffer(Uninitialized):
    """A buffer of a lazy module before its first forward pass."""

    becomes = Tensor


def is_lazy(x: object) -> bool:
    """Whether x is a parameter or buffer whose sizes are not known yet."""
    return isinstance(x, Uninitialized)
