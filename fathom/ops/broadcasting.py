"""What happens to operands before a primitive sees them: one dtype, one shape.

PyTorch's rules: sizes are matched from the last dim back, a size of 1 repeats; dtypes are promoted,
0-d tensors and Python numbers counting only by their kind.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes
from fathom.core.base import TensorBase, new
from fathom.core.errors import ShapeError
from fathom.ops.movement import Expand, Reshape

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Number = bool | int | float | complex


def paired(name: str, a: Tensor | Number, b: Tensor | Number) -> tuple[Tensor, Tensor]:
    """a and b as tensors of one dtype and one shape."""
    if isinstance(a, TensorBase):
        if isinstance(b, TensorBase):
            x, y = a.array, b.array
            if x.dtype is y.dtype:
                return (a, b) if x.shape == y.shape else same_shape(name, a, b)
        elif takes(a, b):
            return a, constant(b, a)
    elif isinstance(b, TensorBase) and takes(b, a):
        return constant(a, b), b
    return same_shape(name, *same_dtype(name, a, b))


def takes(x: Tensor, number: object) -> bool:
    """Whether a Python number meets x in x's own dtype: the usual case, told in one look."""
    kind = x.array.dtype.kind
    return (kind == "f" and type(number) in (float, int)) or (kind == "i" and type(number) is int)


def constant(number: Number, x: Tensor) -> Tensor:
    """The number at every place of x's shape: one element in memory, with strides of 0."""
    like = x.array
    return new(
        np.ndarray(like.shape, like.dtype, np.array(number, like.dtype), 0, (0,) * len(like.shape))
    )


def same_dtype(name: str, *operands: Tensor | Number) -> list[Tensor]:
    """The operands as tensors of their common dtype."""
    if all(isinstance(x, TensorBase) for x in operands):
        first = operands[0].array.dtype
        if all(x.array.dtype is first for x in operands):
            return list(operands)
    common = result_type(*[operand_of(name, x) for x in operands])
    return [as_dtype(x, common) for x in operands]


def as_dtype(x: Tensor | Number, d: dtypes.dtype) -> Tensor:
    if isinstance(x, TensorBase):
        return x.to(d)
    return new(np.array(x, d.numpy))


def operand_of(name: str, x: object) -> Tensor | Number:
    """x, if it is something to compute with."""
    if isinstance(x, (TensorBase, bool, int, float, complex)):
        return x
    if isinstance(x, (np.ndarray, np.generic)):
        return new(np.asarray(x))
    raise TypeError(f"{name}: expected a tensor or a number, got {type(x).__name__}")


def result_type(*operands: Tensor | Number) -> dtypes.dtype:
    """The dtype that an operation on these gives.

    >>> fathom.result_type(fathom.tensor([1, 2]), 1.0)
    fathom.float32
    """
    ranks: list[dtypes.dtype | None] = [None, None, None]  # with dims, 0-d, Python numbers
    for x in operands:
        if isinstance(x, TensorBase):
            rank, d = (0 if x.array.shape else 1), x.dtype
        else:
            rank, d = 2, dtypes.of_scalar(x)
        ranks[rank] = d if ranks[rank] is None else dtypes.promote_types(ranks[rank], d)
    return dtypes.combine(*ranks)


def same_shape(name: str, *xs: Tensor) -> list[Tensor]:
    """The tensors expanded to their common shape."""
    shapes = tuple([x.array.shape for x in xs])
    shape = _broadcast(shapes)
    if shape is None:
        shape = broadcast_shapes(*shapes, name=name)  # which says what does not fit
    return [to_shape(x, shape) for x in xs]


def to_shape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x repeated along new or unit dims, without a copy."""
    before = x.array.shape
    if before == shape:
        return x
    if len(before) < len(shape):
        x = Reshape((1,) * (len(shape) - len(before)) + tuple(before))(x)
    return x if x.array.shape == shape else Expand(shape)(x)


@functools.lru_cache(maxsize=4096)
def _broadcast(shapes: tuple[tuple[int, ...], ...]) -> tuple[int, ...] | None:
    out: list[int] = []
    for k in range(1, max(map(len, shapes), default=0) + 1):
        sizes = {shape[-k] for shape in shapes if k <= len(shape)} - {1}
        if len(sizes) > 1:
            return None
        out.insert(0, sizes.pop() if sizes else 1)
    return tuple(out)


def broadcast_shapes(*shapes: Sequence[int], name: str = "broadcast_shapes") -> tuple[int, ...]:
    """The common shape of `shapes`; raises ShapeError where sizes differ and neither is 1.

    >>> fathom.broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    common = _broadcast(tuple(map(tuple, shapes)))
    if common is None:
        given = " and ".join(str(tuple(shape)) for shape in shapes)
        raise ShapeError(
            f"{name}: shapes {given} do not fit; from the last dim back, sizes must be equal or one of them 1"
        )
    return common


def floating(x: Tensor) -> Tensor:
    """x in a floating-point (or complex) dtype: integers become the default dtype."""
    if x.array.dtype.kind in "fcV" or x.dtype.kind == "float":
        return x
    return x.to(dtypes.get_default_dtype())
