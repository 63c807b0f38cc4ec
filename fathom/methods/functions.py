"""The functions that are methods too: a method *is* a function, named here once.

`y.exp()` is `fathom.exp(y)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fathom.core import dtypes
from fathom.core.base import TensorBase
from fathom.ops import (
    arithmetic, comparison, complexes, contraction, creation, exponential, indexing, reduction,
    shaping, sorting,
)  # fmt: skip

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def converter(d: dtypes.dtype) -> Callable[..., Tensor]:
    """The method that gives the tensor in one dtype: `x.long()`."""

    def method(self: Tensor) -> Tensor:
        return self.to(d)

    method.__doc__ = f"The tensor in {d.name}."
    return method


class Functions(TensorBase):
    """The methods that give a new tensor."""

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

    # ---- properties ----

    real = property(complexes.real)
    imag = property(complexes.imag)
