"""x[key] and x[key] = value, with every key that NumPy and PyTorch take.

A key of ints, slices, None and ... is a view: Slice, then Reshape. Integer and boolean tensors in a key
choose rows: their positions are worked out as one flat number each, and Gather reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import inplace
from fathom.core.base import TensorBase, is_plain, new
from fathom.core.errors import ShapeError
from fathom.ops.axes import numpy_names, one_axis
from fathom.ops.broadcasting import broadcast_shapes, to_shape
from fathom.ops.comparison import where
from fathom.ops.gathering import Gather, Pick, Put, ScatterAdd
from fathom.ops.keys import check_mask, in_range, index_tensor, is_mask, span_of, view_of
from fathom.ops.movement import Permute, Reshape, Slice
from fathom.ops.shaping import movedim

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def getitem(x: Tensor, key) -> Tensor:
    """x[key]."""
    if type(key) is int and x.array.shape:  # the commonest key, and the loop over a tensor
        return row(x, key)
    if type(key) is slice and x.array.shape:
        shape = x.array.shape
        return Slice((span_of(key, shape[0]), *[(0, n, 1) for n in shape[1:]]))(x)
    if (
        isinstance(key, TensorBase)
        and key.array.shape
        and key.array.dtype.kind == "i"
        and x.array.shape
    ):
        return Gather()(x, in_range(key, x.array.shape[0], 0))
    viewed, advanced = view_of(x, key)
    if all(index is None for index in advanced):
        return viewed
    return gathered(viewed, advanced)


def row(x: Tensor, k: int) -> Tensor:
    shape = tuple(x.array.shape)
    if not -shape[0] <= k < shape[0]:
        raise IndexError(f"index {k} is out of bounds for dimension 0 with size {shape[0]}")
    return Slice((k % shape[0], *[(0, n, 1) for n in shape[1:]]))(x)


def setitem(x: Tensor, key, value) -> None:
    """x[key] = value."""
    value = value if isinstance(value, TensorBase) else new_value(x, value)
    key = tuple(key) if isinstance(key, tuple) else (key,)
    masks = [k for k in key if is_mask(k)]
    if len(key) == 1 and len(masks) == 1 and not value.ndim:
        mask = index_tensor(x, key[0])
        check_mask(x, mask, 0)
        mask = mask.reshape(tuple(mask.shape) + (1,) * (x.ndim - mask.ndim))
        inplace.assign(x, where(mask.expand(x.shape), value.to(x.dtype), inplace.alias(x)))
        return
    viewed, advanced = view_of(x, key)
    if all(index is None for index in advanced):
        inplace.assign(viewed, to_shape(fitted(value, viewed.shape), tuple(viewed.shape)))
        return
    written = put(inplace.alias(viewed), advanced, value)
    inplace.assign(viewed, written)


def new_value(x: Tensor, value) -> Tensor:
    return (
        x.new_tensor(value)
        if isinstance(value, (bool, int, float, complex))
        else TensorBase.kind(value)
    )


def fitted(value: Tensor, shape: Sequence[int]) -> Tensor:
    """The value without leading dims of size 1 that the place does not have."""
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = value.reshape(value.shape[1:])
    try:
        fits = broadcast_shapes(value.shape, shape) == tuple(shape)
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError(
            f"shape mismatch: value of shape {tuple(value.shape)} cannot be broadcast to the place"
            f" of shape {tuple(shape)}"
        )
    return value


# ---- reading and writing by index tensors ----------------------------------------------------------


def flat_index(x: Tensor, advanced: list) -> tuple[Tensor, Tensor, int | None]:
    """x with its indexed dims first and joined, the joined index, and where the result's index dims belong
    (None: in front)."""
    axes = [axis for axis, index in enumerate(advanced) if index is not None]
    try:
        shape = broadcast_shapes(*[advanced[axis].shape for axis in axes], name="indexing")
    except ShapeError as error:
        raise IndexError(str(error)) from None
    indices = [to_shape(advanced[axis], shape) for axis in axes]
    sizes = [x.shape[axis] for axis in axes]
    joined = indices[0]
    for index, size in zip(indices[1:], sizes[1:], strict=True):
        joined = joined * size + index
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    if axes != list(range(len(axes))):
        x = Permute((*axes, *rest))(x)
    if len(axes) > 1:
        x = Reshape((prod(sizes), *x.shape[len(axes) :]))(x)
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    return x, joined, axes[0] if together else None


def gathered(x: Tensor, advanced: list) -> Tensor:
    """x read at index tensors; their dims stand where the indexed dims stood, or in front if those were apart."""
    rows, index, place = flat_index(x, advanced)
    y = Gather()(rows, index)
    if place:
        n = index.ndim
        y = movedim(y, tuple(range(n)), tuple(range(place, place + n)))
    return y


def put(x: Tensor, advanced: list, value: Tensor) -> Tensor:
    """x with the elements at index tensors replaced."""
    rows, index, place = flat_index(x, advanced)
    n = index.ndim
    rest = tuple(rows.shape[1:])
    shape = (*rest[:place], *index.shape, *rest[place:]) if place else (*index.shape, *rest)
    value = to_shape(fitted(value, shape), shape).to(x.dtype)
    if place:
        value = movedim(value, tuple(range(place, place + n)), tuple(range(n)))
    y = Put()(rows, index.reshape(-1), value.reshape((index.numel(), *rest)))
    axes = [axis for axis, k in enumerate(advanced) if k is not None]
    order = [*axes, *(axis for axis in range(x.ndim) if axis not in axes)]
    y = y.reshape(tuple(x.shape[axis] for axis in order))
    return Permute(tuple(order.index(axis) for axis in range(x.ndim)))(y)


def along(x: Tensor, index: Tensor, axis: int) -> Tensor:
    """The positions in x.reshape(-1) that `index` names along `axis`: those of `gather`."""
    strides = [prod(x.shape[k + 1 :]) for k in range(x.ndim)]
    position = index * strides[axis]
    for k in range(x.ndim):
        if k != axis:
            steps = index.new_tensor(np.arange(index.shape[k], dtype=np.int64) * strides[k])
            position = position + steps.reshape(tuple(-1 if d == k else 1 for d in range(x.ndim)))
    return position


def check_along(name: str, input: Tensor, axis: int, index: Tensor) -> None:
    if index.dtype.kind != "int":
        raise RuntimeError(f"{name}: Expected dtype int64 for index, got {index.dtype}")
    if index.ndim != input.ndim or any(
        m > n for k, (m, n) in enumerate(zip(index.shape, input.shape, strict=True)) if k != axis
    ):
        raise ShapeError(
            f"{name}: index {tuple(index.shape)} must have as many dims as the input {tuple(input.shape)},"
            f" and no larger size apart from dim {axis}"
        )


@numpy_names
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    r"""Elements named along `dim`: $y_{ij} = x_{\mathrm{index}_{ij}\, j}$ for dim 0."""
    axis = one_axis(dim, input.ndim, "gather")
    check_along("gather", input, axis, index)
    index = in_range(index, input.shape[axis], axis)
    if not input.ndim:
        return input.expand(index.shape)
    if index.shape == (*input.shape[:axis], 1, *input.shape[axis + 1 :]):
        return Pick(axis)(input, index)
    return Gather()(input.reshape(-1), along(input, index, axis))


@numpy_names
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` with input and indices broadcast to each other apart from `dim`."""
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    axis = one_axis(dim, input.ndim, "take_along_dim")
    common = broadcast_shapes(
        [1 if k == axis else n for k, n in enumerate(input.shape)],
        [1 if k == axis else n for k, n in enumerate(indices.shape)],
        name="take_along_dim",
    )
    fit = [
        tuple(x.shape[axis] if k == axis else n for k, n in enumerate(common))
        for x in (input, indices)
    ]
    return gather(to_shape(input, fit[0]), axis, to_shape(indices, fit[1]))


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    r"""The input with each src element added where `index` names along `dim`.

    For dim 0, $y_{\mathrm{index}_{ij}\, j} \mathrel{+}= s_{ij}$.
    """
    axis, index, src = scattered("scatter_add", input, dim, index, src)
    flat = ScatterAdd(input.numel())(src.reshape(-1), along(input, index, axis).reshape(-1))
    return input + flat.reshape(input.shape)


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float | None = None,
    *,
    value: float | None = None,
    reduce: str | None = None,
) -> Tensor:
    r"""The input with src (or `value`) written where `index` names along `dim`.

    For dim 0, $y_{\mathrm{index}_{ij}\, j} = s_{ij}$; of equal indices the last wins.
    """
    src = value if src is None else src
    if not isinstance(src, TensorBase):
        src = input.new_tensor(src).expand(index.shape)
    if reduce == "add":
        return scatter_add(input, dim, index, src)
    if reduce is not None:
        raise ValueError(f"scatter: reduce must be None or 'add', got {reduce!r}")
    axis, index, src = scattered("scatter", input, dim, index, src)
    flat = Put()(input.reshape(-1), along(input, index, axis).reshape(-1), src.reshape(-1))
    return flat.reshape(input.shape)


