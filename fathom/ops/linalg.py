"""Linear algebra with the names of `torch.linalg`: systems of equations, and what is made of solving them.

Letters: A (..., M, N) matrices, the dims before are stacks of them; B (..., M, K) right-hand sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fathom.core import dtypes
from fathom.core.errors import DtypeError, ShapeError
from fathom.ops.axes import many_axes
from fathom.ops.broadcasting import broadcast_shapes, to_shape
from fathom.ops.contraction import matmul
from fathom.ops.determinants import Det, LogAbsDet, SignDet
from fathom.ops.spectra import MatrixExp
from fathom.ops.systems import (
    Cholesky,
    Lu,
    Pivots,
    RowOrder,
    Solve,
    SolveTriangular,
    eye_like,
    rows_of,
)  # fmt: skip

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def matrices(name: str, a: Tensor, square: bool = False) -> Tensor:
    """A, if it holds (square) matrices of a dtype that LAPACK knows."""
    if a.ndim < 2:
        raise ShapeError(
            f"{name}: the input tensor A must have at least 2 dims, got {tuple(a.shape)}"
        )
    if square and a.shape[-1] != a.shape[-2]:
        rows, columns = a.shape[-2:]
        raise ShapeError(
            f"{name}: A must be batches of square matrices, but they are {rows} by {columns} matrices"
        )
    if a.dtype not in (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128):
        raise DtypeError(f"{name}: expected A of dtype float32, float64 or complex, got {a.dtype}")
    return a


def stacked(name: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two stacks of matrices, as many in each."""
    if a.dtype != b.dtype:
        raise DtypeError(
            f"{name}: expected A and B to have the same dtype, got {a.dtype} and {b.dtype}"
        )
    lead = broadcast_shapes(a.shape[:-2], b.shape[:-2], name=name)
    return to_shape(a, (*lead, *a.shape[-2:])), to_shape(b, (*lead, *b.shape[-2:]))


# ---- solving -------------------------------------------------------------------------------------


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B (left=False: X A = B), for square A; B holds vectors (..., N) or matrices (..., N, K).

    Raises LinAlgError for a singular A, ShapeError for sizes that do not fit.

    >>> A = fathom.tensor([[2., 0.], [0., 4.]])
    >>> fathom.linalg.solve(A, fathom.tensor([2., 4.]))
    tensor([1., 1.])
    """
    matrices("linalg.solve", A, square=True)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
    b = B.unsqueeze(-1) if vector else B
    if not left and not vector:
        return solve(A.mT, b.mT).mT
    if b.shape[-2] != A.shape[-1]:
        raise ShapeError(
            f"linalg.solve: A {tuple(A.shape)} and B {tuple(B.shape)} do not fit: B must have {A.shape[-1]} rows"
        )
    x = Solve()(*stacked("linalg.solve", A, b))
    return x.squeeze(-1) if vector else x


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A X = B (left=False: X A = B), for a triangular A, of which the rest is not read.

    unitriangular: the diagonal is not read either, and taken as 1.

    >>> A = fathom.tensor([[1., 0.], [2., 1.]])
    >>> fathom.linalg.solve_triangular(A, fathom.tensor([[1.], [4.]]), upper=False).flatten()
    tensor([1., 2.])
    """
    matrices("linalg.solve_triangular", A, square=True)
    matrices("linalg.solve_triangular", B)
    if not left:
        return solve_triangular(A.mT, B.mT, upper=not upper, unitriangular=unitriangular).mT
    if B.shape[-2] != A.shape[-1]:
        raise ShapeError(
            f"linalg.solve_triangular: A {tuple(A.shape)} and B {tuple(B.shape)} do not fit:"
            f" B must have {A.shape[-1]} rows"
        )
    return SolveTriangular(upper, unitriangular)(*stacked("linalg.solve_triangular", A, B))


