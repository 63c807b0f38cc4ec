"""The methods that write into the tensor: a trailing underscore, and `+=` and its like."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fathom.core import inplace
from fathom.core.base import TensorBase
from fathom.ops import (
    arithmetic,
    comparison,
    contraction,
    exponential,
    fillers,
    indexing,
    logic,
    matrices,
    norms,
    numbers,
    products,
    reduction,
    rounding,
    shaping,
    special,
    splitting,
    writing,
)  # fmt: skip

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def in_place(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method that writes the operation's result into the tensor: `add_` of `add`."""

    @functools.wraps(operation)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return inplace.assign(self, inplace.computed(operation, self, *args, **kwargs))

    method.__doc__ = f"`{operation.__name__}`, written into this tensor."
    return method


def reshaped_in_place(view: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method that makes the tensor a view of itself: `unsqueeze_` of `unsqueeze`."""

    @functools.wraps(view)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        before = inplace.alias(self)
        before.origin, before.seen = self.origin, self.seen
        inplace.check(self, before)
        y = view(before, *args, **kwargs)
        self.array, self.tracked, self.node = y.array, y.tracked, y.node
        self.origin, self.version, self.seen = y.origin, y.version, y.seen
        return self

    method.__doc__ = f"`{view.__name__}`, of this tensor itself."
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
    __iand__ = in_place(logic.bitwise_and)
    __ior__ = in_place(logic.bitwise_or)
    __ixor__ = in_place(logic.bitwise_xor)
    __ilshift__ = in_place(numbers.bitwise_left_shift)
    __irshift__ = in_place(numbers.bitwise_right_shift)

    # ---- arithmetic ----

    add_ = in_place(arithmetic.add)
    sub_ = in_place(arithmetic.sub)
    subtract_ = in_place(arithmetic.subtract)
    mul_ = in_place(arithmetic.mul)
    multiply_ = in_place(arithmetic.multiply)
    div_ = in_place(arithmetic.div)
    divide_ = in_place(arithmetic.divide)
    true_divide_ = in_place(arithmetic.true_divide)
    floor_divide_ = in_place(arithmetic.floor_divide)
    remainder_ = in_place(arithmetic.remainder)
    fmod_ = in_place(arithmetic.fmod)
    neg_ = in_place(arithmetic.neg)
    negative_ = in_place(arithmetic.negative)
    pow_ = in_place(arithmetic.pow)
    square_ = in_place(arithmetic.square)
    abs_ = in_place(arithmetic.abs)
    absolute_ = in_place(arithmetic.absolute)
    sign_ = in_place(arithmetic.sign)
    sgn_ = in_place(arithmetic.sgn)
    floor_ = in_place(rounding.floor)
    ceil_ = in_place(rounding.ceil)
    trunc_ = in_place(rounding.trunc)
    round_ = in_place(rounding.round)
    frac_ = in_place(rounding.frac)
    addcmul_ = in_place(arithmetic.addcmul)
    addcdiv_ = in_place(arithmetic.addcdiv)
    lerp_ = in_place(arithmetic.lerp)
    reciprocal_ = in_place(arithmetic.reciprocal)

    # ---- comparison ----

    lt_ = in_place(comparison.lt)
    less_ = in_place(comparison.less)
    le_ = in_place(comparison.le)
    less_equal_ = in_place(comparison.less_equal)
    gt_ = in_place(comparison.gt)
    greater_ = in_place(comparison.greater)
    ge_ = in_place(comparison.ge)
    greater_equal_ = in_place(comparison.greater_equal)
    eq_ = in_place(comparison.eq)
    ne_ = in_place(comparison.ne)
    not_equal_ = in_place(comparison.not_equal)
    logical_and_ = in_place(logic.logical_and)
    logical_or_ = in_place(logic.logical_or)
    logical_xor_ = in_place(logic.logical_xor)
    logical_not_ = in_place(logic.logical_not)
    bitwise_and_ = in_place(logic.bitwise_and)
    bitwise_or_ = in_place(logic.bitwise_or)
    bitwise_xor_ = in_place(logic.bitwise_xor)
    bitwise_not_ = in_place(logic.bitwise_not)
    masked_fill_ = in_place(comparison.masked_fill)
    clamp_ = in_place(comparison.clamp)
    clamp_min_ = in_place(comparison.clamp_min)
    clamp_max_ = in_place(comparison.clamp_max)
    clip_ = in_place(comparison.clip)
    relu_ = in_place(comparison.relu)
    nan_to_num_ = in_place(comparison.nan_to_num)

    # ---- contraction ----

    addmm_ = in_place(contraction.addmm)

    # ---- exponential ----

    exp_ = in_place(exponential.exp)
    exp2_ = in_place(exponential.exp2)
    expm1_ = in_place(exponential.expm1)
    log_ = in_place(exponential.log)
    log2_ = in_place(exponential.log2)
    log10_ = in_place(exponential.log10)
    log1p_ = in_place(exponential.log1p)
    sqrt_ = in_place(exponential.sqrt)
    rsqrt_ = in_place(exponential.rsqrt)
    sin_ = in_place(exponential.sin)
    cos_ = in_place(exponential.cos)
    tan_ = in_place(exponential.tan)
    tanh_ = in_place(exponential.tanh)
    sinh_ = in_place(exponential.sinh)
    cosh_ = in_place(exponential.cosh)
    atan2_ = in_place(exponential.atan2)
    atan_ = in_place(exponential.atan)
    asin_ = in_place(exponential.asin)
    acos_ = in_place(exponential.acos)
    asinh_ = in_place(exponential.asinh)
    acosh_ = in_place(exponential.acosh)
    atanh_ = in_place(exponential.atanh)
    sigmoid_ = in_place(exponential.sigmoid)
    logit_ = in_place(exponential.logit)
    deg2rad_ = in_place(exponential.deg2rad)
    rad2deg_ = in_place(exponential.rad2deg)
    arccos_ = in_place(exponential.arccos)
    arcsin_ = in_place(exponential.arcsin)
    arctan_ = in_place(exponential.arctan)
    arctan2_ = in_place(exponential.arctan2)
    arccosh_ = in_place(exponential.arccosh)
    arcsinh_ = in_place(exponential.arcsinh)
    arctanh_ = in_place(exponential.arctanh)

    # ---- indexing ----

    scatter_ = in_place(indexing.scatter)
    scatter_add_ = in_place(indexing.scatter_add)
    index_add_ = in_place(indexing.index_add)

    # ---- matrices ----

    tril_ = in_place(matrices.tril)
    triu_ = in_place(matrices.triu)

    # ---- norms ----

    renorm_ = in_place(norms.renorm)

    # ---- numbers ----

    bitwise_left_shift_ = in_place(numbers.bitwise_left_shift)
    bitwise_right_shift_ = in_place(numbers.bitwise_right_shift)
    copysign_ = in_place(numbers.copysign)
    fix_ = in_place(numbers.fix)
    float_power_ = in_place(numbers.float_power)
    gcd_ = in_place(numbers.gcd)
    heaviside_ = in_place(numbers.heaviside)
    hypot_ = in_place(numbers.hypot)
    lcm_ = in_place(numbers.lcm)
    ldexp_ = in_place(numbers.ldexp)
    nextafter_ = in_place(numbers.nextafter)

    # ---- products ----

    addbmm_ = in_place(products.addbmm)
    addmv_ = in_place(products.addmv)
    addr_ = in_place(products.addr)
    baddbmm_ = in_place(products.baddbmm)

    # ---- reduction ----

    cumsum_ = in_place(reduction.cumsum)
    cumprod_ = in_place(reduction.cumprod)

    # ---- special ----

    digamma_ = in_place(special.digamma)
    erf_ = in_place(special.erf)
    erfc_ = in_place(special.erfc)
    erfinv_ = in_place(special.erfinv)
    i0_ = in_place(special.i0)
    igamma_ = in_place(special.igamma)
    igammac_ = in_place(special.igammac)
    lgamma_ = in_place(special.lgamma)
    mvlgamma_ = in_place(special.mvlgamma)
    polygamma_ = in_place(special.polygamma)
    sinc_ = in_place(special.sinc)
    xlogy_ = in_place(special.xlogy)

    # ---- writing ----

    index_copy_ = in_place(writing.index_copy)
    index_fill_ = in_place(writing.index_fill)
    index_put_ = in_place(writing.index_put)
    index_reduce_ = in_place(writing.index_reduce)
    masked_scatter_ = in_place(writing.masked_scatter)
    put_ = in_place(writing.put)
    scatter_reduce_ = in_place(writing.scatter_reduce)

    # ---- filled with random numbers ----

    bernoulli_ = fillers.bernoulli_
    cauchy_ = fillers.cauchy_
    exponential_ = fillers.exponential_
    geometric_ = fillers.geometric_
    log_normal_ = fillers.log_normal_
    normal_ = fillers.normal_
    random_ = fillers.random_
    uniform_ = fillers.uniform_
    fill_diagonal_ = matrices.fill_diagonal_

    # ---- the tensor itself in another shape ----

    squeeze_ = reshaped_in_place(shaping.squeeze)
    unsqueeze_ = reshaped_in_place(shaping.unsqueeze)
    t_ = reshaped_in_place(shaping.t)
    transpose_ = reshaped_in_place(shaping.transpose)
    swapaxes_ = reshaped_in_place(shaping.swapaxes)
    swapdims_ = reshaped_in_place(shaping.swapdims)
    as_strided_ = reshaped_in_place(splitting.as_strided)
