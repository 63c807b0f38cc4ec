"""Middles, quantiles, spreads and correlations; and sums and means that leave NaN out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fathom.core import dtypes
from fathom.core.base import TensorBase
from fathom.core.errors import DtypeError, ShapeError
from fathom.ops.axes import numpy_names, one_axis
from fathom.ops.broadcasting import floating
from fathom.ops.comparison import where
from fathom.ops.reduction import Extreme, amax, amin, argmax, mean, std, var
from fathom.ops.running import cummax
from fathom.ops.shaping import cat
from fathom.ops.sorting import sort

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Dims = int | Sequence[int] | None


class MinMax(NamedTuple):
    """The smallest and the largest element."""

    min: Tensor
    max: Tensor


@numpy_names
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """(min, max) over `dim` or all dims."""
    return MinMax(amin(input, dim, keepdim), amax(input, dim, keepdim))


@numpy_names
def var_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(`var`, `mean`) over `dim`."""
    if isinstance(dim, bool):  # var_mean(x, unbiased)
        dim, unbiased = None, dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, dim, keepdim)


@numpy_names
def std_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(`std`, `mean`) over `dim`."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, dim, keepdim)


@numpy_names
def nansum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    """`sum` with NaN counted as 0.

    >>> fathom.nansum(fathom.tensor([1., float("nan")]))
    tensor(1.)
    """
    return input.masked_fill(input.isnan(), 0).sum(dim, keepdim, dtype=dtype)


@numpy_names
def nanmean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    """`mean` of the elements that are not NaN; NaN where there is none."""
    x = input if dtype is None else input.to(dtype)
    return nansum(x, dim, keepdim) / (~x.isnan()).sum(dim, keepdim).to(x.dtype)


# ---- middles -------------------------------------------------------------------------------------


def picked(x: Tensor, places: Tensor, axis: int, keepdim: bool) -> Extreme:
    """The elements at places (of size 1 along the axis)."""
    values = x.take_along_dim(places, axis)
    return (
        Extreme(values, places) if keepdim else Extreme(values.squeeze(axis), places.squeeze(axis))
    )


def msort(input: Tensor) -> Tensor:
    """The elements in ascending order along dim 0."""
    return sort(input, 0).values


@numpy_names
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Extreme:
    """(values, indices) of the k-th smallest element along `dim`; k counts from 1.

    >>> fathom.kthvalue(fathom.tensor([5., 1., 3.]), 2).values
    tensor(3.)
    """
    axis = one_axis(dim, input.ndim, "kthvalue")
    x = input if input.ndim else input.reshape(1)
    if not 1 <= k <= x.shape[axis]:
        raise RuntimeError(f"kthvalue: selected number k out of range for dimension {dim}, got {k}")
    found = picked(x, x.argsort(axis).narrow(axis, k - 1, 1), axis, keepdim and bool(input.ndim))
    return found


