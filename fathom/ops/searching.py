"""Finding places: of values in a sorted sequence, of elements in a set, of flat positions in a shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes, loop
from fathom.core.errors import ShapeError
from fathom.core.primitive import Primitive
from fathom.ops.broadcasting import same_dtype

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class SearchSorted(Primitive):
    """How many elements of each ascending row lie before a value: below it, or (right) not above it.

    a (*B, N), v (*B, K) -> (*B, K) int64.
    """

    right: bool
    differentiable = False

    def shape(self, a, v):
        return v

    def dtype(self, a, v):
        return np.dtype(np.int64)

    def eager(self, xp, a, v):
        side = "right" if self.right else "left"
        rows, values = a.reshape((-1, a.shape[-1])), v.reshape((-1, v.shape[-1]))
        places = [
            xp.searchsorted(row, value, side) for row, value in zip(rows, values, strict=True)
        ]
        return xp.stack(places).reshape(v.shape) if places else xp.zeros(v.shape, np.int64)

    def jvp(self, dxs, y, a, v):
        return None

    def batch(self, size, batched, a, v):
        return self(
            *[x if b else x.expand((size, *x.shape)) for x, b in zip((a, v), batched, strict=True)]
        )

    def element(self, i, a, v):
        k = loop.Index(a.shape[-1])
        at, value = a[(*i[:-1], k)], v[i]
        before = loop.less_equal(at, value) if self.right else loop.less(at, value)
        return loop.reduce("+", [k], loop.cast(before, np.dtype(np.int64)))


def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    r"""Where each value would be inserted into an ascending sequence: $y$ with $a_{y-1} < v \le a_y$.

    right=True (or side="right"): $a_{y-1} \le v < a_y$. A sequence of several rows, (*B, N), needs
    values (*B, K), searched row by row. sorter: the `argsort` of a sequence that is not ascending.

    >>> fathom.searchsorted(fathom.tensor([1, 3, 5]), fathom.tensor([0, 3, 9]))
    tensor([0, 1, 3])
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        raise RuntimeError(f"searchsorted: side {side!r} and right={right} do not go together")
    if not sorted_sequence.ndim:
        raise RuntimeError("searchsorted: the sequence needs at least 1 dim")
    if sorter is not None:
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    a, v = same_dtype("searchsorted", sorted_sequence, input)
    shape = tuple(v.shape)
    if a.ndim == 1:
        v = v.reshape(-1)  # one sequence for all values
    elif shape[:-1] != tuple(a.shape[:-1]) or not shape:
        raise ShapeError(
            f"searchsorted: sequence {tuple(a.shape)} and values {shape} must agree apart from the last dim"
        )
    y = SearchSorted(right or side == "right")(a, v).reshape(shape)
    return y.to(dtypes.int32) if out_int32 else y


def bucketize(
    input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """The number of the bucket, between ascending boundaries, that each element falls into.

    >>> fathom.bucketize(fathom.tensor([0.5, 3.0]), fathom.tensor([1., 2., 3.]))
    tensor([0, 2])
    """
    if boundaries.ndim != 1:
        raise ShapeError(f"bucketize: boundaries must be 1-d, got {tuple(boundaries.shape)}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(
    elements: Tensor | float,
    test_elements: Tensor | float,
    *,
    assume_unique: bool = False,
    invert: bool = False,
) -> Tensor:
    """True where the element is one of the test elements (invert: where it is none).

    >>> fathom.isin(fathom.tensor([1, 2, 3]), fathom.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    a, b = same_dtype("isin", elements, test_elements)
    ordered = b.reshape(-1).sort().values
    n = ordered.shape[0]
    if not n:
        return a.new_full(a.shape, invert, dtype=dtypes.bool_)
    place = searchsorted(ordered, a).clamp(max=n - 1)
    found = ordered[place] == a
    return ~found if invert else found


def argwhere(input: Tensor) -> Tensor:
    """The positions of the elements that are not 0, (count, ndim)."""
    return input.nonzero()


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Positions in a flattened tensor as one index for each dim of `shape`.

    >>> fathom.unravel_index(fathom.tensor([5]), (2, 3))
    (tensor([1]), tensor([2]))
    """
    found, rest = [], indices
    for size in reversed([shape] if isinstance(shape, int) else list(shape)):
        found.append(rest % size)
        rest = rest // size
    return tuple(reversed(found))
