r"""Rows seen tile by tile: small known sums of the entries of each tile, and the way back.

    Tiled      y[z, t] = sum_k matrix[z][k] x[step t + k]     for each tile t of a row x, with zeros after its end
    Untiled    x[w] = the sum of matrix[z][k] y[z, t] over all z, t and k with step t + k = w

The two are adjoint to each other. A row is the last axis; z becomes the second one, tiles the last.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from fathom.core import loop
from fathom.core.loop import Const, Expr
from fathom.core.primitive import Linear

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Tiled(Linear):
    """x (A, .., W) -> y (A, Z, .., T), with a row of `matrix` for each z."""

    matrix: Matrix
    step: int
    tiles: int

    def shape(self, x):
        return (x[0], len(self.matrix), *x[1:-1], self.tiles)

    def eager(self, xp, x):
        columns = len(self.matrix[0])
        padded = xp.zeros((*x.shape[:-1], (self.tiles - 1) * self.step + columns), x.dtype)
        padded[..., : x.shape[-1]] = x[..., : padded.shape[-1]]
        windows = xp.lib.stride_tricks.sliding_window_view(padded, columns, axis=-1)
        y = xp.tensordot(xp.asarray(self.matrix, x.dtype), windows[..., :: self.step, :], (1, -1))
        return xp.moveaxis(y, 0, 1)

    def adjoint(self, g, x):
        tiles = Untiled(self.matrix, self.step, x.shape[-1])(g)  # (A, .., T, step)
        row = tiles.reshape((*tiles.shape[:-2], -1))
        return (row[..., : x.shape[-1]],)

    def element(self, i, x):
        first, z, *rest, t = i
        width = x.shape[-1]

        @functools.cache  # one expression, which all rows of the matrix share
        def entry(k: int) -> Expr:
            at = loop.as_expr(t) * self.step + k
            value = x[(first, *rest, at)]
            ends = (self.tiles - 1) * self.step + k >= width
            return loop.where(loop.less(at, width), value, Const(0, x.dtype)) if ends else value

        entries = [entry(k) for k in range(len(self.matrix[0]))]
        return chosen(z, [weighted(row, entries.__getitem__, x.dtype) for row in self.matrix])


@dataclass(frozen=True)
class Untiled(Linear):
    """y (A, Z, .., T) -> x (A, .., S, step), which is a row of at least `width` entries in pieces of `step`."""

    matrix: Matrix
    step: int
    width: int

    def shape(self, y):
        return (y[0], *y[2:-1], -(-self.width // self.step), self.step)

    def eager(self, xp, y):
        *lead, pieces, step = self.shape(y.shape)
        columns = len(self.matrix[0])
        x = xp.zeros((*lead, max(pieces, y.shape[-1]) * step + columns), y.dtype)
        windows = xp.tensordot(y, xp.asarray(self.matrix, y.dtype), (1, 0))  # (A, .., T, columns)
        for k in range(columns):
            x[..., k : k + y.shape[-1] * step : step] += windows[..., k]
        return x[..., : pieces * step].reshape((*lead, pieces, step))

    def adjoint(self, g, y):
        row = g.reshape((*g.shape[:-2], -1))
        return (Tiled(self.matrix, self.step, y.shape[-1])(row),)

    def element(self, i, y):
        first, *rest, piece, place = i
        columns, tiles = len(self.matrix[0]), y.shape[-1]
        pieces = -(-self.width // self.step)

        @functools.cache  # one expression, which all places share
        def entry(z: int, s: int) -> Expr:
            return y[(first, z, *rest, loop.as_expr(piece) - s)]

        def part(s: int, k: int) -> Expr:
            """What the tile s pieces before adds to place k of a piece."""
            tile = loop.as_expr(piece) - s
            weights = [row[k + s * self.step] for row in self.matrix]
            value = weighted(weights, lambda z: entry(z, s), y.dtype)
            tests = [loop.less_equal(0, tile)] if s else []
            tests += [loop.less(tile, tiles)] if pieces - s > tiles else []
            return loop.where(loop.every(tests), value, Const(0, y.dtype)) if tests else value

        def total(k: int) -> Expr:
            first, *others = [part(s, k) for s in range(-(-(columns - k) // self.step))]
            return sum(others, first)

        return chosen(place, [total(k) for k in range(self.step)])


def weighted(weights: Sequence[float], value, dtype) -> Expr:
    """The sum of weights[k] value(k): first the positive terms, so that few signs are needed."""
    result: Expr | None = None
    for k in sorted(range(len(weights)), key=lambda k: -weights[k]):
        size, positive = abs(weights[k]), weights[k] > 0
        if size == 0:
            continue
        term = value(k) if size == 1 else value(k) * Const(size, dtype)
        if result is None:
            result = term if positive else loop.function("neg")(term)
        else:
            result = result + term if positive else result - term
    return Const(0, dtype) if result is None else result


def chosen(i, expressions: Sequence[Expr]) -> Expr:
    """The expression whose number is i."""
    *others, result = expressions
    for k in reversed(range(len(others))):
        result = loop.where(loop.less(i, k + 1), others[k], result)
    return result
