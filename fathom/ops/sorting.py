"""Orders: argsort is the primitive; sort, topk, median and unique read through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fathom.core import loop
from fathom.core.primitive import Primitive
from fathom.ops.axes import numpy_names, one_axis

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class Argsort(Primitive):
    """y = the positions of x's elements along an axis in ascending order; equal elements keep theirs."""

    axis: int
    descending: bool = False
    differentiable = False

    def shape(self, x):
        return x

    def dtype(self, x):
        return np.dtype(np.int64)

    def eager(self, xp, x):
        if not self.descending:
            return xp.argsort(x, self.axis, kind="stable")
        order = xp.argsort(xp.flip(x, self.axis), self.axis, kind="stable")  # from the end, so that
        return xp.flip(x.shape[self.axis] - 1 - order, self.axis)  # equal elements keep their order

    def jvp(self, dxs, y, x):
        return None

    def batch(self, size, batched, x):
        return Argsort(self.axis + 1, self.descending)(x)

    def element(self, i, x):  # the element k that has i elements before it
        n = x.shape[self.axis]
        k, other = loop.Index(n), loop.Index(n)

        def at(j):
            return x[[j if axis == self.axis else m for axis, m in enumerate(i)]]

        def less(a, b):  # NaN is larger than every number
            return loop.either(
                loop.less(a, b), loop.both(loop.is_nan(b, x.dtype), loop.equal(a, a))
            )

        first = less(at(k), at(other)) if self.descending else less(at(other), at(k))
        both_nan = loop.both(loop.is_nan(at(k), x.dtype), loop.is_nan(at(other), x.dtype))
        tie = loop.both(loop.either(loop.equal(at(other), at(k)), both_nan), loop.less(other, k))
        rank = loop.reduce("+", [other], loop.cast(loop.either(first, tie), np.dtype(np.int64)))
        return loop.reduce("+", [k], loop.where(loop.equal(rank, i[self.axis]), k, 0))


class Sorted(NamedTuple):
    """Values in order, and where they stood."""

    values: Tensor
    indices: Tensor


@numpy_names
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The positions of the elements along `dim` in order. Always stable."""
    if not input.ndim:
        return input.new_zeros((), dtype="int64")
    return Argsort(one_axis(dim, input.ndim, "argsort"), descending)(input)


@numpy_names
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Sorted:
    """(values, indices): the elements along `dim` in order, and where they stood. Always stable."""
    order = argsort(input, dim, descending)
    return Sorted(input.take_along_dim(order, dim) if input.ndim else input.clone(), order)


@numpy_names
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Sorted:
    """(values, indices) of the k largest (or smallest) elements along `dim`, in order."""
    n = input.shape[dim] if input.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(
            f"topk: selected index k out of range: k is {k}, and dim {dim} has size {n}"
        )
    values, order = sort(input, dim, descending=largest)
    return (
        Sorted(values.narrow(dim, 0, k), order.narrow(dim, 0, k))
        if input.ndim
        else Sorted(values, order)
    )
