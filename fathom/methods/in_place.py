"""The methods that write into the tensor: a trailing underscore, and `+=` and its like."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fathom.core import inplace
from fathom.core.base import TensorBase
from fathom.ops import arithmetic, comparison, exponential, indexing, shaping

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def in_place(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method that writes the operation's result into the tensor: `add_` of `add`."""

    @functools.wraps(operation)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return inplace.assign(self, operation(inplace.alias(self), *args, **kwargs))

    method.__doc__ = f"`{operation.__name__}`, written into this tensor."
    return method


class InPlace(TensorBase):
    """The methods that write, and return the tensor itself."""

    __iadd__ = in_place(arithmetic.add)
    __isub__ = in_place(arithmetic.sub)
    __imul__ = in_place(arithmetic.mul)
    __itruediv__ = in_place(arithmetic.div)
    __ipow__ = in_place(arithmetic.pow)
    __ifloordiv__ = in_place(arithmetic.floor_divide)
    __imod__ = in_place(arithmetic.remainder)
    __iand__ = in_place(comparison.bitwise_and)
    __ior__ = in_place(comparison.bitwise_or)
    __ixor__ = in_place(comparison.bitwise_xor)

    add_ = in_place(arithmetic.add)
    sub_ = in_place(arithmetic.sub)
    mul_ = in_place(arithmetic.mul)
    div_ = in_place(arithmetic.div)
    pow_ = in_place(arithmetic.pow)
    floor_divide_ = in_place(arithmetic.floor_divide)
    remainder_ = in_place(arithmetic.remainder)
    neg_ = in_place(arithmetic.neg)
    abs_ = in_place(arithmetic.abs)
    sign_ = in_place(arithmetic.sign)
    floor_ = in_place(arithmetic.floor)
    ceil_ = in_place(arithmetic.ceil)
    round_ = in_place(arithmetic.round)
    trunc_ = in_place(arithmetic.trunc)
    exp_ = in_place(exponential.exp)
    log_ = in_place(exponential.log)
    sqrt_ = in_place(exponential.sqrt)
    rsqrt_ = in_place(exponential.rsqrt)
    sin_ = in_place(exponential.sin)
    cos_ = in_place(exponential.cos)
    tanh_ = in_place(exponential.tanh)
    sigmoid_ = in_place(exponential.sigmoid)
    relu_ = in_place(comparison.relu)
    clamp_ = in_place(comparison.clamp)
    clamp_min_ = in_place(comparison.clamp_min)
    clamp_max_ = in_place(comparison.clamp_max)
    masked_fill_ = in_place(comparison.masked_fill)
    scatter_ = in_place(indexing.scatter)
    scatter_add_ = in_place(indexing.scatter_add)
    index_add_ = in_place(indexing.index_add)
    addcmul_ = in_place(arithmetic.addcmul)
    addcdiv_ = in_place(arithmetic.addcdiv)
    lerp_ = in_place(arithmetic.lerp)
    reciprocal_ = in_place(arithmetic.reciprocal)
    square_ = in_place(arithmetic.square)
    log1p_ = in_place(exponential.log1p)
    expm1_ = in_place(exponential.expm1)
    logical_not_ = in_place(comparison.logical_not)
    nan_to_num_ = in_place(comparison.nan_to_num)
    unsqueeze_ = in_place(shaping.unsqueeze)
    squeeze_ = in_place(shaping.squeeze)
    t_ = in_place(shaping.t)
    transpose_ = in_place(shaping.transpose)
