"""Cases of the operations that move elements: reshape, permute, cat, pad, index, gather, sort."""

from __future__ import annotations

import numpy as np

from fathom.testing.case import case, distinct, each, normal, truth, whole

CASES = [
    # ---- other shapes ----
    case("reshape", normal(2, 6), (3, 4), numpy=np.reshape),
    case("reshape", normal(2, 6), (-1, 2, 2)),
    case("reshape", normal(), (1, 1)),
    case("reshape", normal(0, 3), (3, 0)),
    case("Tensor.view", normal(2, 6), 4, -1),
    case("Tensor.view_as", normal(2, 6), normal(3, 4)),
    case("Tensor.reshape_as", normal(2, 6), normal(3, 4)),
    *each("flatten ravel", (normal(2, 3, 4),), (normal(),), numpy=np.ravel),
    case("flatten", normal(2, 3, 4), 1),
    case("flatten", normal(2, 3, 4), 0, 1),
    case("unflatten", normal(6, 2), 0, (2, -1)),
    case("permute", normal(2, 3, 4), (2, 0, 1), numpy=np.transpose),
    *each("transpose swapaxes swapdims", (normal(2, 3, 4), 0, -1), numpy=np.swapaxes),
    case("t", normal(2, 3), numpy=np.transpose),
    case("t", normal(3)),
    *each("movedim moveaxis", (normal(2, 3, 4), 0, 2), (normal(2, 3, 4), (0, 1), (-1, 0)), numpy=np.moveaxis),
    case("unsqueeze", normal(2, 3), 1),
    case("unsqueeze", normal(), -1),
    case("squeeze", normal(1, 3, 1), numpy=np.squeeze),
    case("squeeze", normal(1, 3, 1), 0),
    case("squeeze", normal(1, 3, 1), 1),
    case("squeeze", normal(1, 3, 1), (0, 2)),
    case("Tensor.expand", normal(3, 1), 2, 3, 4),
    case("Tensor.expand", normal(3, 1), -1, 4),
    case("Tensor.expand_as", normal(3, 1), normal(3, 4)),
    case("broadcast_to", normal(3, 1), (2, 3, 4), numpy=np.broadcast_to),
    case("broadcast_tensors", normal(3, 1), normal(4), numpy=np.broadcast_arrays),
    case("Tensor.repeat", normal(2, 3), 2, 1, 3),
    case("tile", normal(2, 3), (2,), numpy=np.tile),
    case("tile", normal(3), (2, 2), numpy=np.tile),
    case("atleast_1d", normal(), numpy=np.atleast_1d),
    case("atleast_2d", normal(3), numpy=np.atleast_2d),
    case("atleast_2d", normal()),
    *each("clone detach", (normal(3),), orders=1),
    # ---- together and apart ----
    *each("cat concat concatenate", ([normal(2, 3), normal(1, 3), normal(0, 3)],), numpy=np.concatenate),
    case("cat", [normal(2, 3), normal(2, 1)], dim=-1),
    case("cat", [normal(2), whole(0, 5, 3)], orders=0),
    case("stack", [normal(2, 3), normal(2, 3)], numpy=np.stack),
    case("stack", [normal(2, 3), normal(2, 3)], dim=-1),
    *each("hstack vstack", ([normal(2, 3), normal(2, 3)],), ([normal(3), normal(3)],)),
    case("split", normal(7, 2), 3),
    case("split", normal(2, 7), [1, 4, 2], dim=1),
    case("chunk", normal(7, 2), 3),
    case("unbind", normal(2, 3), 1),
    case("narrow", normal(5, 2), 0, 1, 3),
    case("narrow", normal(5, 2), 0, -3, 2),
    case("flip", normal(2, 3, 4), (0, 2), numpy=np.flip),
    case("flip", normal(2, 3, 4), (1,)),
    case("roll", normal(5, 3), 2, 0, numpy=np.roll),
    case("roll", normal(5, 3), (-1, 2), (0, 1), numpy=np.roll),
    case("roll", normal(2, 3), 4, numpy=np.roll),
    # ---- by position ----
    case("getitem", normal(4, 5), call=lambda _, x: x[1], numpy=lambda x: x[1], note="int"),
    case("getitem", normal(4, 5), call=lambda _, x: x[-1, 2], numpy=lambda x: x[-1, 2], note="ints"),
    case("getitem", normal(4, 5), call=lambda _, x: x[1:4:2, :3], numpy=lambda x: x[1:4:2, :3], note="slices"),
    case("getitem", normal(4, 5), call=lambda _, x: x[..., None, 1], numpy=lambda x: x[..., None, 1], note="... and None"),
    case("getitem", normal(4, 5), call=lambda _, x: x[[0, 2, 2]], numpy=lambda x: x[[0, 2, 2]], note="list"),
    case("getitem", normal(4, 5), whole(0, 4, 2, 3), call=lambda _, x, k: x[k], numpy=lambda x, k: x[k], note="index"),
    case("getitem", normal(4, 5, 3), whole(-5, 5, 2), call=lambda _, x, k: x[1:, k], note="slice, index"),
    case("getitem", normal(4, 5, 3), whole(0, 4, 2, 1), whole(0, 3, 3), call=lambda _, x, i, k: x[i, :, k], note="apart"),
    case("getitem", normal(4, 5, 3), whole(0, 4, 2), whole(0, 5, 2), call=lambda _, x, i, k: x[i, k], note="together"),
    case("getitem", normal(4, 5), truth(4), call=lambda _, x, m: x[m], mapped=False, traced=False, note="mask"),
    case("setitem", normal(4, 5), normal(5), call=lambda _, x, v: written(x, (slice(1, 3),), v), note="slice"),
    case("setitem", normal(4, 5), normal(), call=lambda _, x, v: written(x, (-1, 2), v), note="ints"),
    case("setitem", normal(4, 5), normal(2, 1), call=lambda _, x, v: written(x, [0, 3], v), note="list"),
    case("setitem", normal(4, 5, 3), normal(2, 3), call=lambda _, x, v: written(x, (slice(None), [0, 3]), v), note="slice, list"),
    case("setitem", normal(4, 5), truth(4, 5), normal(), call=lambda _, x, m, v: written(x, m, v), note="mask"),
    case("gather", normal(4, 5), 1, whole(0, 5, 4, 2)),
    case("gather", normal(4, 5), 0, whole(0, 4, 6, 3)),
    case("take_along_dim", normal(4, 5), whole(0, 5, 4, 2), 1, numpy=np.take_along_axis),
    case("take_along_dim", normal(4, 5), whole(0, 5, 1, 2), 1),
    case("take_along_dim", normal(4, 5), whole(0, 20, 3)),
    case("index_select", normal(4, 5), 1, whole(0, 5, 3)),
    case("take", normal(4, 5), whole(0, 20, 2, 3), numpy=np.take),
    case("scatter", normal(4, 5), 1, whole(0, 5, 4, 1), normal(4, 1)),
    case("scatter", normal(4, 5), 0, whole(0, 4, 1, 5), 1.5),
    case("scatter", normal(4, 5), 0, whole(0, 4, 3, 2), normal(3, 5), reduce="add", orders=0),
    case("scatter_add", normal(4, 5), 1, whole(0, 5, 3, 6), normal(3, 6)),
    case("index_add", normal(4, 5), 0, whole(0, 4, 6), normal(6, 5), alpha=2),
    case("index_add", normal(4, 5), 1, whole(0, 5, 3), normal(4, 3)),
    *each("masked_select", (normal(3, 4), truth(3, 4)), (normal(3, 4), truth(4)), mapped=False, traced=False),
    *each("nonzero", (truth(3, 4),), (whole(0, 2, 3),), mapped=False, traced=False, orders=0),
    # ---- in order ----
    *each("argsort", (distinct(3, 5),), (distinct(3, 5), 0), (distinct(3, 5), -1, True), orders=0),
    *each("sort", (distinct(3, 5),), (distinct(3, 5), 0), (distinct(3, 5), -1, True), (normal(),)),
    case("sort", whole(0, 9, 7), stable=True, orders=0),
    *each("topk", (distinct(3, 5), 2), (distinct(5, 3), 3, 0), (distinct(5, 3), 2, 0, False)),
]  # fmt: skip


def written(x, key, value):
    """A copy of x with the value written at the key."""
    y = x.clone()
    y[key] = value
    return y
