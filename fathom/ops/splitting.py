"""More ways to take tensors apart and put them together: the splits, the stacks, sliding and strided views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import loop
from fathom.core.base import TensorBase
from fathom.core.errors import ShapeError
from fathom.core.primitive import Linear
from fathom.ops.axes import numpy_names, one_axis, sizes_of
from fathom.ops.gathering import ScatterAdd
from fathom.ops.movement import Permute, Reshape
from fathom.ops.shaping import cat, narrow, reshape, split, vstack
from fathom.ops.windows import Windows

if TYPE_CHECKING:
    from fathom.tensors import Tensor


# ---- apart ---------------------------------------------------------------------------------------


@numpy_names
def tensor_split(
    input: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0
) -> tuple[Tensor, ...]:
    """Views of n parts along `dim`, sizes differing by at most 1, or of the parts between indices.

    >>> fathom.tensor_split(fathom.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if not input.ndim:
        raise RuntimeError("tensor_split: expected at least a 1-d tensor, got a 0-d one")
    axis = one_axis(dim, input.ndim, "tensor_split")
    n = input.shape[axis]
    given = indices_or_sections
    given = given.tolist() if isinstance(given, TensorBase) else given
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(
                f"tensor_split: number of sections must be larger than 0, got {given}"
            )
        bounds = [k * (n // given) + min(k, n % given) for k in range(given + 1)]
    else:
        bounds = [0, *(slice(None, k).indices(n)[1] for k in given), n]
    pairs = zip(bounds[:-1], bounds[1:], strict=True)
    return tuple(narrow(input, axis, start, max(stop - start, 0)) for start, stop in pairs)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split` into parts of the sizes given."""
    return split(input, list(split_sizes), dim)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along dim 1, or dim 0 of a vector; a number of sections must divide the size."""
    return even_split("hsplit", input, indices_or_sections, 0 if input.ndim == 1 else 1, 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along dim 0."""
    return even_split("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along dim 2."""
    return even_split("dsplit", input, indices_or_sections, 2, 3)


def even_split(name: str, input: Tensor, sections, axis: int, least: int) -> tuple[Tensor, ...]:
    if input.ndim < least:
        raise RuntimeError(f"{name}: needs at least {least} dim(s), got {tuple(input.shape)}")
    if isinstance(sections, int) and (sections <= 0 or input.shape[axis] % sections):
        raise RuntimeError(
            f"{name}: size {input.shape[axis]} is not divisible into {sections} parts"
        )
    return tensor_split(input, sections, axis)


# ---- together ------------------------------------------------------------------------------------


def atleast_3d(input: Tensor) -> Tensor:
    """At least 3 dims: a vector becomes (1, N, 1), a matrix (N, M, 1)."""
    if input.ndim > 2:
        return input
    n, m = ((1, 1), (1, -1), tuple(input.shape))[input.ndim]
    return reshape(input, (n, m, 1))


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one behind the other: along dim 2."""
    return cat([atleast_3d(x) for x in tensors], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Vectors as the columns of a matrix; matrices side by side."""
    return cat([reshape(x, (-1, 1)) if x.ndim < 2 else x for x in tensors], 1)


# ---- views ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AsStrided(Linear):
    r"""$y_i = x_{o + \sum_d s_d i_d}$, x counted in row-major order: a view with any strides."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    is_view = True

    def shape(self, x):
        return self.size

    def eager(self, xp, x):
        x = xp.ascontiguousarray(x)
        strides, start = tuple(step * x.itemsize for step in self.stride), self.offset * x.itemsize
        if xp is np and x.size and x.dtype.kind in "fiubc" and x.flags.writeable:
            return np.ndarray(self.size, x.dtype, x, start, strides)  # known as a view of x
        return xp.lib.stride_tricks.as_strided(x.reshape(-1)[self.offset :], self.size, strides)

    def places(self) -> np.ndarray:
        """The position in x of each element."""
        grid = np.indices(self.size).reshape(len(self.size), -1)
        return (np.array(self.stride, np.int64) @ grid + self.offset).reshape(self.size)

    def adjoint(self, g, x):
        index = g.new_tensor(self.places()).reshape(-1)
        return (ScatterAdd(prod(x.shape))(g.reshape(-1), index).reshape(x.shape),)

    def batch(self, size, batched, x):
        every = prod(x.shape[1:])
        return AsStrided((size, *self.size), (every, *self.stride), self.offset)(x)

    def element(self, i, x):
        place = loop.Const(self.offset)
        for k, step in zip(i, self.stride, strict=True):
            place = place + loop.as_expr(k) * step
        return x[loop.unravel(place, x.shape)]


def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A view of the input's elements, counted in row-major order, with any sizes and strides.

    Strides and offset count elements. Raises RuntimeError where the view would reach outside.

    >>> fathom.as_strided(fathom.arange(4), (3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    size, stride, offset = tuple(size), tuple(stride), storage_offset or 0
    if len(size) != len(stride) or min((*size, *stride, offset), default=0) < 0:
        raise RuntimeError(
            f"as_strided: size {size} and stride {stride} must be equally many numbers >= 0"
        )
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if prod(size) and last >= input.numel():
        raise RuntimeError(
            f"as_strided: size {size}, stride {stride} and offset {offset} reach element {last}"
            f" of a tensor of {input.numel()}"
        )
    return AsStrided(size, stride, offset)(input)


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` elements along a dim, `step` apart, as a view with the windows' elements last.

    >>> fathom.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    axis = one_axis(dimension, input.ndim, "unfold")
    n = input.shape[axis] if input.ndim else 1
    if size > n or size < 0:
        raise RuntimeError(f"unfold: maximum size for dim {dimension} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"unfold: step is {step} but must be > 0")
    x = input if input.ndim else input.reshape(1)
    order = [k for k in range(x.ndim) if k != axis] + [axis]
    windows = Windows((size,), (step,), (1,))(Permute(tuple(order))(x))  # (..., count, size)
    back = [order.index(k) for k in range(x.ndim)] + [x.ndim]
    return Permute(tuple(back))(windows)


def sum_to_size(input: Tensor, *size) -> Tensor:
    """The input summed over the dims in which it is larger than `size`: the reverse of `expand`."""
    to = sizes_of(size)
    lead = input.ndim - len(to)
    pairs = list(zip(input.shape[max(lead, 0) :], to, strict=False))
    if lead < 0 or any(m not in (1, n) for n, m in pairs):
        raise ShapeError(f"sum_to_size: size {to} is not expandable to size {tuple(input.shape)}")
    axes = [*range(lead), *(lead + k for k, (n, m) in enumerate(pairs) if n != m)]
    return Reshape(to)(input.sum(axes) if axes else input)


row_stack = vstack
