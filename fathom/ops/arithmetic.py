"""Plus, minus, times, divided by; and powers.

The primitives take equal shapes and dtypes; the public functions promote and broadcast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes, loop
from fathom.core.primitive import Elementwise
from fathom.ops.broadcasting import floating, operand_of, paired

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Number = bool | int | float | complex


# ---- primitives ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Neg(Elementwise):
    """y = -x."""

    reads_inputs = False

    def eager(self, xp, x):
        return xp.negative(x)

    def partials(self, y, x):
        return (-1,)

    def scalar(self, x):
        return -x


@dataclass(frozen=True)
class Add(Elementwise):
    """y = a + b."""

    reads_inputs = False

    def eager(self, xp, a, b):
        return xp.add(a, b)

    def partials(self, y, a, b):
        return (1, 1)

    def scalar(self, a, b):
        return a + b


@dataclass(frozen=True)
class Sub(Elementwise):
    """y = a - b."""

    reads_inputs = False

    def eager(self, xp, a, b):
        return xp.subtract(a, b)

    def partials(self, y, a, b):
        return (1, -1)

    def scalar(self, a, b):
        return a - b


@dataclass(frozen=True)
class Mul(Elementwise):
    """y = a b."""

    def eager(self, xp, a, b):
        return xp.multiply(a, b)

    def partials(self, y, a, b):
        return (b, a)

    def scalar(self, a, b):
        return a * b


@dataclass(frozen=True)
class Div(Elementwise):
    """y = a / b, for floating-point a and b."""

    def eager(self, xp, a, b):
        return xp.divide(a, b)

    def partials(self, y, a, b):
        return (1 / b, -y / b)

    def scalar(self, a, b):
        return a / b


@dataclass(frozen=True)
class Pow(Elementwise):
    """y = a^b."""

    def eager(self, xp, a, b):
        return xp.power(a, b)

    def partials(self, y, a, b):
        # where the other factor is 0 the derivative is 0, though a^(b-1) or log a is infinite
        slope = (b * a ** (b - 1)).masked_fill(b == 0, 0)
        growth = (y * a.log()).masked_fill((a == 0) & (b.real >= 0), 0)
        return (slope, growth)

    def scalar(self, a, b):
        return loop.power(a, b)


@dataclass(frozen=True)
class Remainder(Elementwise):
    """y = a - b floor(a / b): the sign is b's, as in Python."""

    def eager(self, xp, a, b):
        return xp.remainder(a, b)

    def partials(self, y, a, b):
        return (1, -(a / b).floor())

    def scalar(self, a, b):
        return a % b


@dataclass(frozen=True)
class FloorDiv(Elementwise):
    """y = floor(a / b)."""

    differentiable = False

    def eager(self, xp, a, b):
        return xp.floor_divide(a, b)

    def partials(self, y, a, b):
        return (0, 0)

    def scalar(self, a, b):
        return a // b


@dataclass(frozen=True)
class Abs(Elementwise):
    """y = |x|; at 0 the derivative is taken as 0."""

    def dtype(self, x):
        return np.empty(0, x).real.dtype

    def eager(self, xp, x):
        return xp.abs(x)

    def partials(self, y, x):
        return (x.sgn(),)

    def vjp(self, wanted, g, y, x):
        return (g * x.sgn(),)  # for complex x: the direction of x, times g

    def jvp(self, dxs, y, x):
        return None if dxs[0] is None else (dxs[0] * x.sgn().conj()).real

    def scalar(self, x):
        return loop.absolute(x)


@dataclass(frozen=True)
class Sign(Elementwise):
    """y = -1, 0 or 1; 0 also at NaN."""

    reads_inputs = False

    def eager(self, xp, x):
        if x.dtype.kind == "b":
            return x.copy()
        return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)

    def partials(self, y, x):
        return (0,)

    def scalar(self, x):
        return loop.sign(x)


@dataclass(frozen=True)
class Cast(Elementwise):
    """The same numbers in another dtype."""

    reads_inputs = False

    to: dtypes.dtype

    @property
    def differentiable(self) -> bool:  # type: ignore[override]
        return self.to.kind in ("float", "complex")

    def dtype(self, x):
        return self.to.numpy

    def eager(self, xp, x):
        if x.dtype.kind == "c" and self.to.kind != "complex":
            x = x.real
        return x.astype(self.to.numpy)

    def vjp(self, wanted, g, y, x):
        return (g.to(x.dtype) if x.dtype.is_complex == g.dtype.is_complex else g.real.to(x.dtype),)

    def jvp(self, dxs, y, x):
        return self(dxs[0]) if self.differentiable and dxs[0] is not None else None

    def scalar(self, x):
        return loop.cast(x, self.to.numpy)