def inv(A: Tensor) -> Tensor:
    """The inverse, A^-1 A = I. Raises LinAlgError for a singular A. To solve a system use `solve`.

    >>> fathom.linalg.inv(fathom.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    matrices("linalg.inv", A, square=True)
    return Solve()(A, eye_like(A))


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map from its dims after the first `ind` to those."""
    if ind <= 0 or A.ndim < ind:
        raise RuntimeError(f"linalg.tensorinv: expected 0 < ind <= {A.ndim}, got {ind}")
    out, into = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if np.prod(out) != np.prod(into):
        raise ShapeError(f"linalg.tensorinv: dims {out} and {into} must hold equally many elements")
    n = int(np.prod(out))
    return inv(A.reshape((n, n))).reshape((*into, *out))


def tensorsolve(A: Tensor, B: Tensor, dims: tuple[int, ...] | None = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    into = tuple(A.shape[B.ndim :])
    if np.prod(into) != B.numel():
        raise ShapeError(
            f"linalg.tensorsolve: A {tuple(A.shape)} and B {tuple(B.shape)} do not fit"
        )
    return solve(A.reshape((B.numel(), -1)), B.reshape(-1)).reshape(into)


# ---- determinants --------------------------------------------------------------------------------


class SignAndLog(NamedTuple):
    """A determinant as sign e^logabsdet."""

    sign: Tensor
    logabsdet: Tensor


def det(A: Tensor) -> Tensor:
    """The determinant.

    >>> fathom.linalg.det(fathom.tensor([[1., 2.], [3., 4.]]))
    tensor(-2.)
    """
    return Det()(matrices("linalg.det", A, square=True))


def slogdet(A: Tensor) -> SignAndLog:
    """(sign, logabsdet) of the determinant, which is sign e^logabsdet: no overflow for large matrices."""
    matrices("linalg.slogdet", A, square=True)
    return SignAndLog(SignDet()(A), LogAbsDet()(A))


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant; NaN where that is negative."""
    sign, size = slogdet(input)
    return (
        size.masked_fill(sign < 0, float("nan"))
        if sign.dtype.kind == "float"
        else sign.log() + size
    )


# ---- Cholesky ------------------------------------------------------------------------------------


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangle L with A = L L^H (upper: U with A = U^H U) of a positive-definite A.

    Raises LinAlgError where A is not positive-definite. The gradient is symmetric.

    >>> fathom.linalg.cholesky(fathom.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    matrices("linalg.cholesky", A, square=True)
    return Cholesky()(A.mH).mH if upper else Cholesky()(A)


def cholesky_positional(input: Tensor, upper: bool = False) -> Tensor:
    """`linalg.cholesky`, as `fathom.cholesky` and the method take it."""
    return cholesky(input, upper=upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B, where L is the Cholesky factor of A."""
    matrices("cholesky_solve", L, square=True)
    matrices("cholesky_solve", B)
    low, b = stacked("cholesky_solve", L.mH if upper else L, B)
    half = SolveTriangular(False, False)(low, b)
    return SolveTriangular(True, False)(low.mH, half)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, where L is its Cholesky factor."""
    return cholesky_solve(eye_like(matrices("cholesky_inverse", L, square=True)), L, upper)


# ---- LU ------------------------------------------------------------------------------------------


class PLU(NamedTuple):
    """A = P L U: a permutation, a lower triangle with diagonal 1, an upper triangle."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactor(NamedTuple):
    """L and U in one matrix, and with which row (counted from 1) each row was exchanged, in order."""

    LU: Tensor
    pivots: Tensor


def lu(A: Tensor, *, pivot: bool = True) -> PLU:
    """(P, L, U) with A = P L U. Differentiable for square A.

    >>> P, L, U = fathom.linalg.lu(fathom.tensor([[0., 1.], [2., 3.]]))
    >>> P @ L @ U
    tensor([[0., 1.],
            [2., 3.]])
    """
    matrices("linalg.lu", A)
    if not pivot:
        raise NotImplementedError("linalg.lu: LU without pivoting is not implemented on the CPU")
    m, n = A.shape[-2:]
    k = min(m, n)
    both = Lu()(A)
    low = both.narrow(-1, 0, k).tril(-1)
    ones = A.new_tensor(np.eye(m, k), dtype=A.dtype)
    order = rows_of(A)  # row i of L U is row order[i] of A
    places = order.new_tensor(np.arange(m))
    swap = (order.unsqueeze(-2) == places.unsqueeze(-1)).to(A.dtype)
    return PLU(swap, low + ones, both.narrow(-2, 0, k).triu())


def lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactor:
    """(LU, pivots): what `lu_solve` needs. L is below the diagonal, U on and above it."""
    matrices("linalg.lu_factor", A)
    if not pivot:
        raise NotImplementedError(
            "linalg.lu_factor: LU without pivoting is not implemented on the CPU"
        )
    return LUFactor(Lu()(A), Pivots()(A))


def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Tensor:
    """X with A X = B (left=False: X A = B; adjoint: A^H), given A's `lu_factor`."""
    matrices("linalg.lu_solve", LU, square=True)
    if not left:
        return lu_solve(LU, pivots, B.mH, adjoint=not adjoint).mH
    lu_stack, b = stacked("linalg.lu_solve", LU, B)
    order = RowOrder(LU.shape[-1])(pivots).unsqueeze(-1)
    rows = to_shape(order, (*b.shape[:-1], 1)).expand(b.shape)
    if adjoint:
        half = SolveTriangular(False, False)(lu_stack.triu().mH, b)
        x = SolveTriangular(True, True)(lu_stack.mH, half)
        return x.take_along_dim(rows.argsort(-2), -2)
    half = SolveTriangular(False, True)(lu_stack, b.take_along_dim(rows, -2))
    return SolveTriangular(True, False)(lu_stack, half)


def lu_solve_swapped(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """`linalg.lu_solve` with its arguments in the older order."""
    return lu_solve(LU_data, LU_pivots, b)


# ---- functions of matrices and vectors -------------------------------------------------------------


def matrix_exp(A: Tensor) -> Tensor:
    r"""$e^A = \sum_k A^k / k!$ of square matrices.

    >>> fathom.linalg.matrix_exp(fathom.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    return MatrixExp()(matrices("linalg.matrix_exp", A, square=True))


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A multiplied with itself n times; n = 0 gives I, a negative n powers of the inverse."""
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(
            f"linalg.matrix_power: A must be batches of square matrices, got {tuple(A.shape)}"
        )
    if n < 0:
        return matrix_power(inv(A), -n)
    result, square = None, A
    while n:  # A^13 = A^8 A^4 A: one square for each binary digit
        if n % 2:
            result = square if result is None else matmul(result, square)
        n //= 2
        square = matmul(square, square) if n else square
    return eye_like(A) if result is None else result


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross product of vectors of 3 along `dim`: perpendicular to both.

    >>> fathom.linalg.cross(fathom.tensor([1., 0., 0.]), fathom.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
    """
    if input.ndim != other.ndim:
        raise ShapeError(
            f"linalg.cross: inputs must have equally many dims, got {input.ndim} and {other.ndim}"
        )
    shape = broadcast_shapes(input.shape, other.shape, name="linalg.cross")
    (axis,) = many_axes(dim, len(shape), "linalg.cross")
    if shape[axis] != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3, got {shape[axis]}"
        )
    a, b = to_shape(input, shape), to_shape(other, shape)
    one, two = a.roll(-1, axis) * b.roll(-2, axis), a.roll(-2, axis) * b.roll(-1, axis)
    return one - two


def cross_first(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """`linalg.cross` along `dim`, by default the first dim of size 3."""
    shape = broadcast_shapes(input.shape, other.shape, name="cross")
    if dim is None:
        threes = [k for k, n in enumerate(shape) if n == 3]
        if not threes:
            raise ShapeError(f"cross: no dimension of size 3 in input {shape}")
        dim = threes[0]
    return cross(input, other, dim=dim)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    r"""Inner products along `dim`, $\sum_k \bar x_k y_k$, the other dims broadcast."""
    return (x.conj() * y).sum(dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """`fathom.diagonal` of the last two dims."""
    return A.diagonal(offset, dim1, dim2)
