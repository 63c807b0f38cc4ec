"""The functions of each element by itself that are methods too, named here once: `y.exp()` is `fathom.exp(y)`."""

from __future__ import annotations

from fathom.core.base import TensorBase
from fathom.ops import (
    arithmetic,
    comparison,
    complexes,
    exponential,
    logic,
    numbers,
    rounding,
    softmax,
    special,
)


class Elementwise(TensorBase):
    """The methods that give a tensor of the same shape (or of the operands' common shape)."""

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
    floor = rounding.floor
    ceil = rounding.ceil
    trunc = rounding.trunc
    round = rounding.round
    frac = rounding.frac
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
    logical_and = logic.logical_and
    logical_or = logic.logical_or
    logical_xor = logic.logical_xor
    logical_not = logic.logical_not
    bitwise_and = logic.bitwise_and
    bitwise_or = logic.bitwise_or
    bitwise_xor = logic.bitwise_xor
    bitwise_not = logic.bitwise_not
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
    is_complex = complexes.is_complex
    is_floating_point = complexes.is_floating_point

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

    # ---- numbers ----

    bitwise_left_shift = numbers.bitwise_left_shift
    bitwise_right_shift = numbers.bitwise_right_shift
    copysign = numbers.copysign
    fix = numbers.fix
    float_power = numbers.float_power
    frexp = numbers.frexp
    gcd = numbers.gcd
    heaviside = numbers.heaviside
    hypot = numbers.hypot
    isneginf = numbers.isneginf
    isposinf = numbers.isposinf
    isreal = numbers.isreal
    lcm = numbers.lcm
    ldexp = numbers.ldexp
    logaddexp2 = numbers.logaddexp2
    nextafter = numbers.nextafter
    signbit = numbers.signbit

    # ---- softmax ----

    log_softmax = softmax.log_softmax
    softmax = softmax.softmax

    # ---- special ----

    digamma = special.digamma
    erf = special.erf
    erfc = special.erfc
    erfinv = special.erfinv
    i0 = special.i0
    igamma = special.igamma
    igammac = special.igammac
    lgamma = special.lgamma
    mvlgamma = special.mvlgamma
    polygamma = special.polygamma
    sinc = special.sinc
    xlogy = special.xlogy

    # ---- properties ----

    real = property(complexes.real)
    imag = property(complexes.imag)
