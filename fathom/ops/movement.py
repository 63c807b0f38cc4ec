"""Operations that move elements and compute nothing: each is a linear map with entries 0 and 1.

Letters: i index of the output, x input, g gradient. Views (reshape, permute, expand, slice) share
memory with their input where NumPy can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import loop
from fathom.core.device import device, move
from fathom.core.primitive import Linear

if TYPE_CHECKING:
    Shape = tuple[int, ...]


@dataclass(frozen=True)
class Alias(Linear):
    """y = x: the same values under another name, so that a transform can tell them apart."""

    is_view = True

    def shape(self, x):
        return x

    def eager(self, xp, x):
        return x

    def adjoint(self, g, x):
        return (g,)

    def batch(self, size, batched, x):
        return self(x)

    def element(self, i, x):
        return x[i]


@dataclass(frozen=True)
class StopGradient(Alias):
    """y = x, through which no gradient passes."""

    differentiable = False

    def jvp(self, dxs, y, x):
        return None


@dataclass(frozen=True)
class Copy(Alias):
    """y = x, in memory of its own."""

    is_view = False

    def eager(self, xp, x):
        return x.copy()


@dataclass(frozen=True)
class Transfer(Alias):
    """y = x, on another device; the gradient comes back to x's."""

    to: device
    is_view = False

    def eager(self, xp, x):
        return move(x, self.to)

    def adjoint(self, g, x):
        return (Transfer(x.device)(g),)


@dataclass(frozen=True)
class Reshape(Linear):
    """The same elements, in row-major order, in another shape."""

    to: Shape
    is_view = True

    def shape(self, x):
        return self.to

    def eager(self, xp, x):
        return x.reshape(self.to)

    def adjoint(self, g, x):
        return (Reshape(tuple(x.shape))(g),)

    def batch(self, size, batched, x):
        return Reshape((size, *self.to))(x)

    def element(self, i, x):
        at = [loop.Const(0) if size == 1 else k for k, size in zip(i, self.to, strict=True)]
        return x[loop.unravel(loop.ravel(at, self.to), x.shape)]


@dataclass(frozen=True)
class Permute(Linear):
    """Axes in another order: y's axis a is x's axis order[a]."""

    order: Shape
    is_view = True

    def shape(self, x):
        return tuple(x[axis] for axis in self.order)

    def eager(self, xp, x):
        return x.transpose(self.order)

    def adjoint(self, g, x):
        return (Permute(tuple(self.order.index(axis) for axis in range(len(self.order))))(g),)

    def batch(self, size, batched, x):
        return Permute((0, *(axis + 1 for axis in self.order)))(x)

    def element(self, i, x):
        at = dict(zip(self.order, i, strict=True))
        return x[tuple(at[axis] for axis in range(len(i)))]


@dataclass(frozen=True)
class Expand(Linear):
    """Axes of size 1 repeated; the adjoint sums over them."""

    to: Shape
    is_view = True

    def shape(self, x):
        return self.to

    def eager(self, xp, x):
        if xp is np and x.dtype.kind in "fiubc":  # ten times faster than broadcast_to
            pairs = zip(x.strides, x.shape, self.to, strict=True)
            strides = tuple(stride if size == n else 0 for stride, size, n in pairs)
            return strided(x, self.to, strides)
        return xp.broadcast_to(x, self.to)

    def adjoint(self, g, x):
        axes = tuple(
            axis for axis, (n, m) in enumerate(zip(x.shape, self.to, strict=True)) if n != m
        )
        return (g.sum(axes, keepdim=True) if axes else g,)

    def batch(self, size, batched, x):
        return Expand((size, *self.to))(x)

    def element(self, i, x):
        return x[tuple(loop.Const(0) if n == 1 else k for k, n in zip(i, x.shape, strict=True))]


def strided(x: np.ndarray, shape: Shape, strides: Shape) -> np.ndarray:
    """A view of x's memory with other strides, none of them reaching outside of it."""
    if not x.size:
        return np.broadcast_to(x, shape)
    view = (
        np.ndarray(shape, x.dtype, x, 0, strides)
        if x.flags.c_contiguous and x.flags.writeable
        else None
    )
    return np.lib.stride_tricks.as_strided(x, shape, strides) if view is None else view


def memory_order(x: np.ndarray) -> list[int]:
    """x's axes from the largest step in memory to the smallest."""
    return sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))


def blank(xp, shape: Shape, like: np.ndarray) -> np.ndarray:
    """Zeros of a shape, whose axes lie in memory in the order of `like`'s (copies between them run long)."""
    if like.flags.c_contiguous:
        return xp.zeros(shape, like.dtype)
    order = memory_order(like)
    y = xp.zeros([shape[axis] for axis in order], like.dtype)
    return y.transpose([order.index(axis) for axis in range(len(shape))])


