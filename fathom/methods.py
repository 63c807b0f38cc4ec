"""The functions that are methods too: a method *is* a function, named here once.

`y.exp()` is `fathom.exp(y)`; a name with a trailing underscore writes the result into the tensor.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fathom.core import dtypes, inplace
from fathom.core.base import TensorBase
from fathom.ops import (
    arithmetic, comparison, complexes, contraction, creation, exponential, indexing, reduction,
    shaping, sorting,
)  # fmt: skip

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def in_place(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method that writes the operation's result into the tensor: `add_` of `add`."""

    @functools.wraps(operation)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return inplace.assign(self, operation(inplace.alias(self), *args, **kwargs))

    method.__doc__ = f"`{operation.__name__}`, written into this tensor."
    return method


def reflected(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`b - a` from `a - b`: what Python asks for when the left operand is no tensor."""

    def method(self: Tensor, other: Any) -> Tensor:
        return operation(other, self)

    return method


def converter(d: dtypes.dtype) -> Callable[..., Tensor]:
    """The method that gives the tensor in one dtype: `x.long()`."""

    def method(self: Tensor) -> Tensor:
        return self.to(d)

    method.__doc__ = f"The tensor in {d.name}."
    return method


class Methods(TensorBase):
    """What a tensor can do."""

    # ---- operators ----

    __add__ = arithmetic.add
    __radd__ = reflected(arithmetic.add)
    __sub__ = arithmetic.sub
    __rsub__ = reflected(arithmetic.sub)
    __mul__ = arithmetic.mul
    __rmul__ = reflected(arithmetic.mul)
    __truediv__ = arithmetic.div
    __rtruediv__ = reflected(arithmetic.div)
    __floordiv__ = arithmetic.floor_divide
    __rfloordiv__ = reflected(arithmetic.floor_divide)
    __mod__ = arithmetic.remainder
    __rmod__ = reflected(arithmetic.remainder)
    __pow__ = arithmetic.pow
    __rpow__ = reflected(arithmetic.pow)
    __matmul__ = contraction.matmul
    __rmatmul__ = reflected(contraction.matmul)
    __neg__ = arithmetic.neg
    __pos__ = arithmetic.positive
    __abs__ = arithmetic.abs
    __invert__ = comparison.bitwise_not
    __and__ = comparison.bitwise_and
    __rand__ = reflected(comparison.bitwise_and)
    __or__ = comparison.bitwise_or
    __ror__ = reflected(comparison.bitwise_or)
    __xor__ = comparison.bitwise_xor
    __rxor__ = reflected(comparison.bitwise_xor)
    __lt__ = comparison.lt
    __le__ = comparison.le
    __gt__ = comparison.gt
    __ge__ = comparison.ge
    __eq__ = comparison.eq                       # type: ignore[assignment]
    __ne__ = comparison.ne                       # type: ignore[assignment]
    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
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

    # ---- arithmetic ----

    add = arithmetic.add
    sub = arithmetic.sub
    subtract = arithmetic.subtract
    mul = arithmetic.mul
    multiply = arithmetic.multiply
    div = arithmetic.div
    divide = arithmetic.divide
    true_divide = arithmetic.true_divide
    floor_divide = arithmetic.floor_divide
    remainder = arithmetic.remainder
    fmod = arithmetic.fmod
    neg = arithmetic.neg
    negative = arithmetic.negative
    positive = arithmetic.positive
    pow = arithmetic.pow
    square = arithmetic.square
    abs = arithmetic.abs
    absolute = arithmetic.absolute
    sign = arithmetic.sign
    sgn = arithmetic.sgn
    floor = arithmetic.floor
    ceil = arithmetic.ceil
    trunc = arithmetic.trunc
    round = arithmetic.round
    frac = arithmetic.frac
    addcmul = arithmetic.addcmul
    addcdiv = arithmetic.addcdiv
    lerp = arithmetic.lerp
    reciprocal = arithmetic.reciprocal

    # ---- comparison ----

    lt = comparison.lt
    less = comparison.less
    le = comparison.le
    less_equal = comparison.less_equal
    gt = comparison.gt
    greater = comparison.greater
    ge = comparison.ge
    greater_equal = comparison.greater_equal
    eq = comparison.eq
    ne = comparison.ne
    not_equal = comparison.not_equal
    logical_and = comparison.logical_and
    logical_or = comparison.logical_or
    logical_xor = comparison.logical_xor
    logical_not = comparison.logical_not
    bitwise_and = comparison.bitwise_and
    bitwise_or = comparison.bitwise_or
    bitwise_xor = comparison.bitwise_xor
    bitwise_not = comparison.bitwise_not
    where = comparison.chosen
    masked_fill = comparison.masked_fill
    maximum = comparison.maximum
    minimum = comparison.minimum
    fmax = comparison.fmax
    fmin = comparison.fmin
    clamp = comparison.clamp
    clamp_min = comparison.clamp_min
    clamp_max = comparison.clamp_max
    clip = comparison.clip
    relu = comparison.relu
    isnan = comparison.isnan
    isinf = comparison.isinf
    isfinite = comparison.isfinite
    isclose = comparison.isclose
    allclose = comparison.allclose
    equal = comparison.equal
    nan_to_num = comparison.nan_to_num

    # ---- complexes ----

    conj = complexes.conj
    angle = complexes.angle

    # ---- contraction ----

    dot = contraction.dot
    mv = contraction.mv
    mm = contraction.mm
    bmm = contraction.bmm
    matmul = contraction.matmul
    addmm = contraction.addmm
    outer = contraction.outer

    # ---- creation ----

    clone = creation.clone
    new_tensor = creation.new_tensor
    new_zeros = creation.new_zeros
    new_ones = creation.new_ones
    new_full = creation.new_full
    new_empty = creation.new_empty
    to = creation.to
    type = creation.type

    # ---- exponential ----

    exp = exponential.exp
    exp2 = exponential.exp2
    expm1 = exponential.expm1
    log = exponential.log
    log2 = exponential.log2
    log10 = exponential.log10
    log1p = exponential.log1p
    sqrt = exponential.sqrt
    rsqrt = exponential.rsqrt
    sin = exponential.sin
    cos = exponential.cos
    tan = exponential.tan
    tanh = exponential.tanh
    sinh = exponential.sinh
    cosh = exponential.cosh
    atan2 = exponential.atan2
    atan = exponential.atan
    asin = exponential.asin
    acos = exponential.acos
    asinh = exponential.asinh
    acosh = exponential.acosh
    atanh = exponential.atanh
    sigmoid = exponential.sigmoid
    logaddexp = exponential.logaddexp
    logit = exponential.logit
    deg2rad = exponential.deg2rad
    rad2deg = exponential.rad2deg
    arccos = exponential.arccos
    arcsin = exponential.arcsin
    arctan = exponential.arctan
    arctan2 = exponential.arctan2
    arccosh = exponential.arccosh
    arcsinh = exponential.arcsinh
    arctanh = exponential.arctanh

    # ---- indexing ----

    gather = indexing.gather
    take_along_dim = indexing.take_along_dim
    scatter_add = indexing.scatter_add
    scatter = indexing.scatter
    index_select = indexing.index_select
    index_add = indexing.index_add
    masked_select = indexing.masked_select
    take = indexing.take
    nonzero = indexing.nonzero

    # ---- reduction ----

    sum = reduction.sum
    mean = reduction.mean
    var = reduction.var
    std = reduction.std
    prod = reduction.prod
    cumsum = reduction.cumsum
    cumprod = reduction.cumprod
    amax = reduction.amax
    amin = reduction.amin
    argmax = reduction.argmax
    argmin = reduction.argmin
    max = reduction.max
    min = reduction.min
    all = reduction.all
    any = reduction.any
    logsumexp = reduction.logsumexp

    # ---- shaping ----

    reshape = shaping.reshape
    view = shaping.view
    view_as = shaping.view_as
    reshape_as = shaping.reshape_as
    flatten = shaping.flatten
    unflatten = shaping.unflatten
    ravel = shaping.ravel
    permute = shaping.permute
    transpose = shaping.transpose
    t = shaping.t
    movedim = shaping.movedim
    moveaxis = shaping.moveaxis
    unsqueeze = shaping.unsqueeze
    squeeze = shaping.squeeze
    expand = shaping.expand
    expand_as = shaping.expand_as
    broadcast_to = shaping.broadcast_to
    repeat = shaping.repeat
    tile = shaping.tile
    narrow = shaping.narrow
    split = shaping.split
    chunk = shaping.chunk
    unbind = shaping.unbind
    flip = shaping.flip
    roll = shaping.roll
    swapaxes = shaping.swapaxes
    swapdims = shaping.swapdims

    # ---- sorting ----

    argsort = sorting.argsort
    sort = sorting.sort
    topk = sorting.topk

    # ---- other dtypes ----

    float = converter(dtypes.float32)
    double = converter(dtypes.float64)
    half = converter(dtypes.float16)
    bfloat16 = converter(dtypes.bfloat16)
    long = converter(dtypes.int64)
    int = converter(dtypes.int32)
    short = converter(dtypes.int16)
    char = converter(dtypes.int8)
    byte = converter(dtypes.uint8)
    bool = converter(dtypes.bool_)

    # ---- written in place ----

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

    # ---- properties ----

    real = property(complexes.real)
    imag = property(complexes.imag)