def middle(input: Tensor, dim: int | None, keepdim: bool, ignore_nan: bool):
    """The element in the middle of the order: the lower one of two; NaN where there is one to respect."""
    name = "nanmedian" if ignore_nan else "median"
    x = input.reshape(-1) if dim is None or not input.ndim else input
    axis = 0 if dim is None else one_axis(dim, input.ndim, name)
    n = x.shape[axis]
    if not n:
        if dim is None:
            return input.new_full((), float("nan"))
        raise IndexError(
            f"{name}: expected dim {dim} of {tuple(input.shape)} to have non-zero size"
        )
    numbers = n - x.isnan().sum(axis, keepdim=True)  # NaN stands last in the order
    if ignore_nan:
        rank = ((numbers - 1) // 2).clamp(min=0)
    else:
        rank = where(numbers < n, numbers, (n - 1) // 2)
    places = x.argsort(axis).take_along_dim(rank, axis)
    if dim is None:
        return picked(x, places, axis, False).values
    return picked(x, places, axis, keepdim and bool(input.ndim))


@numpy_names
def median(input: Tensor, dim: int | None = None, keepdim: bool = False):
    """The middle element, or the lower one of the two in the middle; (values, indices) along a `dim`.

    NaN where there is a NaN; see `nanmedian`. For the mean of the two use `quantile(x, 0.5)`.

    >>> fathom.median(fathom.tensor([4., 1., 3., 2.]))
    tensor(2.)
    """
    return middle(input, dim, keepdim, False)


@numpy_names
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False):
    """`median` of the elements that are not NaN."""
    return middle(input, dim, keepdim, True)


@numpy_names
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Extreme:
    """(values, indices): the most frequent element along `dim`, the smallest of several, and its last place.

    >>> fathom.mode(fathom.tensor([2, 1, 2, 1, 0])).values
    tensor(1)
    """
    axis = one_axis(dim, input.ndim, "mode")
    x = input.movedim(axis, -1) if input.ndim else input.reshape(1)
    n = x.shape[-1]
    if not n:
        raise IndexError(f"mode: expected dim {dim} of {tuple(input.shape)} to have non-zero size")
    values, order = sort(x, -1)
    places = order.new_tensor(np.arange(n))
    begins = cat([x.new_ones((*x.shape[:-1], 1)).bool(), values[..., 1:] != values[..., :-1]], -1)
    run_start = cummax(where(begins, places, 0), -1).values
    end = argmax(places - run_start, -1, keepdim=True)  # the end of the longest run of equals
    found = order.take_along_dim(end, -1)
    kept = keepdim and bool(input.ndim)
    return picked(x.movedim(-1, axis), found.movedim(-1, axis), axis, kept)


# ---- quantiles -----------------------------------------------------------------------------------

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@numpy_names
def quantile(
    input: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The value below which a part q of the elements lies, along `dim` or of all elements.

    q: a number in [0, 1], or a vector of them, which gives the result a first dim. interpolation:
    between the two nearest elements "linear", or "lower", "higher", "midpoint", "nearest". NaN gives NaN.

    >>> fathom.quantile(fathom.tensor([1., 2., 3., 4.]), 0.5)
    tensor(2.5000)
    """
    return quantiles("quantile", input, q, dim, keepdim, interpolation)


@numpy_names
def nanquantile(
    input: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """`quantile` of the elements that are not NaN."""
    return quantiles("nanquantile", input, q, dim, keepdim, interpolation)


def quantiles(
    name: str, input: Tensor, q, dim: int | None, keepdim: bool, interpolation: str
) -> Tensor:
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise DtypeError(
            f"{name}: input tensor must be either float or double dtype, got {input.dtype}"
        )
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            f"{name}: interpolation must be one of {INTERPOLATIONS}, but got {interpolation!r}"
        )
    given = isinstance(q, TensorBase)
    if given and (q.ndim > 1 or q.dtype != input.dtype):
        raise RuntimeError(
            f"{name}: q must be a number or a vector of {input.dtype}, got {q.dtype} {tuple(q.shape)}"
        )
    parts = q.reshape(-1) if given else input.new_tensor([q])
    if not bool(((parts >= 0) & (parts <= 1)).all()):
        raise RuntimeError(f"{name}: q values must be in the range [0, 1], got {parts.tolist()}")
    x = input.reshape(-1) if dim is None or not input.ndim else input
    axis = 0 if dim is None else one_axis(dim, input.ndim, name)
    if not x.shape[axis]:
        raise RuntimeError(f"{name}: input tensor must be non-empty")
    y = between(x.movedim(axis, -1), parts, name == "nanquantile", interpolation).movedim(-1, 0)
    if keepdim:
        kept = (
            [1] * input.ndim
            if dim is None
            else [1 if k == axis else n for k, n in enumerate(input.shape)]
        )
        y = y.reshape((y.shape[0], *kept))
    return y if given and q.ndim else y.squeeze(0)


def between(x: Tensor, q: Tensor, ignore_nan: bool, interpolation: str) -> Tensor:
    """The quantiles q (Q) of the last dim. x (..., N) -> (..., Q)."""
    ordered = sort(x, -1).values
    n = x.shape[-1]
    numbers = n - x.isnan().sum(-1, keepdim=True)
    last = ((numbers if ignore_nan else numbers * 0 + n) - 1).clamp(min=0)
    rank = q * last.to(q.dtype)  # (..., Q)
    if not ignore_nan:  # NaN stands last: with one there, it is the answer
        rank = where(numbers < n, float(n - 1), rank).to(q.dtype)
    if interpolation in ("lower", "higher", "nearest"):
        chosen = {"lower": rank.floor, "higher": rank.ceil, "nearest": rank.round}[interpolation]()
        return ordered.take_along_dim(chosen.long(), -1)
    below = ordered.take_along_dim(rank.floor().long(), -1)
    above = ordered.take_along_dim(rank.ceil().long(), -1)
    weight = rank - rank.floor() if interpolation == "linear" else 0.5
    return below + (above - below) * weight


# ---- together ------------------------------------------------------------------------------------


def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    r"""Covariances of variables (rows) over observations (columns). (V, N) -> (V, V).

    $\frac{1}{n - c} \sum_k (x_{ik} - \bar x_i)(x_{jk} - \bar x_j)$. fweights: how often each observation
    counts; aweights: how much.

    >>> fathom.cov(fathom.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise ShapeError(f"cov: expected a matrix or a vector, got {tuple(input.shape)}")
    x = floating(input).reshape((-1, input.shape[-1] if input.ndim else 1))
    weight = x.new_ones((x.shape[1],))
    weight = weight if fweights is None else weight * fweights
    total = weight.sum()
    if aweights is not None:
        weight = weight * aweights
        counted = weight.sum() - correction * (weight * aweights).sum() / weight.sum()
    else:
        counted = total - correction
    centred = x - (x * weight).sum(1, keepdim=True) / weight.sum()
    y = (centred * weight) @ centred.conj().T / counted.real.clamp(min=0)
    return y if input.ndim > 1 else y.reshape(())


def corrcoef(input: Tensor) -> Tensor:
    r"""Correlations of variables (rows) over observations (columns), $c_{ij} / \sqrt{c_{ii} c_{jj}}$."""
    c = cov(input)
    if not c.ndim:
        return c / c
    spread = c.diagonal().real.sqrt()
    y = c / spread.unsqueeze(1) / spread.unsqueeze(0)
    return y.clamp(-1, 1) if y.dtype.kind == "float" else y
