"""Linear algebra: `torch.linalg`'s names."""

from fathom.core.errors import LinAlgError
from fathom.ops.contraction import matmul
from fathom.ops.eigen import (
    cond,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    lstsq,
    matrix_norm,
    matrix_rank,
    norm,
    pinv,
    qr,
    svd,
    svdvals,
)  # fmt: skip
from fathom.ops.linalg import (
    cholesky,
    cross,
    det,
    diagonal,
    inv,
    lu,
    lu_factor,
    lu_solve,
    matrix_exp,
    matrix_power,
    slogdet,
    solve,
    solve_triangular,
    tensorinv,
    tensorsolve,
    vecdot,
)  # fmt: skip
from fathom.ops.matrices import vander
from fathom.ops.norms import vector_norm
from fathom.ops.products import multi_dot

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "inv", "lstsq", "lu", "lu_factor", "lu_solve", "matmul", "matrix_exp", "matrix_norm",
    "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
