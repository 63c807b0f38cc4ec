"""Linear algebra with the names of `torch.linalg`: directions and sizes of matrices, and what they tell.

Letters: A (..., M, N) matrices, K = min(M, N); the dims before are stacks of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from fathom.core import dtypes
from fathom.core.base import TensorBase, is_plain
from fathom.core.errors import ShapeError
from fathom.core.limits import finfo
from fathom.ops.axes import many_axes
from fathom.ops.linalg import inv, matrices, stacked
from fathom.ops.norms import vector_norm
from fathom.ops.shaping import cat
from fathom.ops.spectra import Complement, Eig, Eigh, Pinv, Qr, Svd, unpacked

if TYPE_CHECKING:
    from fathom.tensors import Tensor


# ---- factors -------------------------------------------------------------------------------------


class QR(NamedTuple):
    """A = Q R."""

    Q: Tensor
    R: Tensor


def qr(A: Tensor, mode: str = "reduced") -> QR:
    """(Q, R) with A = Q R: Q's columns are orthonormal, R is an upper triangle.

    mode: "reduced" Q (M, K) and R (K, N); "complete" Q (M, M) and R (M, N), where no gradient passes
    through the columns that A does not determine; "r" an empty Q.

    >>> Q, R = fathom.linalg.qr(fathom.tensor([[3., 1.], [4., 2.]]))
    >>> bool(fathom.allclose(Q.T @ Q, fathom.eye(2), atol=1e-6))
    True
    """
    matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"linalg.qr: mode must be 'reduced', 'complete' or 'r', got {mode!r}")
    m, n = A.shape[-2:]
    k = min(m, n)
    packed = Qr()(A.narrow(-1, 0, k))  # the columns after those are combinations of them
    q, r = packed.narrow(-2, 0, m), packed.narrow(-2, m, k).mT
    if n > k:
        r = cat([r, q.mH @ A.narrow(-1, k, n - k)], -1)
    if mode == "r":
        return QR(A.new_zeros((0,)), r)
    if mode == "complete" and m > k:
        q = cat([q, Complement()(q)], -1)
        r = cat([r, r.new_zeros((*r.shape[:-2], m - k, n))], -2)
    return QR(q, r)


def qr_some(input: Tensor, some: bool = True) -> QR:
    """(Q, R), complete where `some` is False. `linalg.qr` is the newer form."""
    return qr(input, "reduced" if some else "complete")


class SVD(NamedTuple):
    """A = U diag(S) Vh."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def svd(A: Tensor, full_matrices: bool = True) -> SVD:
    """(U, S, Vh) with A = U diag(S) Vh: orthonormal columns, singular values descending, orthonormal rows.

    full_matrices: U (M, M) and Vh (N, N), where no gradient passes through the directions that A does
    not determine; else U (M, K) and Vh (K, N). The gradient of U and Vh needs distinct values.

    >>> fathom.linalg.svd(fathom.tensor([[3., 0.], [0., 4.]])).S
    tensor([4., 3.])
    """
    matrices("linalg.svd", A)
    m, n = A.shape[-2:]
    packed = Svd()(A)
    u, v = packed.narrow(-2, 0, m), packed.narrow(-2, m + 1, n)
    if full_matrices:
        u = cat([u, Complement()(u)], -1) if m > n else u
        v = cat([v, Complement()(v)], -1) if n > m else v
    return SVD(u, packed.narrow(-2, m, 1).squeeze(-2).real, v.mH)


def svdvals(A: Tensor) -> Tensor:
    """The singular values, descending."""
    return svd(A, False).S


class USV(NamedTuple):
    """A = U diag(S) V^H."""

    U: Tensor
    S: Tensor
    V: Tensor


def svd_some(input: Tensor, some: bool = True, compute_uv: bool = True) -> USV:
    """(U, S, V) with A = U diag(S) V^H; some=False: all directions. `linalg.svd` is the newer form."""
    u, s, vh = svd(input, not some)
    if not compute_uv:
        m, n = input.shape[-2:]
        lead = tuple(input.shape[:-2])
        return USV(input.new_zeros((*lead, m, m)), s, input.new_zeros((*lead, n, n)))
    return USV(u, s, vh.mH)