def scattered(
    name: str, input: Tensor, dim: int, index: Tensor, src: Tensor
) -> tuple[int, Tensor, Tensor]:
    axis = one_axis(dim, input.ndim, name)
    check_along(name, input, axis, index)
    if src.dtype != input.dtype:
        raise RuntimeError(
            f"{name}: expected self.dtype to be equal to src.dtype, got {input.dtype} and {src.dtype}"
        )
    if any(m > n for m, n in zip(index.shape, src.shape, strict=True)):
        raise ShapeError(
            f"{name}: index {tuple(index.shape)} must not be larger than src {tuple(src.shape)}"
        )
    index = in_range(index, input.shape[axis], axis)
    src = src[tuple(slice(0, n) for n in index.shape)]
    if not input.ndim:
        input, index, src = input.reshape(1), index.reshape(1), src.reshape(1)
    return axis, index, src


@numpy_names
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices that a vector of numbers names along `dim`."""
    axis = one_axis(dim, input.ndim, "index_select")
    key = [None] * input.ndim
    key[axis] = in_range(index.reshape(-1), input.shape[axis], axis)
    return gathered(input, key)


def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """The input with slices of source added where `index` names along `dim`."""
    axis = one_axis(dim, input.ndim, "index_add")
    index = in_range(index, input.shape[axis], axis)
    rows = ScatterAdd(input.shape[axis])(
        movedim(source * alpha if alpha != 1 else source, axis, 0), index
    )
    return input + movedim(rows, 0, axis)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in one dim."""
    shape = broadcast_shapes(input.shape, mask.shape, name="masked_select")
    return getitem(to_shape(input, shape), to_shape(mask, shape))


def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their number in the flattened input."""
    return Gather()(input.reshape(-1), in_range(index, input.numel(), 0))


def nonzero(input: Tensor, *, as_tuple: bool = False):
    """The positions of the elements that are not 0: (count, ndim), or a tuple of one vector a dim."""
    if not is_plain(input):
        raise needs_values("nonzero")
    found = input.array.nonzero() if input.ndim else np.atleast_1d(input.array).nonzero()[:0]
    if as_tuple:
        return tuple(new(np.asarray(k)) for k in found)
    return (
        new(np.stack(found, 1)) if found else new(np.zeros((int(bool(input.array)), 0), np.int64))
    )


def needs_values(name: str) -> RuntimeError:
    return RuntimeError(
        f"{name}: the shape of its result depends on the values, which are not known inside a transform; use where()"
    )
