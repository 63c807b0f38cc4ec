"""What numbers are made of: signs, exponents, bits, common divisors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fathom.core import dtypes, loop
from fathom.core.errors import DtypeError
from fathom.core.primitive import Elementwise
from fathom.ops.arithmetic import pow
from fathom.ops.broadcasting import floating, paired
from fathom.ops.comparison import isinf, where
from fathom.ops.exponential import logaddexp
from fathom.ops.rounding import trunc

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Number = bool | int | float


# ---- primitives ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hypot(Elementwise):
    """y = the square root of a^2 + b^2, without overflow."""

    def eager(self, xp, a, b):
        return xp.hypot(a, b)

    def partials(self, y, a, b):
        return (a / y, b / y)

    def scalar(self, a, b):
        return loop.sqrt(a * a + b * b)


@dataclass(frozen=True)
class SignBit(Elementwise):
    """y = whether the sign is minus, also of -0 and NaN."""

    differentiable = False

    def dtype(self, x):
        return np.dtype(bool)

    def eager(self, xp, x):
        return xp.signbit(x) if x.dtype.kind in "fV" else x < 0

    def partials(self, y, x):
        return (None,)


@dataclass(frozen=True)
class NextAfter(Elementwise):
    """y = the floating-point number next to a in the direction of b."""

    def eager(self, xp, a, b):
        return xp.nextafter(a, b)

    def partials(self, y, a, b):
        return (1, 0)


@dataclass(frozen=True)
class Exponent(Elementwise):
    """y = the whole number e with |x| = m 2^e and m in [1/2, 1)."""

    differentiable = False

    def dtype(self, x):
        return np.dtype(np.int32)

    def eager(self, xp, x):
        return xp.frexp(x)[1].astype(np.int32)

    def partials(self, y, x):
        return (None,)


@dataclass(frozen=True)
class Divisor(Elementwise):
    """y = the greatest common divisor, or the least common multiple, of whole numbers."""

    multiple: bool
    differentiable = False

    def eager(self, xp, a, b):
        return xp.lcm(a, b) if self.multiple else xp.gcd(a, b)

    def partials(self, y, a, b):
        return (None, None)


@dataclass(frozen=True)
class Shift(Elementwise):
    """y = a with its bits moved b places, to the left or to the right (the sign stays)."""

    left: bool
    differentiable = False

    def eager(self, xp, a, b):
        return xp.left_shift(a, b) if self.left else xp.right_shift(a, b)

    def partials(self, y, a, b):
        return (None, None)

    def scalar(self, a, b):
        return loop.shift_left(a, b) if self.left else loop.shift_right(a, b)


# ---- signs ---------------------------------------------------------------------------------------


def signbit(input: Tensor) -> Tensor:
    """True where the sign is minus, also of -0."""
    return SignBit()(input)


def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The size of the first with the sign of the second, also of -0.

    >>> fathom.copysign(fathom.tensor([1., -2.]), -0.)
    tensor([-1., -2.])
    """
    a, b = (floating(x) for x in paired("copysign", input, other))
    return where(SignBit()(b), -a.abs(), a.abs())


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above, and `values` at 0. Both operands have one dtype."""
    if input.dtype != values.dtype:
        raise DtypeError(f"heaviside: needs one dtype, got {input.dtype} and {values.dtype}")
    x, at_zero = paired("heaviside", input, values)
    return where(x == 0, at_zero.detach(), (x > 0).to(x.dtype))


def isposinf(input: Tensor) -> Tensor:
    r"""True where the element is $+\infty$."""
    return isinf(input) & (input > 0)


def isneginf(input: Tensor) -> Tensor:
    r"""True where the element is $-\infty$."""
    return isinf(input) & (input < 0)


def isreal(input: Tensor) -> Tensor:
    """True where the imaginary part is 0."""
    return (
        input.imag == 0
        if input.dtype.kind == "complex"
        else input.new_ones(input.shape, dtype="bool")
    )


# ---- size and exponent ---------------------------------------------------------------------------


def hypot(input: Tensor, other: Tensor) -> Tensor:
    r"""The length of the hypotenuse, $y_i = \sqrt{a_i^2 + b_i^2}$, without overflow.

    >>> fathom.hypot(fathom.tensor([3.]), fathom.tensor([4.]))
    tensor([5.])
    """
    a, b = paired("hypot", input, other)
    return Hypot()(floating(a), floating(b))


class Frexp(NamedTuple):
    """The two parts of a floating-point number."""

    mantissa: Tensor
    exponent: Tensor


def frexp(input: Tensor) -> Frexp:
    """(mantissa, exponent) with x = mantissa 2^exponent, the mantissa's size in [1/2, 1)."""
    if input.dtype.kind != "float":
        raise DtypeError(f"frexp: only supports floating-point dtypes, got {input.dtype}")
    exponent = Exponent()(input)
    half = exponent // 2  # in two steps: 2^1024 is beyond float64
    scale = [pow(2.0, -part.to(input.dtype)) for part in (half, exponent - half)]
    return Frexp(input * scale[0] * scale[1], exponent)


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """$y_i = x_i 2^{e_i}$."""
    return input * pow(2.0, floating(other))


def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The number of the dtype that is next to each element in the direction of the other."""
    return NextAfter()(*paired("nextafter", input, other))


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    r"""$y_i = \log_2(2^{a_i} + 2^{b_i})$, without overflow."""
    scale = math.log(2)
    return logaddexp(input * scale, other * scale) / scale


def float_power(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """`pow` in float64 (or complex128)."""
    a, b = paired("float_power", input, exponent)
    wide = dtypes.complex128 if a.dtype.kind == "complex" else dtypes.float64
    return pow(a.to(wide), b.to(wide))


# ---- whole numbers -------------------------------------------------------------------------------


def whole(name: str, input: Tensor | Number, other: Tensor | Number) -> tuple[Tensor, Tensor]:
    a, b = paired(name, input, other)
    if a.dtype.kind != "int":
        raise DtypeError(f"{name}: expected whole numbers, got {a.dtype}")
    return a, b


def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor of whole numbers.

    >>> fathom.gcd(fathom.tensor([12]), fathom.tensor([18]))
    tensor([6])
    """
    return Divisor(False)(*whole("gcd", input, other))


def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple of whole numbers."""
    return Divisor(True)(*whole("lcm", input, other))


def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """$a_i 2^{b_i}$ of whole numbers: the bits moved to the left."""
    return Shift(True)(*whole("bitwise_left_shift", input, other))


def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    r"""$\lfloor a_i / 2^{b_i} \rfloor$ of whole numbers: the bits moved to the right."""
    return Shift(False)(*whole("bitwise_right_shift", input, other))


fix = trunc