class Eigen(NamedTuple):
    """A V = V diag(L)."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def eigh(A: Tensor, UPLO: str = "L") -> Eigen:
    """(eigenvalues ascending, eigenvectors as columns) of a symmetric or Hermitian A.

    UPLO: which triangle of A is read, "L" or "U". The gradient of the vectors needs distinct values.

    >>> fathom.linalg.eigh(fathom.tensor([[2., 0.], [0., 1.]])).eigenvalues
    tensor([1., 2.])
    """
    matrices("linalg.eigh", A, square=True)
    if UPLO not in ("L", "U", "l", "u"):
        raise RuntimeError(f"linalg.eigh: expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    w, v = unpacked(Eigh(UPLO in "Uu")(A))
    return Eigen(w.real, v)


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric or Hermitian A, ascending."""
    return eigh(A, UPLO).eigenvalues


def eig(A: Tensor) -> Eigen:
    """(eigenvalues, eigenvectors as columns of length 1) of a square A, complex; in no particular order.

    >>> fathom.linalg.eig(fathom.tensor([[0., 1.], [-1., 0.]])).eigenvalues.imag.abs()
    tensor([1., 1.])
    """
    matrices("linalg.eig", A, square=True)
    return Eigen(*unpacked(Eig()(A)))


def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of a square A, complex; in no particular order."""
    return eig(A).eigenvalues


# ---- what the sizes tell -------------------------------------------------------------------------


def sizes_and_least(name: str, A: Tensor, atol, rtol, hermitian: bool) -> tuple[Tensor, Tensor]:
    """The singular values, and the value up to which they count as 0."""
    s = eigvalsh(A).abs() if hermitian else svdvals(A)
    eps = finfo(A.dtype).eps * max(A.shape[-2:])
    if rtol is None:
        given = atol is not None and bool(
            (atol > 0).all() if isinstance(atol, TensorBase) else atol > 0
        )
        rtol = 0.0 if given else eps
    top = s.amax(-1) if s.shape[-1] else s.sum(-1)
    return s, (top * rtol).maximum(top.new_zeros(()) + (0.0 if atol is None else atol))


def matrix_rank(A: Tensor, tol=None, hermitian: bool = False, *, atol=None, rtol=None) -> Tensor:
    """The number of singular values above max(atol, rtol times the largest), int64.

    By default rtol is the dtype's eps times the larger size. tol: the older name of atol.

    >>> fathom.linalg.matrix_rank(fathom.ones(3, 3))
    tensor(1)
    """
    matrices("linalg.matrix_rank", A, square=hermitian)
    s, least = sizes_and_least(
        "linalg.matrix_rank", A, tol if atol is None else atol, rtol, hermitian
    )
    return (s > least.unsqueeze(-1)).sum(-1)


def pinv(A: Tensor, rcond=None, hermitian: bool = False, *, atol=None, rtol=None) -> Tensor:
    """The Moore-Penrose inverse: A^+ b is the shortest x for which |A x - b| is smallest.

    Singular values up to max(atol, rtol times the largest) count as 0. (..., M, N) -> (..., N, M).

    >>> fathom.linalg.pinv(fathom.tensor([[2.], [0.]]))
    tensor([[0.5000, 0.0000]])
    """
    matrices("linalg.pinv", A, square=hermitian)
    rtol = rcond if rtol is None else rtol
    low = 0.0 if atol is None else float(atol)
    default = 0.0 if low > 0 else finfo(A.dtype).eps * max(A.shape[-2:])
    return Pinv(low, default if rtol is None else float(rtol))(A)


class LeastSquares(NamedTuple):
    """The best solution, how far it is off, and what was found about A."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def lstsq(
    A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None
) -> LeastSquares:
    """(solution, residuals, rank, singular_values): the X for which |A X - B| is smallest, column by column.

    Where several are, the shortest. residuals: the squared lengths of A X - B, where A has full rank and more
    rows than columns (inside a transform full rank is assumed), else empty. `driver` is accepted for PyTorch's sake.

    >>> A = fathom.tensor([[1., 0.], [1., 1.], [1., 2.]])
    >>> fathom.linalg.lstsq(A, fathom.tensor([[1.], [3.], [5.]])).solution.flatten()
    tensor([1.0000, 2.0000])
    """
    matrices("linalg.lstsq", A)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
    b = B.unsqueeze(-1) if vector else B
    if b.ndim < 2 or b.shape[-2] != A.shape[-2]:
        raise ShapeError(
            f"linalg.lstsq: A {tuple(A.shape)} and B {tuple(B.shape)} do not fit: B must have {A.shape[-2]} rows"
        )
    m, n = A.shape[-2:]
    a, b = stacked("linalg.lstsq", A, b)
    x = pinv(a, rcond) @ b
    s = svdvals(a.detach())
    rank = (s > s[..., :1] * (finfo(A.dtype).eps * max(m, n) if rcond is None else rcond)).sum(-1)
    residuals = x.new_zeros((0,), dtype=s.dtype)
    if m > n and (not is_plain(rank) or bool((rank == n).all())):
        residuals = ((a @ x - b).abs() ** 2).sum(-2)
    return LeastSquares(x.squeeze(-1) if vector else x, residuals, rank, s)


