"""Reading and writing rows by number: what indexing with tensors, embeddings and sorting are made of.

Letters: n row of x, i index of the index tensor, r the rest of a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fathom.core import loop
from fathom.core.primitive import Linear


@dataclass(frozen=True)
class Gather(Linear):
    r"""Rows of x by number, $y_{i r} = x_{\mathrm{index}_i\, r}$. x (N, *R), index (*I) -> (*I, *R).

    Numbers are from 0 to N - 1 (public functions check and normalise).
    """

    def shape(self, x, index):
        return (*index, *x[1:])

    def eager(self, xp, x, index):
        return x.take(index, 0) if xp is np else xp.take(x, index, 0)

    def adjoint(self, g, x, index):
        return (ScatterAdd(x.shape[0])(g, index), None)

    def batch(self, size, batched, x, index):
        if not batched[0]:
            return Gather()(x, index)
        rows, index = numbered(size, batched[1], x.shape[1], index)
        return Gather()(x.reshape((rows, *x.shape[2:])), index)

    def element(self, i, x, index):
        n = len(index.shape)
        return x[(index[i[:n]], *i[n:])]


@dataclass(frozen=True)
class ScatterAdd(Linear):
    r"""Rows added up by number, $y_{n r} = \sum_{i:\,\mathrm{index}_i = n} x_{i r}$: the adjoint of Gather.

    x (*I, *R), index (*I) -> (rows, *R).
    """

    rows: int

    def shape(self, x, index):
        return (self.rows, *x[len(index) :])

    def eager(self, xp, x, index):
        rest = x.shape[index.ndim :]
        y = xp.zeros((self.rows, *rest), x.dtype)
        flat = index.reshape(-1)
        if not flat.size:
            return y
        x = x.reshape((flat.size, *rest))
        if xp is np and len(rest) and x.size > flat.size and x.dtype.kind in "fc":
            order = flat.argsort(kind="stable")  # rows with one number side by side, summed in runs
            numbers, starts = np.unique(flat[order], return_index=True)
            y[numbers] = np.add.reduceat(x[order], starts, 0)
        else:
            xp.add.at(y, flat, x)
        return y

    def adjoint(self, g, x, index):
        return (Gather()(g, index), None)

    def batch(self, size, batched, x, index):
        if not batched[0]:
            x = x.expand((size, *x.shape))
        rows, index = numbered(size, batched[1], self.rows, index)
        y = ScatterAdd(rows)(x, index)
        return y.reshape((size, self.rows, *y.shape[1:]))

    def element(self, i, x, index):
        inner = [loop.Index(size) for size in index.shape]
        value = loop.where(
            loop.equal(index[inner], i[0]), x[(*inner, *i[1:])], loop.Const(0, x.dtype)
        )
        return loop.reduce("+", inner, value)


@dataclass(frozen=True)
class Put(Linear):
    r"""x with rows replaced by number, $y_{\mathrm{index}_i\, r} = v_{i r}$; of equal numbers the last wins.

    x (N, *R), index (I), v (I, *R) -> (N, *R).
    """

    def shape(self, x, index, v):
        return x

    def eager(self, xp, x, index, v):
        y = x.copy()
        y[index] = v
        return y

    def adjoint(self, g, x, index, v):
        return (Put()(g, index, v.new_zeros(v.shape)), None, Gather()(g, index))

    def batch(self, size, batched, x, index, v):
        x = x if batched[0] else x.expand((size, *x.shape))
        v = v if batched[2] else v.expand((size, *v.shape))
        n = x.shape[1]
        rows, index = numbered(size, batched[1], n, index)
        v = v.reshape((index.numel(), *v.shape[2:]))
        y = Put()(x.reshape((rows, *x.shape[2:])), index.reshape(-1), v)
        return y.reshape(x.shape)

    def element(self, i, x, index, v):
        k = loop.Index(index.shape[0])
        last = loop.reduce("max", [k], loop.where(loop.equal(index[[k]], i[0]), k, -1))
        return loop.where(loop.less_equal(0, last), v[(last, *i[1:])], x[i])


@dataclass(frozen=True)
class Pick(Linear):
    r"""One element of each line along an axis, $y_{n\,1} = x_{n\,\mathrm{index}_n}$; the axis keeps size 1.

    x (*N, size, *M), index (*N, 1, *M) -> (*N, 1, *M). Numbers are from 0 to size - 1.
    """

    axis: int

    def shape(self, x, index):
        return index

    def eager(self, xp, x, index):
        return xp.take_along_axis(x, index, self.axis)

    def adjoint(self, g, x, index):
        return (Place(self.axis, x.shape[self.axis])(g, index), None)

    def batch(self, size, batched, x, index):
        return Pick(self.axis + 1)(*alike(size, batched, x, index))

    def element(self, i, x, index):
        k, n = index[i], x.shape[self.axis]
        value = x[(*i[: self.axis], k, *i[self.axis + 1 :])]
        return loop.where(loop.every(loop.inside(k, n)), value, loop.Const(0, x.dtype))


@dataclass(frozen=True)
class Place(Linear):
    r"""Zeros with one element of each line set, $y_{n k} = x_n\,[k = \mathrm{index}_n]$: the adjoint of Pick.

    x and index (*N, 1, *M) -> (*N, size, *M).
    """

    axis: int
    size: int

    def shape(self, x, index):
        return (*x[: self.axis], self.size, *x[self.axis + 1 :])

    def eager(self, xp, x, index):
        y = xp.zeros(self.shape(x.shape, index.shape), x.dtype)
        xp.put_along_axis(y, index, x, self.axis)
        return y

    def adjoint(self, g, x, index):
        return (Pick(self.axis)(g, index), None)

    def batch(self, size, batched, x, index):
        return Place(self.axis + 1, self.size)(*alike(size, batched, x, index))

    def element(self, i, x, index):
        line = (*i[: self.axis], 0, *i[self.axis + 1 :])
        chosen = loop.equal(index[line], i[self.axis])
        return loop.where(chosen, x[line], loop.Const(0, x.dtype))


def alike(size: int, batched, *xs):
    """The inputs, each with a batch axis in front."""
    return [x if b else x.expand((size, *x.shape)) for x, b in zip(xs, batched, strict=True)]


def numbered(size: int, batched: bool, rows: int, index):
    """The index into all examples' rows laid one after the other: example b's row n is b * rows + n."""
    if not batched:
        index = index.expand((size, *index.shape))
    first = index.new_tensor(np.arange(size) * rows)
    return size * rows, index + first.reshape((size,) + (1,) * (index.ndim - 1))
