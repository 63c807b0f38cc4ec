"""What stands in the brackets of x[...]: a key as one item for each dim.

A key of ints, slices, None and ... is a view: Slice, then Reshape. Integer and boolean tensors in a key choose
rows; they are left to `indexing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fathom.core.base import TensorBase, is_plain, new
from fathom.ops.comparison import where
from fathom.ops.movement import Reshape, Slice

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def is_mask(k) -> bool:
    """Whether an item of a key is boolean."""
    if isinstance(k, list):
        k = np.asarray(plain_items(k))
    return isinstance(k, bool) or str(getattr(k, "dtype", "")).endswith("bool")


def view_of(x: Tensor, key) -> tuple[Tensor, list]:
    """x with the key's ints, slices, None and ... applied, as a view; and for each dim of the view the
    integer index tensor that remains to be applied, or None."""
    shape = tuple(x.array.shape)
    items = expanded(x, key)
    spans: list[tuple[int, int, int] | int] = []
    to: list[int] = []
    advanced: list = []
    for item in items:
        axis = len(spans)
        if item is None:
            to.append(1)
            advanced.append(None)
        elif isinstance(item, TensorBase):
            spans.append((0, shape[axis], 1))
            to.append(shape[axis])
            advanced.append(in_range(item, shape[axis], axis))
        elif isinstance(item, slice):
            span = span_of(item, shape[axis])
            spans.append(span)
            to.append(len(range(*span)))
            advanced.append(None)
        else:
            n = shape[axis]
            if not -n <= item < n:
                raise IndexError(
                    f"index {item} is out of bounds for dimension {axis} with size {n}"
                )
            spans.append(item % n)
    y = Slice(tuple(spans))(x)
    return (y if len(to) == y.ndim else Reshape(tuple(to))(y)), advanced


def span_of(item: slice, n: int) -> tuple[int, int, int]:
    """The slice as (start, stop, step), inside the axis; stop is -1 where it runs down past 0."""
    bounds = [
        b.item() if isinstance(b, TensorBase) else b for b in (item.start, item.stop, item.step)
    ]
    start, stop, step = slice(*bounds).indices(n)
    if step < 0:
        raise ValueError("step must be greater than zero; use flip for a reversed tensor")
    return (start, max(start, stop), step)


def expanded(x: Tensor, key) -> list:
    """The key as one item a dim: ... and missing dims filled with full slices, masks turned into indices."""
    items: list = []
    for item in key if isinstance(key, tuple) else (key,):
        if item is None or item is Ellipsis or isinstance(item, slice):
            items.append(item)
        elif isinstance(item, (bool, np.bool_)):
            raise IndexError(
                "a Python bool is no index here; use a boolean tensor, or None for a new dim"
            )
        elif hasattr(item, "__index__") and not hasattr(item, "shape"):
            items.append(int(item))
        else:
            index = index_tensor(x, item)
            if index.dtype.kind == "bool":
                items += [("mask", index)]
            elif not index.ndim and is_plain(index):
                items.append(int(index.item()))
            else:
                items.append(index)
    used = sum(
        item[1].ndim if isinstance(item, tuple) else item is not None and item is not Ellipsis
        for item in items
    )
    missing = x.ndim - used
    if missing < 0:
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}: the key has {used}")
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    at = next(k for k, item in enumerate(items) if item is Ellipsis)
    items[at : at + 1] = [slice(None)] * missing
    full: list = []
    for item in items:
        if isinstance(item, tuple):
            axis = sum(done is not None for done in full)
            check_mask(x, item[1], axis)
            full += list(item[1].nonzero(as_tuple=True))
        else:
            full.append(item)
    return full


def index_tensor(x: Tensor, item) -> Tensor:
    """A list, range, array or tensor in a key, as a tensor."""
    if isinstance(item, (str, float, complex, dict, set)):
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and integer or bool tensors, arrays and lists"
            f" are valid indices, got {type(item).__name__}"
        )
    if not isinstance(item, TensorBase):
        array = np.asarray(plain_items(item))
        item = new(array.astype(np.int64) if not array.size and array.dtype.kind == "f" else array)
    if item.dtype.kind not in ("int", "bool"):
        raise IndexError(
            f"tensors used as indices must be long, int, byte or bool tensors, got {item.dtype}"
        )
    return item


def plain_items(item):
    if isinstance(item, (list, tuple, range)):
        return [plain_items(k) for k in item]
    return item.numpy() if isinstance(item, TensorBase) else item


def check_mask(x: Tensor, mask: Tensor, axis: int) -> None:
    here = tuple(x.shape[axis : axis + mask.ndim])
    if tuple(mask.shape) != here:
        raise IndexError(
            f"The shape of the mask {tuple(mask.shape)} at index {axis} does not match the shape of the"
            f" indexed tensor {tuple(x.shape)}"
        )


def in_range(index: Tensor, n: int, axis: int) -> Tensor:
    """The index with negative numbers counted from the end; raises IndexError where one is outside."""
    if is_plain(index) and index.numel():
        low, high = index.array.min(), index.array.max()
        if low < -n or high >= n:
            bad = high if high >= n else low
            raise IndexError(f"index {bad} is out of bounds for dimension {axis} with size {n}")
        if low >= 0:
            return index.long() if index.array.dtype != np.int64 else index
    index = index.long()
    return where(index < 0, index + n, index)
