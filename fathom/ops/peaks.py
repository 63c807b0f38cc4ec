"""The largest element of each window, and the first place where it stands: max pooling."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod

import numpy as np

from fathom.core import dtypes, loop
from fathom.core.primitive import Primitive
from fathom.ops.movement import memory_order
from fathom.ops.reduction import Amax

PLACE = np.dtype(np.int32)  # of an element in its window


@dataclass(frozen=True)
class Peak(Amax):
    """y = the largest element over the last axes; of equals, the first one receives the gradient."""

    def share(self, y, x):
        count = len(self.axes)
        place = FirstPeak(count)(x, y)
        return Mark(tuple(x.shape[-count:]), x.dtype)(place)

    def batch(self, size, batched, x):
        return Peak(tuple(axis + 1 for axis in self.axes))(x)


@dataclass(frozen=True)
class FirstPeak(Primitive):
    """The place, among x's elements over the last `count` axes, of the first one that is not below their peak y.

    x (*I, *P), y (*I) -> (*I), places in row-major order. Where y is NaN, which nothing is below, that is the first.
    """

    count: int
    differentiable = False

    def shape(self, x, y):
        return y

    def dtype(self, x, y):
        return PLACE

    def eager(self, xp, x, y):
        size = x.shape[-self.count :]
        order = memory_order(y)  # all that follows runs along y's memory
        y = y.transpose(order)
        x = x.transpose((*order, *range(y.ndim, x.ndim)))
        place = xp.zeros(y.shape, PLACE)
        taps = list(itertools.product(*map(range, size)))
        for k, tap in reversed(list(enumerate(taps))):  # the first is written last
            xp.copyto(place, PLACE.type(k), where=xp.logical_not(xp.less(x[(..., *tap)], y)))
        return place.transpose([order.index(axis) for axis in range(y.ndim)])

    def jvp(self, dxs, x, y):
        return None

    def batch(self, size, batched, x, y):
        pair = [
            v if b else v.expand((size, *v.shape)) for v, b in zip((x, y), batched, strict=True)
        ]
        return self(*pair)

    def element(self, i, x, y):
        size = x.shape[-self.count :]
        tap = [loop.Index(n) for n in size]
        number = loop.cast(loop.ravel(tap, size), PLACE)
        last = loop.Const(prod(size) - 1, PLACE)
        return loop.reduce("min", tap, loop.where(loop.less(x[(*i, *tap)], y[i]), last, number))


@dataclass(frozen=True)
class Mark(Primitive):
    """1 at one place of each window, 0 elsewhere: places (*I) in row-major order -> (*I, *size), numbers of `to`."""

    size: tuple[int, ...]
    to: dtypes.dtype
    differentiable = False

    def shape(self, place):
        return (*place, *self.size)

    def dtype(self, place):
        return self.to.numpy

    def eager(self, xp, place):
        order = memory_order(place)
        marks = xp.empty((prod(self.size), *(place.shape[axis] for axis in order)), self.to.numpy)
        for k, mark in enumerate(marks):
            xp.equal(place.transpose(order), PLACE.type(k), out=mark, casting="unsafe")
        back = [1 + order.index(axis) for axis in range(place.ndim)]
        return marks.transpose((*back, 0)).reshape(self.shape(place.shape))

    def jvp(self, dxs, place):
        return None

    def batch(self, size, batched, place):
        return self(place)

    def element(self, i, place):
        n = len(self.size)
        number = loop.cast(loop.ravel(i[-n:], self.size), PLACE)
        return loop.cast(loop.equal(place[i[:-n]], number), self.to.numpy)
