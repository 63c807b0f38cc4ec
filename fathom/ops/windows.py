"""Sliding windows and their adjoint: what convolution, pooling and unfolding are made of."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from fathom.core import loop
from fathom.core.primitive import Linear
from fathom.ops.contraction import LETTERS, Contract
from fathom.ops.movement import Flip, Pad, Reshape, Slice, blank


@dataclass(frozen=True)
class Windows(Linear):
    r"""Every window of the last axes: $y_{\dots ij\,pq} = x_{\dots\; s i + d p,\; s j + d q}$, as a view.

    x (..., H, W) -> (..., I, J, P, Q) with `size` (P, Q), and stride and dilation along each of them.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    is_view = True

    def counts(self, whole: tuple[int, ...]) -> tuple[int, ...]:
        """The number of windows along each axis."""
        axes = zip(whole, self.size, self.stride, self.dilation, strict=True)
        return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in axes)

    def shape(self, x):
        n = len(self.size)
        return (*x[:-n], *self.counts(x[-n:]), *self.size)

    def eager(self, xp, x):
        n = len(self.size)
        along = x.strides[-n:]
        strides = (
            *x.strides[:-n],
            *(step * s for step, s in zip(along, self.stride, strict=True)),
            *(step * d for step, d in zip(along, self.dilation, strict=True)),
        )
        return xp.lib.stride_tricks.as_strided(x, self.shape(x.shape), strides)

    def adjoint(self, g, x):
        return (Fold(tuple(x.shape[-len(self.size) :]), self.size, self.stride, self.dilation)(g),)

    def batch(self, size, batched, x):
        return self(x)

    def element(self, i, x):
        n = len(self.size)
        lead, window, tap = i[: -2 * n], i[-2 * n : -n], i[-n:]
        axes = zip(window, tap, self.stride, self.dilation, strict=True)
        return x[(*lead, *(loop.as_expr(o) * s + loop.as_expr(p) * d for o, p, s, d in axes))]