# ---- public functions ----------------------------------------------------------------------------


def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    r"""Sum, $y_i = a_i + \alpha b_i$.

    >>> fathom.add(fathom.tensor([1., 2.]), 10)
    tensor([11., 12.])
    """
    return Add()(*paired("add", input, other if alpha == 1 else mul(other, alpha)))


def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    r"""Difference, $y_i = a_i - \alpha b_i$. Raises for bool tensors: use `^` or `logical_xor`."""
    a, b = paired("sub", input, other if alpha == 1 else mul(other, alpha))
    if a.array.dtype.kind == "b":
        raise RuntimeError("sub: bool tensors have no difference; use `^` or logical_xor")
    return Sub()(a, b)


def rsub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    r"""Difference the other way round, $y_i = b_i - \alpha a_i$."""
    return sub(other, input, alpha=alpha)


def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Product, $y_i = a_i b_i$."""
    return Mul()(*paired("mul", input, other))


def div(
    input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None = None
) -> Tensor:
    """Quotient, $y_i = a_i / b_i$; integers give floating-point numbers.

    rounding_mode: None; "floor" rounds down; "trunc" rounds towards zero (both keep integer dtypes).
    """
    a, b = paired("div", input, other)
    if rounding_mode == "floor":
        return FloorDiv()(a, b)
    if rounding_mode == "trunc":
        kind = a.dtype
        return Div()(floating(a), floating(b)).trunc().to(kind)
    if rounding_mode is not None:
        raise RuntimeError(
            f"div: rounding_mode must be None, 'trunc' or 'floor', got {rounding_mode!r}"
        )
    return Div()(floating(a), floating(b))


def reciprocal(input: Tensor) -> Tensor:
    """$y_i = 1 / x_i$."""
    return div(1, input)


def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    r"""$y_i = \lfloor a_i / b_i \rfloor$."""
    return FloorDiv()(*paired("floor_divide", input, other))


def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    r"""$y_i = a_i - b_i \lfloor a_i / b_i \rfloor$: the result has the divisor's sign."""
    return Remainder()(*paired("remainder", input, other))


def fmod(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    r"""$y_i = a_i - b_i\,\mathrm{trunc}(a_i / b_i)$: the result has the dividend's sign."""
    a, b = paired("fmod", input, other)
    size = abs(b)
    return Remainder()(a, size).where(a >= 0, -Remainder()(-a, size))


def neg(input: Tensor) -> Tensor:
    """$y_i = -x_i$."""
    if input.array.dtype.kind == "b":
        raise RuntimeError("neg: a bool tensor has no negative; use ~ or logical_not")
    return Neg()(input)


def positive(input: Tensor) -> Tensor:
    """$y_i = x_i$."""
    return input


def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    r"""Power, $y_i = a_i^{b_i}$. Small whole exponents become products, $1/2$ a square root."""
    a, b = operand_of("pow", input), operand_of("pow", exponent)
    if (
        isinstance(b, (int, float))
        and not isinstance(b, bool)
        and not isinstance(a, (int, float, complex))
    ):
        if b == 2:
            return square(a)
        if b == 1:
            return a.clone() if isinstance(b, int) else floating(a).clone()
        if b == 0.5 and a.dtype.kind in ("float", "complex"):
            return a.sqrt()
        if isinstance(b, int) and b < 0 and a.dtype.kind == "int":
            raise RuntimeError(
                "pow: Integers to negative integer powers are not allowed; use a float tensor"
            )
    return Pow()(*paired("pow", a, b))


def square(input: Tensor) -> Tensor:
    """$y_i = x_i^2$."""
    return Mul()(input, input)


def abs(input: Tensor) -> Tensor:
    """$y_i = |x_i|$; of complex numbers, the modulus."""
    return Abs()(input)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1, by the sign of each element."""
    return Sign()(input)


def sgn(input: Tensor) -> Tensor:
    """$x / |x|$, 0 at 0: the sign of a real number, the direction of a complex one."""
    if input.array.dtype.kind != "c":
        return Sign()(input)
    size = abs(input)
    return input / size.masked_fill(size == 0, 1)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    r"""$y_i = x_i + v\, a_i b_i$."""
    return add(input, mul(tensor1, tensor2), alpha=value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    r"""$y_i = x_i + v\, a_i / b_i$."""
    return add(input, div(tensor1, tensor2), alpha=value)


def lerp(input: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    r"""Linear interpolation, $y_i = x_i + w_i (e_i - x_i)$."""
    return add(input, mul(weight, sub(end, input)))


subtract, multiply, divide, true_divide, negative, absolute = sub, mul, div, div, neg, abs
