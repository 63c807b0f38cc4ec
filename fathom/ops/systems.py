"""Primitives that solve and factor systems of linear equations: solve, Cholesky, LU.

Letters: A (..., N, N), B (..., N, K), X (..., N, K) with A X = B; leading dims are stacks of matrices,
equal for all inputs. g is the gradient arriving. The rules are those of Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation" (2008), unless said otherwise.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.errors import LinAlgError
from fathom.core.primitive import Primitive, total

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def scipy_linalg(xp: ModuleType) -> ModuleType:
    """scipy.linalg, or CuPy's copy of it; imported at the first use because it takes long."""
    return importlib.import_module("scipy.linalg" if xp is np else "cupyx.scipy.linalg")


def each(xp: ModuleType, shape: tuple[int, ...], f: Callable, *stacks):
    """f of the matrices of each stack, one after the other: for routines that take one at a time."""
    flat = [x.reshape((-1, *x.shape[-2:])) for x in stacks]
    ys = [f(*matrices) for matrices in zip(*flat, strict=True)]
    dtype = stacks[-1].dtype
    return xp.stack(ys).reshape(shape).astype(dtype, copy=False) if ys else xp.zeros(shape, dtype)


def expanded(size: int, batched, xs) -> list[Tensor]:
    """All inputs of a batch rule with the batch axis."""
    return [x if b else x.expand((size, *x.shape)) for x, b in zip(xs, batched, strict=True)]


@dataclass(frozen=True)
class Solve(Primitive):
    """X with A X = B."""

    def shape(self, a, b):
        return b

    def eager(self, xp, a, b):
        try:
            return xp.linalg.solve(a, b)
        except np.linalg.LinAlgError:
            raise LinAlgError(
                "solve: the input matrix is singular: no solution is unique; see linalg.lstsq and linalg.pinv"
            ) from None

    def vjp(self, wanted, g, y, a, b):
        gb = Solve()(a.mH, g)
        return (-(gb @ y.mH) if wanted[0] else None, gb)

    def jvp(self, dxs, y, a, b):
        da, db = dxs
        db = total([db, None if da is None else -(da @ y)])
        return None if db is None else Solve()(a, db)

    def batch(self, size, batched, *xs):
        return self(*expanded(size, batched, xs))


@dataclass(frozen=True)
class SolveTriangular(Primitive):
    """X with A X = B, where A is a triangle: the rest of it, and the diagonal if `unit`, is not read."""

    upper: bool
    unit: bool

    def shape(self, a, b):
        return b

    def eager(self, xp, a, b):
        if not b.size:
            return xp.zeros(b.shape, b.dtype)
        if not self.unit and not xp.diagonal(a, axis1=-2, axis2=-1).all():
            raise LinAlgError(
                "solve_triangular: the input matrix is singular: there is a 0 on its diagonal"
            )
        solve = scipy_linalg(xp).solve_triangular

        def one(a, b):
            return solve(a, b, lower=not self.upper, unit_diagonal=self.unit, check_finite=False)

        return each(xp, b.shape, one, a, b)

    def part(self, x: Tensor) -> Tensor:
        """x in the triangle, 0 in the rest."""
        return x.triu(int(self.unit)) if self.upper else x.tril(-int(self.unit))

    def vjp(self, wanted, g, y, a, b):
        gb = SolveTriangular(not self.upper, self.unit)(a.mH, g)
        return (-self.part(gb @ y.mH) if wanted[0] else None, gb)

    def jvp(self, dxs, y, a, b):
        da, db = dxs
        db = total([db, None if da is None else -(self.part(da) @ y)])
        return None if db is None else self(a, db)

    def batch(self, size, batched, *xs):
        return self(*expanded(size, batched, xs))


@dataclass(frozen=True)
class Cholesky(Primitive):
    """The lower triangle L with A = L L^H, for a positive-definite A; only A's lower triangle is read.

    Rules: Murray, "Differentiation of the Cholesky decomposition" (2016), equations 8 and 10.
    """

    def shape(self, a):
        return a

    def eager(self, xp, a):
        try:
            return xp.linalg.cholesky(a)
        except np.linalg.LinAlgError:
            raise LinAlgError(
                "cholesky: the input is not positive-definite; add a little to its diagonal, or see linalg.eigh"
            ) from None

    def vjp(self, wanted, g, y, a):
        middle = half_below(y.mH @ g)
        upper = SolveTriangular(True, False)
        left = upper(y.mH, middle)  # L^-H Phi
        s = upper(y.mH, left.mH).mH  # L^-H Phi L^-1
        return (0.5 * (s + s.mH),)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        lower = SolveTriangular(False, False)
        left = lower(y, dxs[0])  # L^-1 dA
        return y @ half_below(lower(y, left.mH).mH)

    def batch(self, size, batched, a):
        return self(a)