@dataclass(frozen=True)
class Fold(Linear):
    """The adjoint of Windows: every window added back to where it was read."""

    to: tuple[int, ...]
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    def shape(self, x):
        return (*x[: -2 * len(self.size)], *self.to)

    def eager(self, xp, x):
        n = len(self.size)
        counts = x.shape[-2 * n : -n]
        y = blank(xp, self.shape(x.shape), x[(...,) + (0,) * n])
        for part, windows in slabs(y, x):  # part by part, so that what is added to stays in cache
            for tap in itertools.product(*map(range, self.size)):
                axes = zip(tap, counts, self.stride, self.dilation, strict=True)
                place = tuple(slice(p * d, p * d + (c - 1) * s + 1, s) for p, c, s, d in axes)
                part[(..., *place)] += windows[(..., *tap)]
        return y

    def adjoint(self, g, x):
        return (Windows(self.size, self.stride, self.dilation)(g),)

    def batch(self, size, batched, x):
        return self(x)

    def after(self, producer, *xs):
        r"""The input gradient of a convolution is itself a convolution, of the padded gradient g with the weights w
        turned around. With stride s it makes s elements side by side, where the taps are a multiple of s:
        $y_{s u + r} = \sum_a g_{u - a} w_{s a + r}$."""
        n = len(self.size)
        if not isinstance(producer, Contract) or len(xs) != 2:
            return None
        g, w = xs
        at, taps, lead = producer.out[-2 * n : -n], producer.out[-n:], producer.out[: -2 * n]
        if producer.a[-n:] != at or producer.b[-n:] != taps or set(taps) & set(producer.a):
            return None
        strided = set(self.stride) != {1}
        if strided and (set(self.dilation) != {1} or self.size == self.stride):
            return None
        if any(k % s for k, s in zip(self.size, self.stride, strict=True)):
            return None
        several = [k // s for k, s in zip(self.size, self.stride, strict=True)]
        counts = [-(-size // s) for size, s in zip(self.to, self.stride, strict=True)]
        reach = [d * (k - 1) for d, k in zip(self.dilation, several, strict=True)]
        rest = [size - m for size, m in zip(counts, g.shape[-n:], strict=True)]
        padded = Pad(((0, 0),) * (g.ndim - n) + tuple(zip(reach, rest, strict=True)))(g)
        windows = Windows(tuple(several), (1,) * n, self.dilation)(padded)
        before = w.ndim - n
        if not strided:
            turned = Flip(tuple(range(before, w.ndim)))(w)
            return Contract(producer.a + taps, producer.b, lead + at)(windows, turned)
        phases = [c for c in LETTERS if c not in producer.a + producer.b + producer.out][:n]
        parts = [m for pair in zip(several, self.stride, strict=True) for m in pair]
        w = Reshape((*w.shape[:before], *parts))(w)
        turned = Flip(tuple(range(before, w.ndim, 2)))(w)
        of_w = producer.b[:-n] + "".join(map("".join, zip(taps, phases, strict=True)))
        of_y = lead + "".join(map("".join, zip(at, phases, strict=True)))
        y = Contract(producer.a + taps, of_w, of_y)(windows, turned)
        whole = [c * s for c, s in zip(counts, self.stride, strict=True)]
        y = Reshape((*y.shape[: len(lead)], *whole))(y)
        spans = [(0, m, 1) for m in (*y.shape[: len(lead)], *self.to)]
        return Slice(tuple(spans))(y)

    def element(self, i, x):
        n = len(self.size)
        lead, at, counts = i[:-n], i[-n:], x.shape[-2 * n : -n]
        if self.size == self.stride and set(self.dilation) == {1}:  # no two windows overlap
            windows = [loop.as_expr(h) // s for h, s in zip(at, self.stride, strict=True)]
            taps = [loop.as_expr(h) % s for h, s in zip(at, self.stride, strict=True)]
            conditions = [loop.less(o, c) for o, c in zip(windows, counts, strict=True)]
            return loop.where(
                loop.every(conditions), x[(*lead, *windows, *taps)], loop.Const(0, x.dtype)
            )
        if set(self.dilation) == {1}:
            found = [
                self.around(*axis) for axis in zip(at, counts, self.size, self.stride, strict=True)
            ]
        else:
            axes = zip(at, counts, self.size, self.stride, self.dilation, strict=True)
            found = [self.through_taps(*axis) for axis in axes]
        over, windows, taps, conditions = zip(*found, strict=True)
        value = loop.where(
            loop.every([c for tests in conditions for c in tests]),
            x[(*lead, *windows, *taps)],
            loop.Const(0, x.dtype),
        )
        return loop.reduce("+", [k for k in over if isinstance(k, loop.Index)], value)

    @staticmethod
    def around(h, count: int, size: int, stride: int):
        """Along one axis: the windows that hold place h, by how many windows they lie before the last that may."""
        several = -(-size // stride)
        back = loop.Index(several) if several > 1 else loop.Const(0)
        window, tap = loop.as_expr(h) // stride - back, loop.as_expr(h) % stride + back * stride
        tests = [*loop.inside(window, count)]
        if size % stride:
            tests.append(loop.less(tap, size))
        return back, window, tap, tests

    @staticmethod
    def through_taps(h, count: int, size: int, stride: int, dilation: int):
        """Along one axis: the windows that hold place h, by the tap with which they do."""
        tap = loop.Index(size)
        gap = loop.as_expr(h) - tap * dilation
        window = gap // stride
        tests = [loop.less_equal(0, gap), loop.less(window, count)]
        if stride > 1:
            tests.append(loop.equal(gap % stride, 0))
        return tap, window, tap, tests


def slabs(y, x, size: int = 1 << 20):
    """y and x cut alike along y's outermost axis in memory, if x has that axis too and y is large."""
    lead = y.ndim - (x.ndim - y.ndim)
    outer = max(range(y.ndim), key=lambda axis: y.strides[axis] if y.shape[axis] > 1 else 0)
    if y.nbytes <= size or outer >= lead:
        return [(y, x)]
    rows = max(1, size * y.shape[outer] // y.nbytes)
    cuts = [(slice(None),) * outer + (slice(k, k + rows),) for k in range(0, y.shape[outer], rows)]
    return [(y[cut], x[cut]) for cut in cuts]
