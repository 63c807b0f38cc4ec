"""Cases of matrices: triangles, diagonals, products, einsum, norms and distances."""

from __future__ import annotations

import math

import numpy as np

from fathom.testing.case import COMPLEX, case, each, normal, positive, truth, whole

EQUATIONS = (
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij,kj->ki", (2, 3), (4, 3)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)), ("ii", (3, 3)), ("ii->i", (3, 3)), ("ij->ji", (2, 3)),
    ("ij->", (2, 3)), ("ij->j", (2, 3)), ("ba", (2, 3)), ("iij->j", (3, 3, 2)), ("i,i", (3,), (3,)),
    ("i,j->ij", (3,), (2,)), ("i,j->j", (3,), (2,)), ("ij,ij->ij", (2, 3), (2, 3)),
    ("...ij,...jk->...ik", (2, 3, 4), (4, 2)), ("...ij,...jk", (5, 2, 3), (1, 3, 2)),
    ("...i->...", (2, 3)), ("i...->...i", (2, 3, 4)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("a,ab,b->", (2,), (2, 3), (3,)), ("abc,abd,cd,e->be", (2, 3, 2), (2, 3, 4), (2, 4), (3,)),
    ("ij,ij->i", (2, 3), (1, 3)), ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)), (",i->i", (), (3,)),
    ("...,...->...", (3, 1), (4,)), ("i j , j k -> i k", (2, 3), (3, 2)),
)  # fmt: skip

CASES = [
    # ---- triangles and diagonals ----
    *each("tril triu", (normal(3, 4),), (normal(2, 3, 3), 1), (normal(4, 3), -1)),
    *each("tril triu", (normal(0, 3),)),
    *each("tril triu", (truth(3, 3),), (whole(0, 9, 3, 3),), orders=0),
    case("diag", normal(3, 4), numpy=np.diag),
    case("diag", normal(3), numpy=np.diag),
    *each("diag", (normal(3, 4), 1), (normal(4, 3), -2), (normal(3), -1), (normal(0),)),
    *each("diagonal", (normal(3, 4),), (normal(2, 3, 4), 1, 0, 2), (normal(2, 3, 4), -1, -2, -1),
        (normal(3, 3), 5)),
    *each("diag_embed", (normal(2, 3),), (normal(3), 1), (normal(2, 3), -1, 0, 2)),
    *each("diagflat", (normal(2, 2),), (normal(3), -1)),
    case("diagonal_scatter", normal(3, 4), normal(3)),
    case("diagonal_scatter", normal(3, 4), normal(3), 1),
    case("trace", normal(3, 4), numpy=np.trace),
    case("trace", whole(0, 9, 3, 3), orders=0, numpy=np.trace),
    case("block_diag", normal(2, 3), normal(2), normal(), normal(1, 1)),
    case("kron", normal(2, 3), normal(3, 2), numpy=np.kron),
    *each("kron", (normal(3), normal(2, 2)), (normal(2, 1, 2), normal(3)), (normal(), normal(2))),
    *each("vander", (positive(3),), (positive(3), 4, True), (positive(2), 2), orders=0),
    *each("rot90", (normal(2, 3),), (normal(2, 3), 2), (normal(2, 3, 2), 3, (0, 2)), (normal(2, 3), -1)),
    *each("fliplr flipud", (normal(2, 3),)),
    # ---- products ----
    case("inner", normal(3), normal(3), numpy=np.inner),
    case("inner", normal(2, 3), normal(4, 2, 3), numpy=np.inner),
    case("inner", normal(2), normal()),
    case("vdot", normal(3), normal(3), numpy=np.vdot),
    case("vdot", normal(3), normal(3), dtypes=COMPLEX, orders=1),
    case("ger", normal(3), normal(2), orders=1),
    case("addmv", normal(3), normal(3, 4), normal(4), beta=0.5, alpha=2),
    case("addr", normal(3, 2), normal(3), normal(2), beta=2, alpha=0.5),
    case("baddbmm", normal(2, 3, 2), normal(2, 3, 4), normal(2, 4, 2), beta=0.5),
    case("baddbmm", normal(3, 2), normal(2, 3, 4), normal(2, 4, 2), beta=0),
    case("addbmm", normal(3, 2), normal(2, 3, 4), normal(2, 4, 2), alpha=2),
    case("chain_matmul", normal(2, 3), normal(3, 4), normal(4, 2)),
    case("linalg.multi_dot", [normal(3), normal(3, 4), normal(4, 2), normal(2)]),
    *[case("einsum", equation, *[normal(*s) for s in shapes]) for equation, *shapes in EQUATIONS],
    case("einsum", "ij,jk->ik", normal(2, 3), normal(3, 2), dtypes=COMPLEX, orders=1),
    case("einsum", normal(2, 3), [0, 1], normal(3, 2), [1, 2], [0, 2]),
    case("einsum", "ij,jk", whole(0, 5, 2, 3), whole(0, 5, 3, 2), orders=0),
    *each("cross linalg.cross", (normal(2, 3), normal(2, 3))),
    case("cross", normal(3, 2), normal(3, 2), dim=0),
    case("linalg.vecdot", normal(2, 3), normal(3)),
    case("linalg.vecdot", normal(2, 3), normal(3), dtypes=COMPLEX, orders=1),
    # ---- norms and distances ----
    *[case("norm", normal(3, 4), p) for p in (2, 1, 3, 0.5, math.inf, -math.inf, "fro", "nuc")],
    *[case("linalg.vector_norm", normal(3, 4), p, 1) for p in (2, 1, 2.5, math.inf, -math.inf)],
    case("linalg.vector_norm", normal(3, 4), 0, orders=0),
    *each("norm", (normal(3, 4), 2, 1, True), (normal(2, 3, 4), 1, (0, 2)), (normal(3), 3)),
    case("linalg.vector_norm", normal(), 3, orders=1),
    case("linalg.vector_norm", normal(3), dtypes=COMPLEX, orders=1),
    *each("linalg.norm", (normal(3, 4),), (normal(3), 1), (normal(3, 4), "nuc"),
        (normal(2, 3, 4), 2, (1, 2))),
    *[case("linalg.matrix_norm", normal(2, 3, 4), p)
        for p in ("fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf)],
    *[case("linalg.matrix_norm", normal(3, 2, 4), p, (0, -1), True) for p in ("fro", "nuc", 1, math.inf)],
    *[case("dist", normal(3, 4), normal(3, 4), p) for p in (2, 1, 3)],
    *[case("cdist", normal(2, 3, 4), normal(2, 5, 4), p, orders=1 if p == math.inf else 2)
        for p in (2.0, 1.0, 3.0, math.inf)],
    case("cdist", normal(3, 4), normal(30, 4)),
    case("pdist", normal(4, 3)),
    *each("renorm", (normal(3, 4), 2, 0, 1.0), (normal(3, 4), 1, 1, 0.5)),
]  # fmt: skip
