"""Sums, means, extremes and counts over dims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fathom.core import dtypes, loop
from fathom.core.primitive import Linear, Primitive
from fathom.ops.axes import kept_shape, many_axes, numpy_names, one_axis, without
from fathom.ops.broadcasting import floating
from fathom.ops.logic import truth
from fathom.ops.movement import Concatenate, Reshape
from fathom.ops.scans import CumProd, CumSum

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Dims = int | Sequence[int] | None


def put_back(
    i: Sequence, axes: Sequence[int], shape: Sequence[int]
) -> tuple[list, list[loop.Index]]:
    """The input's index for output index i, with new loop indices on the reduced axes."""
    inner = {axis: loop.Index(shape[axis]) for axis in axes}
    rest = iter(i)
    return [inner[axis] if axis in inner else next(rest) for axis in range(len(shape))], list(
        inner.values()
    )


# ---- primitives ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sum(Linear):
    """y = the sum of x over some axes, which disappear."""

    axes: tuple[int, ...]

    def shape(self, x):
        return without(x, self.axes)

    def eager(self, xp, x):
        if x.dtype.kind == "V" or x.dtype.itemsize == 2 and x.dtype.kind == "f":
            return xp.add.reduce(x.astype(np.float32), self.axes).astype(x.dtype)
        return xp.add.reduce(x, self.axes, x.dtype) if xp is np else xp.sum(x, self.axes, x.dtype)

    def adjoint(self, g, x):  # every summand receives the gradient of its sum
        return (g.reshape(kept_shape(x.shape, self.axes)).expand(x.shape),)

    def batch(self, size, batched, x):
        return Sum(tuple(axis + 1 for axis in self.axes))(x)

    def element(self, i, x):
        at, inner = put_back(i, self.axes, x.shape)
        return loop.reduce("+", inner, x[at])


@dataclass(frozen=True)
class Prod(Primitive):
    """y = the product of x along an axis, which disappears."""

    axis: int

    def shape(self, x):
        return without(x, (self.axis,))

    def eager(self, xp, x):
        return xp.prod(x, self.axis, x.dtype)

    def others(self, x):
        """For each element the product of all others along the axis: from the left times from the right."""
        return self.products_before(x) * self.products_before(x.flip(self.axis)).flip(self.axis)

    def products_before(self, x):
        one = x.new_ones((*x.shape[: self.axis], 1, *x.shape[self.axis + 1 :]))
        shifted = x.narrow(self.axis, 0, x.shape[self.axis] - 1)
        return CumProd(self.axis)(Concatenate(self.axis)(one, shifted)).narrow(
            self.axis, 0, x.shape[self.axis]
        )

    def vjp(self, wanted, g, y, x):
        return (g.unsqueeze(self.axis) * self.others(x),)

    def jvp(self, dxs, y, x):
        return None if dxs[0] is None else (dxs[0] * self.others(x)).sum(self.axis)

    def batch(self, size, batched, x):
        return Prod(self.axis + 1)(x)

    def element(self, i, x):
        at, inner = put_back(i, (self.axis,), x.shape)
        return loop.reduce("*", inner, x[at])


@dataclass(frozen=True)
class Amax(Primitive):
    """y = the largest element over some axes; ties share the gradient equally."""

    axes: tuple[int, ...]

    def shape(self, x):
        return without(x, self.axes)

    def eager(self, xp, x):
        if not self.axes:
            return x.copy()
        return xp.maximum.reduce(x, self.axes) if xp is np else xp.max(x, self.axes)

    def share(self, y, x):
        """1 at the maxima, divided by their number."""
        kept = kept_shape(x.shape, self.axes)
        top = (x == y.reshape(kept).expand(x.shape)).to(y.dtype)
        return top / top.sum(self.axes, keepdim=True).expand(x.shape) if self.axes else top

    def vjp(self, wanted, g, y, x):
        return (g.reshape(kept_shape(x.shape, self.axes)) * self.share(y, x),)

    def jvp(self, dxs, y, x):
        return None if dxs[0] is None else Sum(self.axes)(dxs[0] * self.share(y, x))

    def batch(self, size, batched, x):
        return Amax(tuple(axis + 1 for axis in self.axes))(x)

    def element(self, i, x):
        at, inner = put_back(i, self.axes, x.shape)
        return loop.reduce("max", inner, x[at])


