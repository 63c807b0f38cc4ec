"""The largest element of each window, and the mark at the first place where it stands: max pooling."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from fathom.core import loop
from fathom.core.primitive import Primitive
from fathom.ops.movement import memory_order
from fathom.ops.reduction import Amax


@dataclass(frozen=True)
class Peak(Amax):
    """y = the largest element over the last axes; of equals, the first one receives the gradient."""

    def share(self, y, x):
        return FirstPeak(len(self.axes))(x, y)

    def batch(self, size, batched, x):
        return Peak(tuple(axis + 1 for axis in self.axes))(x)


@dataclass(frozen=True)
class FirstPeak(Primitive):
    """1 at the first of x's elements over the last `count` axes that is not below their peak y, else 0.

    x (*I, *P), y (*I) -> (*I, *P). Where y is NaN, which nothing is below, the first element is marked.
    """

    count: int
    differentiable = False

    def shape(self, x, y):
        return x

    def eager(self, xp, x, y):
        size = x.shape[-self.count :]
        order = memory_order(y)  # all that follows runs along y's memory
        y = y.transpose(order)
        x = x.transpose((*order, *range(y.ndim, x.ndim)))
        marks = xp.empty((*size, *y.shape), x.dtype)
        free = xp.ones_like(y, dtype=bool)  # no element marked yet
        for tap in itertools.product(*map(range, size)):
            below = xp.less(x[(..., *tap)], y)
            marks[tap] = xp.greater(free, below)
            free &= below
        back = [self.count + order.index(axis) for axis in range(y.ndim)]
        return marks.transpose((*back, *range(self.count)))

    def jvp(self, dxs, x, y):
        return None

    def batch(self, size, batched, x, y):
        pair = [
            v if b else v.expand((size, *v.shape)) for v, b in zip((x, y), batched, strict=True)
        ]
        return self(*pair)

    def element(self, i, x, y):
        at, tap = i[: -self.count], i[-self.count :]
        size = x.shape[-self.count :]
        others = [loop.Index(n) for n in size]
        earlier = loop.less(loop.ravel(others, size), loop.ravel(tap, size))
        taken = loop.both(earlier, loop.opposite(loop.less(x[(*at, *others)], y[at])))
        before = loop.reduce("+", others, loop.cast(taken, np.dtype(np.int64)))
        here = loop.opposite(loop.less(x[i], y[at]))
        return loop.cast(loop.both(here, loop.equal(before, 0)), x.dtype)