@dataclass(frozen=True)
class Pad(Linear):
    """Zeros before and after, along each axis."""

    widths: tuple[tuple[int, int], ...]

    def shape(self, x):
        return tuple(n + before + after for n, (before, after) in zip(x, self.widths, strict=True))

    def eager(self, xp, x):
        y = blank(xp, self.shape(x.shape), x)
        y[
            tuple(
                slice(before, before + n)
                for n, (before, _) in zip(x.shape, self.widths, strict=True)
            )
        ] = x
        return y

    def adjoint(self, g, x):
        spans = tuple(
            (before, before + n, 1) for n, (before, _) in zip(x.shape, self.widths, strict=True)
        )
        return (Slice(spans)(g),)

    def batch(self, size, batched, x):
        return Pad(((0, 0), *self.widths))(x)

    def element(self, i, x):
        at = [k - before for k, (before, _) in zip(i, self.widths, strict=True)]
        padded = [(k, n) for k, n, w in zip(at, x.shape, self.widths, strict=True) if w != (0, 0)]
        conditions = [c for k, n in padded for c in loop.inside(k, n)]
        return (
            loop.where(loop.every(conditions), x[at], loop.Const(0, x.dtype))
            if conditions
            else x[at]
        )


Span = tuple[int, int, int] | int


@dataclass(frozen=True)
class Slice(Linear):
    """x[start:stop:step] along each axis, step > 0; an int in place of a span picks one, and its axis disappears."""

    spans: tuple[Span, ...]
    is_view = True

    def shape(self, x):
        return tuple(len(range(*span)) for span in self.spans if not isinstance(span, int))

    def eager(self, xp, x):
        return x[key_of(self.spans)]

    def adjoint(self, g, x):
        return (Unslice(tuple(x.shape), self.spans)(g),)

    def batch(self, size, batched, x):
        return Slice(((0, size, 1), *self.spans))(x)

    def element(self, i, x):
        rest = iter(i)
        return x[
            [
                span if isinstance(span, int) else next(rest) * span[2] + span[0]
                for span in self.spans
            ]
        ]


def key_of(spans: tuple[Span, ...]) -> tuple:
    """The spans as a key that NumPy takes (the ... keeps the result an array)."""
    return (*[span if type(span) is int else slice(*span) for span in spans], ...)


@dataclass(frozen=True)
class Unslice(Linear):
    """Zeros of shape `to` with x at the places that Slice reads: its adjoint."""

    to: Shape
    spans: tuple[Span, ...]

    def shape(self, x):
        return self.to

    def eager(self, xp, x):
        y = xp.zeros(self.to, x.dtype)
        y[key_of(self.spans)] = x
        return y

    def adjoint(self, g, x):
        return (Slice(self.spans)(g),)

    def batch(self, size, batched, x):
        return Unslice((size, *self.to), ((0, size, 1), *self.spans))(x)

    def element(self, i, x):
        at, conditions = [], []
        for k, whole, span in zip(i, self.to, self.spans, strict=True):
            if isinstance(span, int):
                conditions.append(loop.equal(k, span))
            elif span == (0, whole, 1):
                at.append(k)
            else:
                start, _, step = span
                gap = k - start
                at.append(gap // step)
                conditions += loop.inside(gap // step, len(range(*span)))
                if step > 1:
                    conditions.append(loop.equal(gap % step, 0))
        return (
            loop.where(loop.every(conditions), x[at], loop.Const(0, x.dtype))
            if conditions
            else x[at]
        )


@dataclass(frozen=True)
class Flip(Linear):
    """The elements in reverse order along some axes (a copy, as in PyTorch)."""

    axes: Shape

    def shape(self, x):
        return x

    def eager(self, xp, x):
        return xp.flip(x, self.axes).copy()

    def adjoint(self, g, x):
        return (self(g),)

    def batch(self, size, batched, x):
        return Flip(tuple(axis + 1 for axis in self.axes))(x)

    def element(self, i, x):
        return x[
            [
                n - 1 - loop.as_expr(k) if axis in self.axes else k
                for axis, (k, n) in enumerate(zip(i, x.shape, strict=True))
            ]
        ]


@dataclass(frozen=True)
class Concatenate(Linear):
    """Tensors one after the other along an axis; all other sizes are equal."""

    axis: int

    def shape(self, *shapes):
        whole = sum(s[self.axis] for s in shapes)
        return (*shapes[0][: self.axis], whole, *shapes[0][self.axis + 1 :])

    def eager(self, xp, *xs):
        return xp.concatenate(xs, self.axis)

    def adjoint(self, g, *xs):
        pieces, start = [], 0
        for x in xs:
            size = x.shape[self.axis]
            spans = [(0, n, 1) for n in g.shape]
            spans[self.axis] = (start, start + size, 1)
            pieces.append(Slice(tuple(spans))(g))
            start += size
        return pieces

    def batch(self, size, batched, *xs):
        full = [x if b else x.expand((size, *x.shape)) for x, b in zip(xs, batched, strict=True)]
        return Concatenate(self.axis + 1)(*full)

    def element(self, i, *xs):
        at = loop.as_expr(i[self.axis])
        ends = np.cumsum([x.shape[self.axis] for x in xs]).tolist()
        pieces = [(x, end) for x, end in zip(xs, ends, strict=True) if x.shape[self.axis]]
        if not pieces:
            return loop.Const(0, xs[0].dtype)
        result = None
        for x, end in reversed(pieces):  # the last piece is the default, the first is asked first
            here = list(i)
            here[self.axis] = at - (end - x.shape[self.axis])
            result = x[here] if result is None else loop.where(loop.less(at, end), x[here], result)
        return result