@dataclass(frozen=True)
class Argmax(Primitive):
    """y = the position of the first largest element along an axis."""

    axis: int
    differentiable = False

    def shape(self, x):
        return without(x, (self.axis,))

    def dtype(self, x):
        return np.dtype(np.int64)

    def eager(self, xp, x):
        return xp.argmax(x, self.axis)

    def jvp(self, dxs, y, x):
        return None

    def batch(self, size, batched, x):
        return Argmax(self.axis + 1)(x)

    def element(self, i, x):
        at, (k,) = put_back(i, (self.axis,), x.shape)
        among, inner = put_back(i, (self.axis,), x.shape)
        top = loop.reduce("max", inner, x[among])
        found = loop.either(loop.equal(x[at], top), loop.is_nan(x[at], x.dtype))
        return loop.reduce("min", [k], loop.where(found, k, x.shape[self.axis]))


# ---- public functions ----------------------------------------------------------------------------


class Extreme(NamedTuple):
    """Values and their positions along a dim."""

    values: Tensor
    indices: Tensor


def restored(y: Tensor, shape: Sequence[int], axes: Sequence[int], keepdim: bool) -> Tensor:
    """y with the reduced axes kept as size 1, where that is asked for."""
    return Reshape(kept_shape(shape, axes))(y) if keepdim else y


def summable(input: Tensor, dtype: dtypes.dtype | None) -> Tensor:
    """The input in the dtype its sums have: int64 for integers and bools."""
    if dtype is None and input.dtype.kind in ("bool", "int"):
        dtype = dtypes.int64
    return input if dtype is None else input.to(dtype)


@numpy_names
def sum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    r"""Sum over `dim` (all dims by default), $y = \sum_i x_i$; integers and bools are summed in int64.

    >>> fathom.sum(fathom.tensor([[1., 2.], [3., 4.]]), dim=0)
    tensor([4., 6.])
    """
    shape = input.array.shape
    axes = many_axes(dim, len(shape), "sum")
    return restored(Sum(axes)(summable(input, dtype)), shape, axes, keepdim)


@numpy_names
def mean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    r"""Mean over `dim` (all dims by default), $y = \frac1n \sum_i x_i$. Integers raise: choose a dtype.

    >>> fathom.mean(fathom.tensor([1., 2., 6.]))
    tensor(3.)
    """
    if dtype is not None:
        input = input.to(dtype)
    if input.dtype.kind not in ("float", "complex"):
        raise RuntimeError(
            f"mean: the input dtype must be floating point or complex, got {input.dtype}; use x.float().mean()"
        )
    axes = many_axes(dim, input.ndim, "mean")
    return restored(Sum(axes)(input) / count(input.shape, axes), input.shape, axes, keepdim)


def count(shape: Sequence[int], axes: Sequence[int]) -> int | float:
    """The number of elements that are reduced to one; NaN stands for 0, so that 0/0 is NaN."""
    n = 1
    for axis in axes:
        n *= shape[axis]
    return n or float("nan")


@numpy_names
def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    r"""Variance over `dim`, $\frac{1}{n - c}\sum_i (x_i - \bar x)^2$, with correction $c = 1$ by default."""
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    axes = many_axes(dim, input.ndim, "var")
    centred = input - mean(input, axes, keepdim=True) if axes else input - input
    n = count(input.shape, axes)
    squares = (centred * centred.conj()).real
    freedom = n - correction
    y = Sum(axes)(squares) / (freedom if freedom > 0 else 0.0)
    return restored(y, input.shape, axes, keepdim)


