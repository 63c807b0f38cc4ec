"""Running results along a dim: each element is made of those up to it, or of its neighbours.

Letters: x (..., N, ...) the input along the axis, i the place in the result, k one before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import loop
from fathom.core.base import TensorBase
from fathom.core.primitive import Primitive
from fathom.ops.axes import numpy_names, one_axis
from fathom.ops.broadcasting import floating
from fathom.ops.reduction import Extreme, reversed_order
from fathom.ops.shaping import cat

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def at_axis(i, axis: int, k) -> list:
    """The index i with k in the place of an axis."""
    return [k if a == axis else j for a, j in enumerate(i)]


@dataclass(frozen=True)
class ArgCummax(Primitive):
    """y[i] = the place of the last largest element among x[0] ... x[i] along an axis; NaN is largest."""

    axis: int
    differentiable = False

    def shape(self, x):
        return x

    def dtype(self, x):
        return np.dtype(np.int64)

    def eager(self, xp, x):
        top = xp.maximum.accumulate(x, self.axis)
        places = xp.arange(x.shape[self.axis]).reshape(at_axis([1] * x.ndim, self.axis, -1))
        return xp.maximum.accumulate(xp.where((x == top) | (x != x), places, 0), self.axis)

    def jvp(self, dxs, y, x):
        return None

    def batch(self, size, batched, x):
        return ArgCummax(self.axis + 1)(x)

    def element(self, i, x):
        n = x.shape[self.axis]
        k, other = loop.Index(n), loop.Index(n)
        here = i[self.axis]
        low = x[i]  # what does not count is replaced by a number that does
        top = loop.reduce(
            "max",
            [other],
            loop.where(loop.less_equal(other, here), x[at_axis(i, self.axis, other)], low),
        )
        this = x[at_axis(i, self.axis, k)]
        largest = loop.either(loop.equal(this, top), loop.opposite(loop.equal(this, this)))
        is_top = loop.both(loop.less_equal(k, here), largest)
        return loop.reduce("max", [k], loop.where(is_top, k, 0))


@dataclass(frozen=True)
class LogCumSumExp(Primitive):
    r"""y[i] = log(e^x[0] + ... + e^x[i]) along an axis, without overflow."""

    axis: int

    def shape(self, x):
        return x

    def eager(self, xp, x):
        wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
        return xp.logaddexp.accumulate(wide, self.axis).astype(x.dtype)

    def shares(self, y, x):
        """d y[i] / d x[k] = e^(x[k] - y[i]) for k <= i, along two last axes (i, k)."""
        x, y = x.movedim(self.axis, -1), y.movedim(self.axis, -1)
        y = y.masked_fill(y == -float("inf"), 0)  # a sum of nothing: -inf - -inf would be NaN
        gap = x.unsqueeze(-2) - y.unsqueeze(-1)
        later = x.new_ones(gap.shape[-2:]).triu(1).bool()
        return gap.masked_fill(later, -float("inf")).exp()

    def vjp(self, wanted, g, y, x):
        g = g.movedim(self.axis, -1).unsqueeze(-1)
        return ((g * self.shares(y, x)).sum(-2).movedim(-1, self.axis),)

    def jvp(self, dxs, y, x):
        if dxs[0] is None:
            return None
        dx = dxs[0].movedim(self.axis, -1).unsqueeze(-2)
        return (self.shares(y, x) * dx).sum(-1).movedim(-1, self.axis)

    def batch(self, size, batched, x):
        return LogCumSumExp(self.axis + 1)(x)

    def element(self, i, x):
        k, other = loop.Index(x.shape[self.axis]), loop.Index(x.shape[self.axis])
        here = i[self.axis]
        top = loop.reduce(
            "max",
            [other],
            loop.where(loop.less_equal(other, here), x[at_axis(i, self.axis, other)], x[i]),
        )
        top = loop.where(loop.equal(loop.absolute(top), math.inf), loop.Const(0, x.dtype), top)
        power = loop.exp(x[at_axis(i, self.axis, k)] - top)
        counted = loop.where(loop.less_equal(k, here), power, loop.Const(0, x.dtype))
        return top + loop.log(loop.reduce("+", [k], counted))


# ---- public functions ----------------------------------------------------------------------------


@numpy_names
def cummax(input: Tensor, dim: int) -> Extreme:
    """(values, indices): the largest element up to each along `dim`, and the last place where it stands.

    >>> fathom.cummax(fathom.tensor([1, 3, 2]), dim=0).values
    tensor([1, 3, 3])
    """
    axis = one_axis(dim, input.ndim, "cummax")
    if not input.ndim:
        return Extreme(input.clone(), input.new_zeros((), dtype="int64"))
    places = ArgCummax(axis)(input)
    return Extreme(input.take_along_dim(places, axis), places)


@numpy_names
def cummin(input: Tensor, dim: int) -> Extreme:
    """(values, indices): the smallest element up to each along `dim`, and the last place where it stands."""
    values, places = cummax(reversed_order(input), dim)
    return Extreme(reversed_order(values), places)


@numpy_names
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    r"""$y_i = \log \sum_{k \le i} e^{x_k}$ along `dim`, without overflow."""
    x = floating(input)
    axis = one_axis(dim, x.ndim, "logcumsumexp")
    return LogCumSumExp(axis)(x) if x.ndim else x


@numpy_names
def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """The differences of neighbours along `dim`, $y_i = x_{i+1} - x_i$, taken n times; of bools, where they change.

    prepend, append: more elements before and after.

    >>> fathom.diff(fathom.tensor([1, 3, 2]))
    tensor([ 2, -1])
    """
    if not input.ndim:
        raise RuntimeError("diff: expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"diff: order n must be non-negative, got {n}")
    axis = one_axis(dim, input.ndim, "diff")
    x = cat([part for part in (prepend, input, append) if part is not None], axis)
    for _ in range(min(n, x.shape[axis])):
        size = x.shape[axis]
        later, earlier = x.narrow(axis, 1, size - 1), x.narrow(axis, 0, size - 1)
        x = later != earlier if x.dtype.kind == "bool" else later - earlier
    return x


def panels(y: Tensor, x: Tensor | None, dx: float | None, dim: int) -> tuple[Tensor, int]:
    """The areas below the line through neighbouring points, and their axis."""
    axis = one_axis(dim, y.ndim, "trapezoid")
    n = y.shape[axis]
    if n < 2:
        return y.narrow(axis, 0, 0), axis
    pairs = y.narrow(axis, 1, n - 1) + y.narrow(axis, 0, n - 1)
    if x is None:
        return pairs * ((1 if dx is None else dx) / 2), axis
    if dx is not None:
        raise RuntimeError("trapezoid: pass the positions x or their distance dx, not both")
    width = diff(x, dim=axis if x.ndim == y.ndim else -1)
    if x.ndim == 1 < y.ndim:
        width = width.reshape(at_axis([1] * y.ndim, axis, n - 1))
    return pairs * width / 2, axis


def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    r"""The area below a line through points, $\sum_i (x_{i+1} - x_i)(y_i + y_{i+1}) / 2$.

    >>> fathom.trapezoid(fathom.tensor([1., 3., 3.]))
    tensor(5.)
    """
    areas, axis = panels(y, x, dx, dim)
    return areas.sum(axis)


def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    """The area below a line through points up to each point but the first."""
    areas, axis = panels(y, x, dx, dim)
    return areas.cumsum(axis)


def gradient(
    input: Tensor, *, spacing=1, dim: int | tuple[int, ...] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slope at each point along each dim: central differences inside, one-sided at the ends.

    spacing: the distance of neighbours (one number, or one a dim), or a vector of positions a dim.

    >>> fathom.gradient(fathom.tensor([0., 1., 4.]))
    (tensor([1., 2., 3.]),)
    """
    dims = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    axes = [one_axis(d, input.ndim, "gradient") for d in dims]
    each = isinstance(spacing, (list, tuple))
    steps = list(spacing) if each else [spacing] * len(axes)
    if len(steps) != len(axes) or edge_order not in (1, 2):
        raise RuntimeError(
            f"gradient: needs one spacing for each of dims {axes}, and edge_order 1 or 2"
        )
    return tuple(
        slope(input, axis, step, edge_order) for axis, step in zip(axes, steps, strict=True)
    )