def half_below(x: Tensor) -> Tensor:
    """The lower triangle with its diagonal halved."""
    return x.tril(-1) + 0.5 * x.diagonal(0, -2, -1).diag_embed()


@dataclass(frozen=True)
class Lu(Primitive):
    """L below the diagonal (its own is 1) and U on and above it, with P A = L U: P exchanges rows."""

    def shape(self, a):
        return a

    def eager(self, xp, a):
        return each(xp, a.shape, lambda m: factored(xp, m)[0], a)

    def vjp(self, wanted, g, y, a):
        if a.shape[-1] != a.shape[-2]:
            raise self.missing("derivative for matrices that are not square, and no vjp")
        lower, upper = y.tril(-1) + eye_like(y), y.triu()
        inner = (lower.mH @ g.tril(-1)).tril(-1) + (g.triu() @ upper.mH).triu()
        left = SolveTriangular(True, True)(lower.mH, inner)
        right = SolveTriangular(True, False)(upper.conj(), left.mT).mT  # left U^-H
        return (right.take_along_dim(rows_of(a).argsort(-1).unsqueeze(-1).expand(a.shape), -2),)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        if a.shape[-1] != a.shape[-2]:
            raise self.missing("derivative for matrices that are not square, and no jvp")
        lower, upper = y.tril(-1) + eye_like(y), y.triu()
        da = dxs[0].take_along_dim(rows_of(a).unsqueeze(-1).expand(a.shape), -2)
        left = SolveTriangular(False, True)(lower, da)
        inner = SolveTriangular(False, False)(upper.mT, left.mT).mT  # L^-1 dA U^-1
        return lower @ inner.tril(-1) + inner.triu() @ upper

    def batch(self, size, batched, a):
        return self(a)


@dataclass(frozen=True)
class Pivots(Primitive):
    """With which row, counted from 1, LU exchanged row k, for each k in order. (..., M, N) -> (..., K)."""

    differentiable = False

    def shape(self, a):
        return (*a[:-2], min(a[-2:]))

    def dtype(self, a):
        return np.dtype(np.int32)

    def eager(self, xp, a):
        flat = a.reshape((-1, *a.shape[-2:]))
        exchanges = [factored(xp, matrix)[1] + 1 for matrix in flat]
        y = xp.stack(exchanges) if exchanges else xp.zeros(0)
        return y.reshape(self.shape(a.shape)).astype(np.int32)

    def jvp(self, dxs, y, a):
        return None

    def batch(self, size, batched, a):
        return self(a)


@dataclass(frozen=True)
class RowOrder(Primitive):
    """The order of `rows` rows after the exchanges that Pivots tells: (P A)[i] = A[y[i]]."""

    rows: int
    differentiable = False

    def shape(self, pivots):
        return (*pivots[:-1], self.rows)

    def dtype(self, pivots):
        return np.dtype(np.int64)

    def eager(self, xp, pivots):
        flat = pivots.reshape((-1, pivots.shape[-1])).tolist()
        order = np.tile(np.arange(self.rows), (len(flat), 1))
        for row, exchanges in zip(order, flat, strict=True):
            for k, other in enumerate(exchanges):
                row[k], row[other - 1] = row[other - 1], row[k]
        return xp.asarray(order.reshape(self.shape(pivots.shape)))

    def jvp(self, dxs, y, pivots):
        return None

    def batch(self, size, batched, pivots):
        return self(pivots)


def factored(xp: ModuleType, matrix):
    """LAPACK's LU of one matrix: the two triangles in one array, and which rows it exchanged."""
    if xp is np:
        triangles, exchanges, _ = scipy_linalg(xp).lapack.get_lapack_funcs(("getrf",), (matrix,))[
            0
        ](matrix)
        return triangles, exchanges
    return scipy_linalg(xp).lu_factor(matrix)


def rows_of(a: Tensor) -> Tensor:
    """The rows of A in the order in which LU takes them."""
    return RowOrder(a.shape[-2])(Pivots()(a))


def eye_like(a: Tensor) -> Tensor:
    """Identity matrices of a's shape."""
    return a.new_ones(a.shape[:-1]).diag_embed()