@numpy_names
def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Standard deviation over `dim`: the square root of `var`. Where it is 0, its gradient is taken as 0."""
    squared = var(input, dim, unbiased, keepdim, correction=correction)
    still = squared == 0
    return squared.masked_fill(still, 1).sqrt().masked_fill(still, 0)


@numpy_names
def prod(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    r"""Product over `dim` (all elements by default), $y = \prod_i x_i$; integers in int64."""
    x = summable(input, dtype)
    if dim is None:
        return Prod(0)(x.reshape(-1))
    axis = one_axis(dim, x.ndim, "prod")
    return restored(Prod(axis)(x), x.shape, (axis,), keepdim) if x.ndim else x


@numpy_names
def cumsum(input: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    r"""Running sum along `dim`, $y_i = \sum_{k \le i} x_k$."""
    x = summable(input, dtype)
    return CumSum(one_axis(dim, x.ndim, "cumsum"))(x) if x.ndim else x


@numpy_names
def cumprod(input: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    r"""Running product along `dim`, $y_i = \prod_{k \le i} x_k$."""
    x = summable(input, dtype)
    return CumProd(one_axis(dim, x.ndim, "cumprod"))(x) if x.ndim else x


def need_elements(name: str, shape: Sequence[int], axes: Sequence[int]) -> None:
    if 0 in shape and 0 in [shape[axis] for axis in axes]:
        raise IndexError(
            f"{name}: cannot reduce over a dim of size 0 in shape {tuple(shape)}: there is no largest element"
        )


@numpy_names
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    r"""The largest element over `dim` (all dims by default); ties share the gradient equally."""
    shape = input.array.shape
    axes = many_axes(dim, len(shape), "amax")
    need_elements("amax", shape, axes)
    return restored(Amax(axes)(input), shape, axes, keepdim)


@numpy_names
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    r"""The smallest element over `dim` (all dims by default); ties share the gradient equally."""
    return reversed_order(amax(reversed_order(input), dim, keepdim))


def reversed_order(x: Tensor) -> Tensor:
    """x with larger and smaller exchanged: -x, and for bools and unsigned integers the complement."""
    return ~x if x.dtype.kind == "bool" or not x.dtype.is_signed else -x


@numpy_names
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the largest element along `dim` (in the flattened input by default); the first of equals.

    >>> fathom.argmax(fathom.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([1, 0])
    """
    if dim is None:
        need_elements("argmax", (input.numel(),), (0,))
        y = Argmax(0)(input.reshape(-1))
        return y.reshape((1,) * input.ndim) if keepdim else y
    axis = one_axis(dim, input.ndim, "argmax")
    need_elements("argmax", input.shape or (1,), (axis,))
    if not input.ndim:
        return Argmax(0)(input.reshape(1))
    return restored(Argmax(axis)(input), input.shape, (axis,), keepdim)


@numpy_names
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the smallest element along `dim` (in the flattened input by default)."""
    return argmax(reversed_order(input), dim, keepdim)


@numpy_names
def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False):
    """max(x): the largest element. max(x, dim): (values, indices) along dim. max(x, y): `maximum`."""
    return extreme(input, dim, keepdim, amax, argmax, "maximum")


@numpy_names
def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False):
    """min(x): the smallest element. min(x, dim): (values, indices) along dim. min(x, y): `minimum`."""
    return extreme(input, dim, keepdim, amin, argmin, "minimum")


def extreme(input, dim, keepdim, value, position, pairwise: str):
    if dim is None:
        return value(input)
    if not isinstance(dim, int):
        return getattr(input, pairwise)(dim)
    where = position(input, dim, keepdim=True)
    if not input.ndim:
        return Extreme(input.clone(), where)
    values = input.take_along_dim(where, dim)  # the gradient goes to the position that is named
    return Extreme(values, where) if keepdim else Extreme(values.squeeze(dim), where.squeeze(dim))


@numpy_names
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True where all elements over `dim` are not 0."""
    return ~any(~truth(input), dim, keepdim)


@numpy_names
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True where at least one element over `dim` is not 0."""
    return sum(truth(input), dim, keepdim) > 0


@numpy_names
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    r"""$y = \log \sum_i e^{x_i}$, without overflow."""
    x = floating(input)
    axes = many_axes(dim, x.ndim, "logsumexp")
    if 0 in [x.shape[axis] for axis in axes]:  # no largest element, and the log of 0
        return x.sum(axes, keepdim).log()
    top = amax(x, axes, keepdim=True).detach()
    top = top.masked_fill(top.isinf(), 0)  # inf - inf would be NaN
    y = (x - top).exp().sum(axes, keepdim=True).log() + top
    return y if keepdim else y.reshape(without(x.shape, axes))