# ---- norms ---------------------------------------------------------------------------------------


def matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    """The size of matrices: "fro" (of all elements), "nuc" (sum of singular values), 2 and -2 (largest and
    smallest singular value), 1 and -1 (largest and smallest column sum), inf and -inf (row sums).

    >>> fathom.linalg.matrix_norm(fathom.tensor([[3., 0.], [0., 4.]]), "nuc")
    tensor(7.)
    """
    if A.ndim < 2:
        raise ShapeError(
            f"linalg.matrix_norm: the input tensor A must have at least 2 dims, got {A.ndim}"
        )
    axes = many_axes(dim, A.ndim, "linalg.matrix_norm")
    if len(axes) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must name 2 dims, got {dim}")
    a = (A if dtype is None else A.to(dtype)).movedim(axes, (-2, -1))
    if ord == "fro":
        y = vector_norm(a, 2, (-2, -1))
    elif ord in ("nuc", 2, -2):
        s = svdvals(a)
        y = s.sum(-1) if ord == "nuc" else s.amax(-1) if ord == 2 else s.amin(-1)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = a.abs().sum(-2 if ord in (1, -1) else -1)
        y = sums.amax(-1) if ord in (1, math.inf) else sums.amin(-1)
    else:
        raise RuntimeError(f"linalg.matrix_norm: order {ord} is not supported")
    kept = [1 if k in axes else size for k, size in enumerate(A.shape)]
    return y.reshape(kept) if keepdim else y


def norm(
    A: Tensor,
    ord: float | str | None = None,
    dim: int | tuple[int, ...] | None = None,
    keepdim: bool = False,
    *,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    """`vector_norm` for one dim or no ord, `matrix_norm` for two dims and an ord.

    >>> fathom.linalg.norm(fathom.tensor([[3., 0.], [0., 4.]]))
    tensor(5.)
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    dims = tuple(range(A.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    if len(dims) != 1 or isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: order {ord} needs 1 dim (a number) or 2, got dims {dims}")
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


def norm_of_all(
    input: Tensor,
    p: float | str | None = "fro",
    dim: int | tuple[int, ...] | None = None,
    keepdim: bool = False,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    r"""The p-norm of all elements, or over `dim`: $\left(\sum_i |x_i|^p\right)^{1/p}$; "fro" is p = 2.

    p="nuc": the sum of the singular values. Raises DtypeError for integers.

    >>> fathom.norm(fathom.tensor([3., 4.]))
    tensor(5.)
    """
    if p == "nuc":
        return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)  # type: ignore[arg-type]
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f'norm: only "fro" and "nuc" are known by name, got {p!r}')
    order = 2 if p in ("fro", None) else p
    return vector_norm(input, order, dim, keepdim, dtype=dtype)  # type: ignore[arg-type]


def cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """The condition number |A| |A^-1|: by how much errors may grow in solving with A; inf for a singular A.

    p: the norm, as in `matrix_norm`; by default 2, which also takes matrices that are not square.

    >>> fathom.linalg.cond(fathom.tensor([[1., 0.], [0., 100.]]))
    tensor(100.)
    """
    matrices("linalg.cond", A, square=p not in (None, 2, -2))
    if p in (None, 2, -2):
        s = svdvals(A)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(A, p) * matrix_norm(inv(A), p)  # type: ignore[arg-type]
