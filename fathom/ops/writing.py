"""A tensor with some of its elements replaced, added to or combined: by index, by mask, by place.

None of these writes; the methods with a trailing underscore do (`x.index_fill_(...)`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import inplace, loop
from fathom.core.base import TensorBase
from fathom.core.errors import DtypeError, ShapeError
from fathom.core.primitive import Primitive, total
from fathom.ops.axes import numpy_names, one_axis
from fathom.ops.broadcasting import to_shape
from fathom.ops.comparison import where
from fathom.ops.gathering import Gather, Put, ScatterAdd
from fathom.ops.indexing import along, fitted, getitem, scattered
from fathom.ops.indexing import put as put_at
from fathom.ops.keys import in_range, view_of

if TYPE_CHECKING:
    from fathom.tensors import Tensor

UFUNC = {"prod": "multiply", "amax": "maximum", "amin": "minimum"}
STARTS = {"prod": "*", "amax": "max", "amin": "min"}


@dataclass(frozen=True)
class ScatterReduce(Primitive):
    r"""x with elements combined by number, $y_n = f(x_n, v_i, ...)$ over all i with index_i = n.

    x (N), index (I), v (I) -> (N); `name` is "prod", "amax" or "amin". Ties share the gradient equally.
    """

    name: str

    def shape(self, x, index, v):
        return x

    def eager(self, xp, x, index, v):
        y = x.copy()
        getattr(xp, UFUNC[self.name]).at(y, index, v)
        return y

    def slopes(self, y, x, index, v):
        """dy/dx, and dy/dv at each index."""
        if self.name == "prod":
            return self.others(x, index, v)
        of_x, of_v = (x == y).to(y.dtype), (v == Gather()(y, index)).to(y.dtype)
        ties = of_x + ScatterAdd(y.shape[0])(of_v, index)
        return of_x / ties, of_v / Gather()(ties, index)

    def others(self, x, index, v):
        """The product of all other factors, for each factor: exact where one of them is 0."""
        is_zero = ((x == 0).to(x.dtype), (v == 0).to(x.dtype))
        zeros = is_zero[0] + ScatterAdd(x.shape[0])(is_zero[1], index)
        safe = (x.masked_fill(x == 0, 1), v.masked_fill(v == 0, 1))
        whole = self(safe[0], index, safe[1])

        def without(factor, zero, whole, zeros):
            return where(zeros == zero, whole / factor, whole.new_zeros(()))

        return (
            without(safe[0], is_zero[0], whole, zeros),
            without(safe[1], is_zero[1], Gather()(whole, index), Gather()(zeros, index)),
        )

    def vjp(self, wanted, g, y, x, index, v):
        of_x, of_v = self.slopes(y, x, index, v)
        return g * of_x, None, Gather()(g, index) * of_v

    def jvp(self, dxs, y, x, index, v):
        of_x, of_v = self.slopes(y, x, index, v)
        dx, _, dv = dxs
        added = None if dv is None else ScatterAdd(y.shape[0])(dv * of_v, index)
        return total([None if dx is None else dx * of_x, added])

    def batch(self, size, batched, x, index, v):
        x, index, v = (
            a if b else a.expand((size, *a.shape))
            for a, b in zip((x, index, v), batched, strict=True)
        )
        n = x.shape[1]
        first = index.new_tensor(np.arange(size) * n).unsqueeze(1)
        return self(x.reshape(-1), (index + first).reshape(-1), v.reshape(-1)).reshape(x.shape)

    def element(self, i, x, index, v):
        k = loop.Index(index.shape[0])
        here = loop.equal(index[[k]], i[0])
        neutral = loop.Const(1, x.dtype) if self.name == "prod" else x[i]
        met = loop.reduce(STARTS[self.name], [k], loop.where(here, v[[k]], neutral))
        if self.name == "prod":
            return x[i] * met
        return loop.maximum(x[i], met) if self.name == "amax" else loop.minimum(x[i], met)


# ---- by index ------------------------------------------------------------------------------------


@numpy_names
def index_fill(input: Tensor, dim: int, index: Tensor, value: float | Tensor) -> Tensor:
    """The input with one value in the slices that `index` names along `dim`."""
    axis = one_axis(dim, input.ndim, "index_fill")
    if isinstance(value, TensorBase) and value.ndim:
        raise RuntimeError(
            f"index_fill: only supports a 0-d value tensor, got {tuple(value.shape)}"
        )
    filling = value if isinstance(value, TensorBase) else input.new_tensor(value)
    return put_at(input, advanced_at(input, axis, index), filling)


@numpy_names
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """The input with slices of source in the places that `index` names along `dim`.

    >>> fathom.zeros(3).index_copy(0, fathom.tensor([2, 0]), fathom.tensor([5., 7.]))
    tensor([7., 0., 5.])
    """
    axis = one_axis(dim, input.ndim, "index_copy")
    if source.dtype != input.dtype:
        raise DtypeError(
            f"index_copy: input and source expected to have the same dtype, got {input.dtype} and {source.dtype}"
        )
    expected = tuple(index.numel() if k == axis else n for k, n in enumerate(input.shape))
    if tuple(source.shape) != expected:
        raise ShapeError(
            f"index_copy: source must have shape {expected}, got {tuple(source.shape)}"
        )
    return put_at(input, advanced_at(input, axis, index), source)


def advanced_at(input: Tensor, axis: int, index: Tensor) -> list:
    """A key with the index at one axis and all of the others."""
    key: list = [None] * input.ndim
    key[axis] = in_range(index.reshape(-1), input.shape[axis], axis)
    return key


def index_put(
    input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False
) -> Tensor:
    """The input with `values` at input[indices]; accumulate adds them, also where a place repeats.

    >>> i = fathom.tensor([0, 0])
    >>> fathom.zeros(2).index_put((i,), fathom.ones(2), accumulate=True)
    tensor([2., 0.])
    """
    if values.dtype != input.dtype:
        raise DtypeError(
            f"index_put: values must have the input's dtype {input.dtype}, got {values.dtype}"
        )
    viewed, advanced = view_of(input, tuple(slice(None) if k is None else k for k in indices))
    if not accumulate:
        return put_at(viewed, advanced, values)
    places = input.new_tensor(np.arange(input.numel())).reshape(input.shape)
    at = getitem(places, tuple(slice(None) if k is None else k for k in indices))
    values = to_shape(fitted(values, at.shape), tuple(at.shape))
    added = ScatterAdd(input.numel())(values.reshape(-1), at.reshape(-1))
    return input + added.reshape(input.shape)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """The input with source at places given by their number in the flattened input."""
    if source.dtype != input.dtype:
        raise DtypeError(
            f"put: source must have the input's dtype {input.dtype}, got {source.dtype}"
        )
    if index.numel() != source.numel():
        raise ShapeError(
            f"put: index {tuple(index.shape)} and source {tuple(source.shape)} must have equally many elements"
        )
    at = in_range(index.reshape(-1), input.numel(), 0)
    if accumulate:
        return input + ScatterAdd(input.numel())(source.reshape(-1), at).reshape(input.shape)
    return Put()(input.reshape(-1), at, source.reshape(-1)).reshape(input.shape)


REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@numpy_names
def scatter_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
) -> Tensor:
    """The input with each src element combined into the place that `index` names along `dim`.

    reduce: "sum", "prod", "mean", "amax" or "amin". include_self=False: places that something is
    written to start from nothing instead of from the input's element.

    >>> index = fathom.tensor([0, 0, 1])
    >>> fathom.zeros(2).scatter_reduce(0, index, fathom.tensor([1., 3., 2.]), "amax")
    tensor([3., 2.])
    """
    if reduce not in REDUCTIONS:
        raise RuntimeError(f"scatter_reduce: reduce must be one of {REDUCTIONS}, got {reduce!r}")
    axis, index, src = scattered("scatter_reduce", input, dim, index, src)
    x, v = input.reshape(-1), src.reshape(-1)
    at = along(input if input.ndim else x, index, axis).reshape(-1)
    n = x.shape[0]
    counts = ScatterAdd(n)(v.new_ones(v.shape), at)
    if not include_self:
        x = where(counts > 0, x.new_tensor(neutral(reduce, x)), x)
    if reduce in ("sum", "mean"):
        y = x + ScatterAdd(n)(v, at)
        if reduce == "mean":
            counts = (counts + 1 if include_self else counts).clamp(min=1)
            y = y / counts if y.dtype.kind == "float" else y // counts
    else:
        y = ScatterReduce(reduce)(x, at, v)
    return y.reshape(input.shape)


def neutral(reduce: str, x: Tensor) -> float:
    """The number that a reduction starts from."""
    if reduce in ("sum", "mean", "prod"):
        return 1 if reduce == "prod" else 0
    if x.dtype.kind == "float":
        return -float("inf") if reduce == "amax" else float("inf")
    limits = np.iinfo(x.dtype.numpy)
    return limits.min if reduce == "amax" else limits.max


@numpy_names
def index_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
) -> Tensor:
    """`scatter_reduce` of whole slices: `index` is a vector that names slices along `dim`."""
    axis = one_axis(dim, input.ndim, "index_reduce")
    wide = index.reshape([-1 if k == axis else 1 for k in range(source.ndim)]).expand(source.shape)
    return scatter_reduce(input, axis, wide, source, reduce, include_self=include_self)


# ---- by mask -------------------------------------------------------------------------------------


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The input with the places where the mask holds filled with the first elements of source, in order.

    >>> mask = fathom.tensor([True, False, True])
    >>> fathom.zeros(3).masked_scatter(mask, fathom.tensor([1., 2.]))
    tensor([1., 0., 2.])
    """
    if source.dtype != input.dtype:
        raise DtypeError(
            f"masked_scatter: expected self and source to have same dtypes, got {input.dtype} and {source.dtype}"
        )
    if mask.dtype.kind != "bool":
        raise DtypeError(f"masked_scatter: expected a boolean mask, got {mask.dtype}")
    chosen = to_shape(mask, tuple(input.shape)).reshape(-1)
    if source.numel() < int(chosen.sum().item()):
        raise RuntimeError(
            f"masked_scatter: source has {source.numel()} elements, the mask asks for {int(chosen.sum().item())}"
        )
    if not source.numel():
        return input.clone()
    turn = (chosen.long().cumsum(0) - 1).clamp(min=0)
    values = Gather()(source.reshape(-1), turn.clamp(max=source.numel() - 1))
    return where(chosen, values, input.reshape(-1)).reshape(input.shape)


# ---- by place ------------------------------------------------------------------------------------


@numpy_names
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One slice along `dim`, which disappears, as a view."""
    axis = one_axis(dim, input.ndim, "select")
    return getitem(input, (slice(None),) * axis + (int(index),))


@numpy_names
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """The input with src in place of one slice along `dim`."""
    y = input.clone()
    inplace.assign(select(y, dim, index), src)
    return y


@numpy_names
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """The input with src in place of input[start:end:step] along `dim`."""
    axis = one_axis(dim, input.ndim, "slice_scatter")
    y = input.clone()
    inplace.assign(getitem(y, (slice(None),) * axis + (slice(start, end, step),)), src)
    return y
