"""Cases of writing by index and mask, of splits and stacks, of grids and strided views."""

from __future__ import annotations

import numpy as np

from fathom.testing.case import COMPLEX, case, distinct, each, normal, truth, whole


def reduced(lib, x, at, v, reduce, include_self=True):
    return lib.scatter_reduce(x, 0, at, v + 0.1, reduce, include_self=include_self)  # no ties


CASES = [
    # ---- by index and mask ----
    case("index_fill", normal(3, 4), 1, whole(0, 4, 2), -1.5),
    case("index_fill", normal(3, 4), 0, whole(0, 3, 2), normal()),
    case("index_copy", normal(3, 4), 0, whole(0, 3, 1), normal(1, 4)),
    case("index_copy", normal(3, 4), 1, normal(3, 2),
        call=lambda lib, x, d, v: lib.index_copy(x, d, lib.tensor([3, 1]), v)),
    case("index_put", normal(3, 4), (whole(0, 3, 5), whole(0, 4, 5)), normal(5), True),
    case("index_put", normal(3, 4), (whole(0, 3, 5),), normal(4), True),
    case("index_put", normal(3, 4), (whole(0, 3, 1),), normal(1, 4)),
    case("index_put", normal(3, 4), (truth(3, 4),), normal(), mapped=False, traced=False),
    case("put", normal(3, 4), whole(0, 12, 5), normal(5), True,
        call=lambda lib, x, i, v, a: lib.Tensor.put(x, i, v, a)),
    case("masked_scatter", normal(3, 4), truth(3, 4), normal(12), mapped=False, traced=False),
    *[
        case("scatter_reduce", distinct(4), whole(0, 4, 6), draw(6), reduce, include, call=reduced,
            orders=1 if reduce == "prod" else 2)
        for reduce, draw in (("sum", normal), ("mean", normal), ("prod", normal),
            ("amax", distinct), ("amin", distinct))
        for include in (True, False)
    ],
    case("scatter_reduce", normal(3, 4), 1, whole(0, 4, 3, 6), normal(3, 6), "amax"),
    *[
        case("index_reduce", normal(3, 4), 1, whole(0, 4, 2), normal(3, 2), reduce, orders=1)
        for reduce in ("prod", "mean", "amax", "amin")
    ],
    *each("select", (normal(3, 4), 0, 1), (normal(3, 4), -1, -2)),
    case("select_scatter", normal(3, 4), normal(3), 1, 2),
    case("slice_scatter", normal(5, 4), normal(2, 4), 0, 1, 5, 2),
    # ---- apart and together ----
    *each("tensor_split", (normal(7, 2), 3), (normal(7), (1, 5)), (normal(2, 7), 3, 1)),
    *each("hsplit", (normal(2, 4), 2), (normal(6), (1, 4))),
    *each("vsplit", (normal(4, 2), 2)),
    *each("dsplit", (normal(2, 3, 4), 2)),
    *each("atleast_3d", (normal(),), (normal(3),), (normal(2, 3),), numpy=np.atleast_3d),
    case("dstack", [normal(2, 3), normal(2, 3)], numpy=np.dstack),
    case("column_stack", [normal(3), normal(3, 2)], numpy=np.column_stack),
    case("row_stack", [normal(3), normal(3)], numpy=np.vstack),
    *each("as_strided", (normal(6), (3, 2), (1, 1)), (normal(3, 4), (2, 2), (4, 2), 1)),
    *each("Tensor.unfold", (normal(7), 0, 3, 2), (normal(2, 5), 1, 2, 1), (normal(5, 2), 0, 2, 2)),
    *each("Tensor.sum_to_size", (normal(2, 3, 4), 3, 1), (normal(2, 3), 2, 3)),
    # ---- grids and repeats ----
    case("meshgrid", normal(2), normal(3), indexing="ij",
        numpy=lambda *x: tuple(np.meshgrid(*x, indexing="ij"))),
    case("meshgrid", normal(2), normal(3), normal(), indexing="xy"),
    *each("cartesian_prod", (normal(2), normal(3), normal(2)), (normal(3),)),
    *each("combinations", (normal(4),), (normal(4), 3), (normal(3), 2, True)),
    *each("repeat_interleave", (normal(3, 2), 2), (normal(3, 2), 3, 0), (normal(2, 3), 2, -1)),
    case("repeat_interleave", normal(3, 2), whole(0, 4, 3), 0, mapped=False, traced=False),
    case("repeat_interleave", whole(0, 4, 3), orders=0, mapped=False, traced=False),
    # ---- complex numbers as pairs ----
    case("view_as_real", normal(3), dtypes=COMPLEX, orders=1),
    case("view_as_complex", normal(3, 2), orders=1),
    *each("is_nonzero is_signed numel", (normal(1),), orders=0, mapped=False, traced=False),
    case("is_same_size", normal(2), normal(2), orders=0, mapped=False, traced=False),
]  # fmt: skip
