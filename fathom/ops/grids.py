"""Grids and combinations of values, and elements repeated."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.base import TensorBase
from fathom.core.errors import ShapeError
from fathom.ops.axes import numpy_names, one_axis
from fathom.ops.shaping import stack

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def meshgrid(*tensors, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: one tensor for each vector, all of the shape (len(a), len(b), ...).

    indexing="xy": the first two dims exchanged, as plots want them. The results are views.

    >>> x, y = fathom.meshgrid(fathom.tensor([1, 2]), fathom.tensor([3, 4, 5]), indexing="ij")
    >>> y
    tensor([[3, 4, 5],
            [3, 4, 5]])
    """
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    xs = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    for x in xs:
        if x.ndim > 1:
            raise RuntimeError(f"meshgrid: expected 0-d or 1-d tensors, got {tuple(x.shape)}")
    xs = [x.reshape(-1) for x in xs]
    shape = tuple(x.shape[0] for x in xs)
    grid = []
    for k, x in enumerate(xs):
        one = tuple(n if axis == k else 1 for axis, n in enumerate(shape))
        grid.append(x.reshape(one).expand(shape))
    return (
        tuple(x.transpose(0, 1) for x in grid) if indexing == "xy" and len(xs) > 1 else tuple(grid)
    )


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of one element from each vector, as rows; the last changes fastest.

    >>> fathom.cartesian_prod(fathom.tensor([1, 2]), fathom.tensor([3, 4])).tolist()
    [[1, 3], [1, 4], [2, 3], [2, 4]]
    """
    if len(tensors) == 1:
        return tensors[0]
    return stack([x.reshape(-1) for x in meshgrid(*tensors)], -1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of r elements of a vector, in the order of positions, as rows.

    >>> fathom.combinations(fathom.tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    if input.ndim != 1:
        raise ShapeError(f"combinations: expected a vector, got {tuple(input.shape)}")
    if r < 0:
        raise RuntimeError(f"combinations: expects a non-negative number, got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = list(choose(range(input.shape[0]), r))
    return input[np.array(places, np.int64).reshape(len(places), r)]


@numpy_names
def repeat_interleave(
    input: Tensor,
    repeats: int | Tensor | None = None,
    dim: int | None = None,
    *,
    output_size: int | None = None,
) -> Tensor:
    """Each element along `dim` (of the flattened input by default) repeated in place.

    repeats: how often, one number for all or a vector with one each. repeat_interleave(repeats)
    gives the positions: 0 repeats[0] times, 1 repeats[1] times, ...

    >>> fathom.repeat_interleave(fathom.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        counts = input.plain("repeat_interleave")
        return input.new_tensor(np.repeat(np.arange(len(counts)), counts)).long()
    if dim is None:
        input, dim = input.reshape(-1), 0
    axis = one_axis(dim, input.ndim, "repeat_interleave")
    n = input.shape[axis]
    if isinstance(repeats, TensorBase) and repeats.numel() == 1:
        repeats = int(repeats.item())
    if isinstance(repeats, int):
        if repeats < 0:
            raise RuntimeError(f"repeat_interleave: repeats can not be negative, got {repeats}")
        before, after = tuple(input.shape[:axis]), tuple(input.shape[axis + 1 :])
        wide = input.unsqueeze(axis + 1).expand((*before, n, repeats, *after))
        return wide.reshape((*before, n * repeats, *after))
    counts = np.asarray(
        repeats.plain("repeat_interleave") if isinstance(repeats, TensorBase) else repeats
    )
    if counts.shape != (n,) or (counts < 0).any():
        raise RuntimeError(
            f"repeat_interleave: repeats must be {n} numbers >= 0, one for each element along dim {axis},"
            f" got {counts.tolist()}"
        )
    return input.index_select(axis, input.new_tensor(np.repeat(np.arange(n), counts)).long())