def slope(x: Tensor, axis: int, step: float | Tensor, edge_order: int) -> Tensor:
    n = x.shape[axis]
    if n < edge_order + 1:
        raise RuntimeError(
            f"gradient: dim {axis} has size {n}; it must be at least {edge_order + 1}"
        )
    positions = (
        step if isinstance(step, TensorBase) and step.ndim else x.new_tensor(np.arange(n)) * step
    )
    wide = [n - 1 if a == axis else 1 for a in range(x.ndim)]
    h = diff(positions.to(floating(x).dtype)).reshape(wide)
    rise = diff(x, dim=axis) / h  # the slope of each piece
    if n == 2:
        return cat([rise, rise], axis)
    left, right = h.narrow(axis, 0, n - 2), h.narrow(axis, 1, n - 2)
    before, after = rise.narrow(axis, 0, n - 2), rise.narrow(axis, 1, n - 2)
    inside = (right * before + left * after) / (left + right)
    first, last = rise.narrow(axis, 0, 1), rise.narrow(axis, n - 2, 1)
    if edge_order == 2:  # the parabola through the three outermost points
        first = first - left.narrow(axis, 0, 1) * bend(rise, h, axis, 0)
        last = last + right.narrow(axis, n - 3, 1) * bend(rise, h, axis, n - 3)
    return cat([first, inside, last], axis)


def bend(rise: Tensor, h: Tensor, axis: int, k: int) -> Tensor:
    """How fast the slope changes between pieces k and k + 1."""
    near = h.narrow(axis, k, 1) + h.narrow(axis, k + 1, 1)
    return (rise.narrow(axis, k + 1, 1) - rise.narrow(axis, k, 1)) / near


trapz = trapezoid
