"""Triangles and diagonals of matrices, and matrices made of them.

Letters: a matrix is (..., N, M); its diagonal number `offset` runs through x[r + k, c + k], where
r = max(-offset, 0) and c = max(offset, 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes, inplace, loop
from fathom.core.errors import ShapeError
from fathom.core.primitive import Linear
from fathom.ops.axes import one_axis
from fathom.ops.broadcasting import same_dtype
from fathom.ops.comparison import where
from fathom.ops.creation import finished
from fathom.ops.shaping import cat, movedim, zero_pad

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def corner(offset: int) -> tuple[int, int]:
    """Row and column where a diagonal starts."""
    return max(-offset, 0), max(offset, 0)


# ---- primitives ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Diagonal(Linear):
    """A diagonal of each matrix in the last two axes, y[..., k] = x[..., r + k, c + k], as a view."""

    offset: int
    is_view = True

    def shape(self, x):
        (r, c), (n, m) = corner(self.offset), x[-2:]
        return (*x[:-2], max(min(n - r, m - c), 0))

    def eager(self, xp, x):
        if not self.shape(x.shape)[-1]:
            return xp.zeros(self.shape(x.shape), x.dtype)
        y = x.diagonal(self.offset, -2, -1)
        if xp is np:
            y.flags.writeable = x.flags.writeable  # NumPy's diagonals start read-only
        return y

    def adjoint(self, g, x):
        return (Undiagonal(self.offset, tuple(x.shape[-2:]))(g),)

    def batch(self, size, batched, x):
        return self(x)

    def element(self, i, x):
        (r, c), k = corner(self.offset), loop.as_expr(i[-1])
        return x[(*i[:-1], k + r, k + c)]


@dataclass(frozen=True)
class Undiagonal(Linear):
    """Zeros with x on a diagonal, y[..., r + k, c + k] = x[..., k]: the adjoint of Diagonal."""

    offset: int
    to: tuple[int, int]

    def shape(self, x):
        return (*x[:-1], *self.to)

    def eager(self, xp, x):
        (r, c), k = corner(self.offset), xp.arange(x.shape[-1])
        y = xp.zeros(self.shape(x.shape), x.dtype)
        y[..., k + r, k + c] = x
        return y

    def adjoint(self, g, x):
        return (Diagonal(self.offset)(g),)

    def batch(self, size, batched, x):
        return self(x)

    def element(self, i, x):
        r, c = corner(self.offset)
        k, across = loop.as_expr(i[-2]) - r, loop.as_expr(i[-1]) - c
        here = loop.every([loop.equal(k, across), *loop.inside(k, x.shape[-1])])
        return loop.where(here, x[(*i[:-2], k)], loop.Const(0, x.dtype))


# ---- diagonals -----------------------------------------------------------------------------------


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of dims dim1 and dim2, as a view; it becomes the last dim.

    offset: 0 the main diagonal, k > 0 the k-th above it, k < 0 below.
    """
    a, b = one_axis(dim1, input.ndim, "diagonal"), one_axis(dim2, input.ndim, "diagonal")
    if a == b:
        raise RuntimeError(f"diagonal: dim1 and dim2 cannot be the same dim, got {dim1} and {dim2}")
    return Diagonal(offset)(movedim(input, (a, b), (-2, -1)))


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dim of the input on a diagonal, and zeros elsewhere. (..., N) -> (..., M, M).

    >>> fathom.diag_embed(fathom.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    ndim = input.ndim + 1
    a, b = one_axis(dim1, ndim, "diag_embed"), one_axis(dim2, ndim, "diag_embed")
    if a == b:
        raise RuntimeError(
            f"diag_embed: dim1 and dim2 cannot be the same dim, got {dim1} and {dim2}"
        )
    n = input.shape[-1] + abs(offset)
    return movedim(Undiagonal(offset, (n, n))(input), (-2, -1), (a, b))


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix as a vector, or a vector as the diagonal of a matrix.

    >>> fathom.diag(fathom.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim == 2:
        return Diagonal(diagonal)(input).clone()
    raise ShapeError(
        f"diag: expected 1 or 2 dims, got {tuple(input.shape)}; use diagonal or diag_embed"
    )


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of the input, in row-major order, on a diagonal."""
    return diag_embed(input.reshape(-1), offset)


def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """The input with src in place of the diagonal of dims dim1 and dim2."""
    y = input.clone()
    inplace.assign(diagonal(y, offset, dim1, dim2), src)
    return y


def fill_diagonal_(input: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """Write one value on the main diagonal; wrap starts again below a tall matrix's square."""
    n, m = input.shape if input.ndim == 2 else (min(input.shape), min(input.shape))
    if input.ndim < 2:
        raise RuntimeError(f"fill_diagonal_: needs at least 2 dims, got {tuple(input.shape)}")
    if input.ndim > 2 and len(set(input.shape)) > 1:
        raise RuntimeError(
            f"fill_diagonal_: all dims must be of equal size, got {tuple(input.shape)}"
        )
    places = np.zeros(tuple(input.shape), bool)
    np.fill_diagonal(places, True, wrap)
    mask = input.new_tensor(places, dtype=dtypes.bool_)
    return inplace.assign(input, inplace.alias(input).masked_fill(mask, fill_value))


def trace(input: Tensor) -> Tensor:
    r"""The sum of the diagonal of a matrix, $y = \sum_i x_{ii}$.

    >>> fathom.trace(fathom.tensor([[1., 2.], [3., 4.]]))
    tensor(5.)
    """
    if input.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, got {tuple(input.shape)}")
    return Diagonal(0)(input).sum()


# ---- triangles -----------------------------------------------------------------------------------


def triangle(input: Tensor, upper: bool, diagonal: int) -> Tensor:
    """The input, and 0 outside of a triangle of its last two dims."""
    if input.ndim < 2:
        raise ShapeError(
            f"{'triu' if upper else 'tril'}: needs at least 2 dims, got {tuple(input.shape)}"
        )
    ones = np.ones(tuple(input.shape[-2:]), bool)
    kept = np.triu(ones, diagonal) if upper else np.tril(ones, diagonal)
    return where(input.new_tensor(kept, dtype=dtypes.bool_), input, input.new_zeros(()))


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    r"""The lower triangle of each matrix, $y_{ij} = x_{ij}$ if $j \le i + \mathrm{diagonal}$, else 0.

    >>> fathom.tril(fathom.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return triangle(input, False, diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    r"""The upper triangle of each matrix, $y_{ij} = x_{ij}$ if $j \ge i + \mathrm{diagonal}$, else 0."""
    return triangle(input, True, diagonal)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype=dtypes.int64, device=None) -> Tensor:
    """The positions in a lower triangle, (2, count): rows, and columns."""
    places = np.stack(np.tril_indices(row, offset, col))
    return finished(places.astype(dtypes.as_dtype(dtype).numpy), device, False)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype=dtypes.int64, device=None) -> Tensor:
    """The positions in an upper triangle, (2, count): rows, and columns."""
    places = np.stack(np.triu_indices(row, offset, col))
    return finished(places.astype(dtypes.as_dtype(dtype).numpy), device, False)


# ---- made of parts -------------------------------------------------------------------------------


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros elsewhere; vectors count as rows.

    >>> fathom.block_diag(fathom.tensor([[1]]), fathom.tensor([[2, 3]]))
    tensor([[1, 0, 0],
            [0, 2, 3]])
    """
    if any(x.ndim > 2 for x in tensors):
        shapes = [tuple(x.shape) for x in tensors]
        raise ShapeError(f"block_diag: expected matrices, vectors or scalars, got {shapes}")
    blocks = [x.reshape((1, -1)) if x.ndim < 2 else x for x in same_dtype("block_diag", *tensors)]
    width, left, rows = sum(x.shape[1] for x in blocks), 0, []
    for x in blocks:
        m = x.shape[1]
        rows.append(zero_pad(x, ((0, 0), (left, width - left - m))))
        left += m
    return cat(rows, 0)


def kron(input: Tensor, other: Tensor) -> Tensor:
    r"""Kronecker product, $y_{ip\,jq} = a_{ij} b_{pq}$: b in the place of every element of a, times it.

    >>> fathom.kron(fathom.tensor([1, 2]), fathom.tensor([1, 1]))
    tensor([1, 1, 2, 2])
    """
    a, b = input, other
    ndim = max(a.ndim, b.ndim)
    n = (1,) * (ndim - a.ndim) + tuple(a.shape)
    m = (1,) * (ndim - b.ndim) + tuple(b.shape)
    a = a.reshape(tuple(k for size in n for k in (size, 1)))
    b = b.reshape(tuple(k for size in m for k in (1, size)))
    return (a * b).reshape(tuple(p * q for p, q in zip(n, m, strict=True)))


def adjoint(input: Tensor) -> Tensor:
    """The conjugate transpose of each matrix."""
    return input.mH


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of the elements, highest first: (..., I) -> (..., I, N)."""
    columns = x.shape[-1] if N is None else N
    powers = x.new_tensor(np.arange(columns) if increasing else np.arange(columns)[::-1].copy())
    return x.unsqueeze(-1) ** powers


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by 90 degrees k times in the plane of two dims, from the first towards the second."""
    a, b = dims
    if k % 4 == 2:
        return input.flip(a, b)
    if k % 4 == 0:
        return input.clone()
    turned = input.transpose(a, b)
    return turned.flip(a) if k % 4 == 1 else turned.flip(b)


def fliplr(input: Tensor) -> Tensor:
    """The elements in reverse order along dim 1."""
    if input.ndim < 2:
        raise RuntimeError(f"fliplr: needs at least 2 dims, got {tuple(input.shape)}")
    return input.flip(1)


def flipud(input: Tensor) -> Tensor:
    """The elements in reverse order along dim 0."""
    if input.ndim < 1:
        raise RuntimeError("flipud: needs at least 1 dim, got a 0-d tensor")
    return input.flip(0)
