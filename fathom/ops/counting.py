"""How often values occur: counts, histograms, distinct values.

The shape of most of these results depends on the values, so they cannot be used inside a transform,
and they carry no gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fathom.core import dtypes
from fathom.core.base import new
from fathom.core.device import namespace
from fathom.core.errors import DtypeError
from fathom.ops.axes import numpy_names, one_axis

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Dims = int | tuple[int, ...] | None


@numpy_names
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """The number of elements that are not 0, over `dim` or all dims.

    >>> fathom.count_nonzero(fathom.tensor([[1, 0], [2, 3]]), dim=1)
    tensor([1, 2])
    """
    return (input != 0).sum(dim)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers as rows with one 1, int64. (*I) -> (*I, num_classes).

    num_classes -1: one more than the largest number. Raises for numbers outside and for other dtypes than int64.

    >>> fathom.one_hot(fathom.tensor([0, 2]), num_classes=3)
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor.dtype is not dtypes.int64:
        raise DtypeError(
            f"one_hot: expected class numbers of dtype int64, got {tensor.dtype}; use x.long()"
        )
    if num_classes == -1:
        if not tensor.numel():
            raise RuntimeError(
                "one_hot: cannot infer num_classes from an empty tensor; pass num_classes="
            )
        num_classes = int(tensor.max().item()) + 1
    known = type(tensor.array) is np.ndarray and tensor.numel()
    if known and not 0 <= tensor.array.min() <= tensor.array.max() < num_classes:
        raise RuntimeError(
            f"one_hot: class values must be in [0, {num_classes - 1}],"
            f" got {tensor.array.min()} to {tensor.array.max()}"
        )
    return (tensor.unsqueeze(-1) == tensor.new_tensor(np.arange(num_classes))).long()


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number 0, 1, 2, ... occurs in a vector; with weights, the sums of theirs.

    >>> fathom.bincount(fathom.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    array = input.plain("bincount")
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
        raise RuntimeError(
            f"bincount: only supports 1-d non-negative integral inputs, got {input.dtype} {tuple(input.shape)}"
        )
    if weights is None:
        return new(namespace(array).bincount(array, minlength=minlength))
    values = weights.plain("bincount")
    if values.shape != array.shape:
        raise RuntimeError(
            f"bincount: input {tuple(input.shape)} and weights {tuple(weights.shape)} should have the same length"
        )
    y = namespace(array).bincount(array, values, minlength)
    return new(y.astype(values.dtype if values.dtype == np.float32 else np.float64))


class Histogram(NamedTuple):
    """How many numbers lie in each bin, and where the bins begin and end."""

    hist: Tensor
    bin_edges: Tensor


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max], in the input's dtype.

    min = max = 0: from the smallest to the largest element. Elements outside and NaN are not counted.

    >>> fathom.histc(fathom.tensor([1., 2., 1.]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    array = input.plain("histc").reshape(-1)
    if bins <= 0:
        raise RuntimeError(f"histc: bins must be > 0, got {bins}")
    low, high = float(min), float(max)
    if low == high == 0 and array.size:
        low, high = float(array.min()), float(array.max())
    if not low <= high or not np.isfinite([low, high]).all():
        raise RuntimeError(f"histc: range of [{low}, {high}] is not finite and ascending")
    if low == high:
        low, high = low - 1, high + 1
    inside = array[(array >= low) & (array <= high)].astype(np.float64)
    counts, _ = np.histogram(inside, bins, (low, high))
    return new(counts.astype(array.dtype))


def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Histogram:
    """(hist, bin_edges): like `histc`, for bins given by their number or by their edges.

    weight: how much each element counts; density: scaled so that the area is 1.
    """
    array = input.plain("histogram")
    edges = bins if isinstance(bins, int) else bins.plain("histogram")
    counted = None if weight is None else weight.plain("histogram").reshape(-1)
    values = array.reshape(-1).astype(np.float64)
    hist, where = np.histogram(values, edges, range, density, counted)
    return Histogram(new(hist.astype(array.dtype)), new(where.astype(array.dtype)))


def several(*results: Tensor | None):
    """The results that were asked for: one alone, or a tuple."""
    found = tuple(y for y in results if y is not None)
    return found[0] if len(found) == 1 else found


@numpy_names
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
):
    """The distinct elements (or slices along `dim`), in ascending order.

    return_inverse: also where each element's value stands in the result; return_counts: also how often
    each occurs. Every NaN is a value of its own.

    >>> fathom.unique(fathom.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    array = input.plain("unique")
    axis = None if dim is None else one_axis(dim, input.ndim, "unique")
    values, inverse, counts = np.unique(array, False, True, True, axis, equal_nan=False)
    shape = array.shape if axis is None else (array.shape[axis],)
    where = new(inverse.reshape(shape)) if return_inverse else None
    return several(new(values), where, new(counts) if return_counts else None)


@numpy_names
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
):
    """The elements (or slices along `dim`) without those that equal the one before.

    >>> fathom.unique_consecutive(fathom.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    array = input.plain("unique_consecutive")
    axis = 0 if dim is None else one_axis(dim, input.ndim, "unique_consecutive")
    rows = array.reshape(-1) if dim is None else np.moveaxis(array, axis, 0)
    differs = (rows[1:] != rows[:-1]).any(tuple(range(1, rows.ndim)))
    starts = np.flatnonzero(np.concatenate([np.ones(min(len(rows), 1), bool), differs]))
    counts = np.diff(np.append(starts, len(rows)))
    inverse = np.repeat(np.arange(len(starts)), counts)
    values = new(np.ascontiguousarray(np.moveaxis(rows[starts], 0, axis)))
    where = new(inverse.reshape(array.shape if dim is None else -1)) if return_inverse else None
    return several(values, where, new(counts) if return_counts else None)
