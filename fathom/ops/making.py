"""More ways to make a tensor, and questions asked of one by functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes
from fathom.core.base import TensorBase
from fathom.core.random import Generator
from fathom.ops.creation import arange, as_tensor, finished, tensor, zeros
from fathom.ops.randomness import randint, random_bits
from fathom.ops.splitting import as_strided

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def asarray(
    obj, *, dtype=None, device=None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """The data as a tensor; without a copy where it can be, or always (copy=True) or never (copy=False) with one.

    >>> fathom.asarray([1, 2])
    tensor([1, 2])
    """
    y = as_tensor(obj, dtype, device)
    shared = y is obj or (isinstance(obj, np.ndarray) and np.shares_memory(y.array, obj))
    if copy is False and not shared:
        raise ValueError("asarray: copy=False, but the data cannot be shared as it is")
    y = y.clone() if copy and shared else y
    return y.detach().requires_grad_() if requires_grad else y


def scalar_tensor(s: float, *, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of one number, in the default dtype."""
    d = dtypes.get_default_dtype() if dtype is None else dtype
    return tensor(s, dtype=d, device=device, requires_grad=requires_grad)


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of no particular values with the given sizes and strides, counted in elements."""
    reach = 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    y = as_strided(zeros(max(reach, 1), dtype=dtype, device=device), size, stride).detach()
    return y.requires_grad_() if requires_grad else y


def range(
    start: float = 0, end: float | None = None, step: float = 1, *, dtype=None, device=None
) -> Tensor:
    """start, start + step, ... up to and with end. `arange`, which leaves the end out, is the usual one."""
    first, last = (0, start) if end is None else (start, end)
    d = dtypes.get_default_dtype() if dtype is None else dtype
    return arange(first, last + step / 2, step, dtype=d, device=device)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    dtype=None,
    generator: Generator | None = None,
) -> Tensor:
    """Whole numbers from low to high - 1 (from 0 to low - 1), in the input's shape and dtype."""
    first, last = (0, low) if high is None else (low, high)
    d = input.dtype if dtype is None else dtype
    return randint(
        first, last, tuple(input.shape), generator=generator, dtype=d, device=input.device
    )


# ---- questions -----------------------------------------------------------------------------------


def is_tensor(obj: object) -> bool:
    """Whether the object is a tensor."""
    return isinstance(obj, TensorBase)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not 0. Raises RuntimeError where there is not one element."""
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return input.shape == other.shape


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return input.dtype.is_signed


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether a result of dtype from_ may be written into a tensor of dtype `to`.

    >>> fathom.can_cast(fathom.float32, fathom.int64)
    False
    """
    return dtypes.KINDS.index(from_.kind) <= dtypes.KINDS.index(to.kind)


def typename(obj: object) -> str:
    """The type of a tensor by PyTorch's name, of another object by Python's."""
    if isinstance(obj, TensorBase):
        return obj.type()
    kind = obj if isinstance(obj, type) else type(obj)
    module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
    return module + kind.__qualname__


# ---- counts drawn at random ----------------------------------------------------------------------


def drawn_by_numpy(draw, generator: Generator | None, *parameters: Tensor) -> Tensor:
    """A tensor from one of NumPy's distributions, whose stream our generator starts."""
    key = random_bits((2,), 62, generator).numpy()
    numbers = np.random.Generator(np.random.Philox(key=key.astype(np.uint64)))
    return finished(draw(numbers), parameters[0].device, False).to(parameters[0].dtype)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts from Poisson distributions with the means that the elements give.

    >>> fathom.poisson(fathom.zeros(2))
    tensor([0., 0.])
    """
    rates = input.detach().plain("poisson")
    if (rates < 0).any():
        raise RuntimeError("poisson: all means must be 0 or more")
    return drawn_by_numpy(lambda numbers: np.asarray(numbers.poisson(rates)), generator, input)


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`; the two broadcast.

    >>> fathom.binomial(fathom.tensor([3., 5.]), fathom.tensor(1.))
    tensor([3., 5.])
    """
    trials, chance = count.detach().plain("binomial"), prob.detach().plain("binomial")
    if not ((chance >= 0) & (chance <= 1)).all() or (trials < 0).any():
        raise RuntimeError("binomial: counts must be 0 or more, and probabilities in [0, 1]")
    return drawn_by_numpy(
        lambda numbers: np.asarray(numbers.binomial(trials.astype(np.int64), chance)),
        generator,
        count,
    )
