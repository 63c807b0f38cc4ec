"""Cases of the operations that combine elements: sums, extremes, running sums, products of matrices."""

from __future__ import annotations

import numpy as np

from fathom.testing.case import COMPLEX, case, distinct, each, edges, normal, truth, whole

CASES = [
    # ---- sums and means ----
    *each("var std", (normal(3, 4),)),
    *each("sum mean var std", (normal(3, 4), 0), (normal(2, 3, 4), (0, -1))),
    case("sum", normal(3, 4), numpy=np.sum),
    case("mean", normal(3, 4), numpy=np.mean),
    case("sum", normal(3, 4), dim=1, keepdim=True, numpy=lambda x: x.sum(1, keepdims=True)),
    case("mean", normal(3, 4), dim=1, keepdim=True),
    case("sum", normal()),
    case("sum", normal(0, 3)),
    case("sum", normal(3, 0), 1),
    case("sum", whole(0, 9, 3, 4), orders=0, numpy=np.sum),
    case("sum", truth(3, 4), 1, orders=0),
    case("sum", normal(3, 4), dtypes=COMPLEX, orders=1),
    case("mean", normal(3, 4), 0, dtypes=COMPLEX, orders=1),
    case("var", normal(3, 4), dim=1, correction=0, numpy=lambda x: x.var(1)),
    case("std", normal(3, 4), dim=1, correction=2, keepdim=True),
    case("var", normal(3, 4), unbiased=False),
    case("prod", normal(3, 4), numpy=np.prod),
    case("prod", normal(3, 4), 1),
    case("prod", normal(3, 4), dim=0, keepdim=True),
    case("prod", whole(1, 4, 5), orders=0),
    case("cumsum", normal(3, 4), 0),
    case("cumsum", normal(3, 4), -1),
    case("cumsum", whole(0, 9, 5), 0, orders=0),
    case("cumprod", normal(3, 4), 0),
    case("cumprod", normal(3, 4), -1),
    *each("logsumexp", (normal(3, 4), 1), (normal(3, 4), (0, 1))),
    case("logsumexp", normal(3, 4), dim=0, keepdim=True),
    # ---- extremes ----
    *each("amax amin", (distinct(3, 4),), (distinct(3, 4), 0), (distinct(2, 3, 4), (0, 2), True)),
    *each("max min", (distinct(3, 4),), (distinct(3, 4), 1), (distinct(3, 4), 0, True), (normal(3), normal(3))),
    *each("argmax argmin", (distinct(3, 4),), (distinct(3, 4), 0), (distinct(3, 4), -1, True), orders=0),
    *each("amax amin max min argmax argmin", (whole(-9, 9, 20),), orders=0, note="whole"),
    *each("all any", (truth(3, 4),), (truth(3, 4), 0), (normal(3, 4), 1, True), (truth(0, 3),), orders=0),
    *each("sum mean var amax amin max min argmax argmin cumsum prod all any", (edges(2, 4), 1), orders=0),
    *each("amax amin max min argmax argmin sum", (edges(),), orders=0),
    *each("logsumexp sum max amin", (edges(2, 4), 0), orders=0),
    *each("sort argsort", (edges(),), stable=True, orders=0),
    *each("sort argsort", (edges(),), stable=True, descending=True, orders=0),
    # ---- products ----
    case("dot", normal(4), normal(4), numpy=np.dot),
    case("mv", normal(3, 4), normal(4), numpy=np.dot),
    case("mm", normal(3, 4), normal(4, 2), numpy=np.dot),
    case("bmm", normal(2, 3, 4), normal(2, 4, 2), numpy=np.matmul),
    case("outer", normal(3), normal(4), numpy=np.outer),
    case("addmm", normal(3, 2), normal(3, 4), normal(4, 2), beta=0.5, alpha=2),
    case("addmm", normal(2), normal(3, 4), normal(4, 2)),
    *[
        case("matmul", normal(*a), normal(*b), numpy=np.matmul)
        for a, b in (
            ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
            ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)),
            ((6, 1, 2, 3), (5, 3, 4)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
        )
    ],
    case("matmul", normal(2, 3), normal(3, 4), dtypes=COMPLEX, orders=1),
    case("matmul", whole(-3, 4, 2, 3), whole(-3, 4, 3, 2), orders=0, numpy=np.matmul),
    case("tensordot", normal(2, 3, 4), normal(3, 4, 5), numpy=np.tensordot),
    case("tensordot", normal(2, 3), normal(4), dims=0),
    case("tensordot", normal(2, 3, 4), normal(4, 3), dims=([1, 2], [1, 0])),
]  # fmt: skip
