"""Exponentials, logarithms, roots, and the functions of angles; and what is made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core import loop
from fathom.core.primitive import Elementwise
from fathom.ops.broadcasting import floating, paired

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class Exp(Elementwise):
    """y = e^x; it is its own derivative."""

    reads_inputs = False

    def eager(self, xp, x):
        return xp.exp(x)

    def partials(self, y, x):
        return (y,)

    def scalar(self, x):
        return loop.exp(x)


@dataclass(frozen=True)
class Expm1(Elementwise):
    """y = e^x - 1, exact for small x."""

    reads_inputs = False

    def eager(self, xp, x):
        return xp.expm1(x)

    def partials(self, y, x):
        return (y + 1,)

    def scalar(self, x):
        return loop.expm1(x)


@dataclass(frozen=True)
class Log(Elementwise):
    """y = log x, to base e."""

    def eager(self, xp, x):
        return xp.log(x)

    def partials(self, y, x):
        return (1 / x,)

    def scalar(self, x):
        return loop.log(x)


@dataclass(frozen=True)
class Log1p(Elementwise):
    """y = log(1 + x), exact for small x."""

    def eager(self, xp, x):
        return xp.log1p(x)

    def partials(self, y, x):
        return (1 / (1 + x),)

    def scalar(self, x):
        return loop.log1p(x)


@dataclass(frozen=True)
class Sqrt(Elementwise):
    """y = the square root of x; NaN below 0."""

    reads_inputs = False

    def eager(self, xp, x):
        return xp.sqrt(x)

    def partials(self, y, x):
        return (0.5 / y,)

    def scalar(self, x):
        return loop.sqrt(x)


@dataclass(frozen=True)
class Sin(Elementwise):
    """y = sin x, x in radians."""

    def eager(self, xp, x):
        return xp.sin(x)

    def partials(self, y, x):
        return (Cos()(x),)

    def scalar(self, x):
        return loop.sin(x)


@dataclass(frozen=True)
class Cos(Elementwise):
    """y = cos x, x in radians."""

    def eager(self, xp, x):
        return xp.cos(x)

    def partials(self, y, x):
        return (-Sin()(x),)

    def scalar(self, x):
        return loop.cos(x)


@dataclass(frozen=True)
class Tanh(Elementwise):
    """y = tanh x, the hyperbolic tangent."""

    reads_inputs = False

    def eager(self, xp, x):
        return xp.tanh(x)

    def partials(self, y, x):
        return (1 - y * y,)

    def scalar(self, x):
        return loop.tanh(x)


@dataclass(frozen=True)
class Sigmoid(Elementwise):
    """y = 1 / (1 + e^-x)."""

    reads_inputs = False

    def eager(self, xp, x):
        return 1 / (1 + xp.exp(-x))  # far below 0 e^-x is infinite, and 1 / inf is the right 0

    def partials(self, y, x):
        return (y * (1 - y),)

    def scalar(self, x):
        return 1 / (1 + loop.exp(-x))


@dataclass(frozen=True)
class Atan2(Elementwise):
    """The angle of the point (b, a), in (-pi, pi]."""

    def eager(self, xp, a, b):
        return xp.arctan2(a, b)

    def partials(self, y, a, b):
        square = a * a + b * b
        return (b / square, -a / square)

    def scalar(self, a, b):
        return loop.atan2(a, b)


# ---- public functions ----------------------------------------------------------------------------


def exp(input: Tensor) -> Tensor:
    """Exponential, $y_i = e^{x_i}$; integers become floating-point.

    >>> fathom.exp(fathom.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    return Exp()(floating(input))


def exp2(input: Tensor) -> Tensor:
    """$y_i = 2^{x_i}$."""
    return Exp()(floating(input) * math.log(2))


def expm1(input: Tensor) -> Tensor:
    """$y_i = e^{x_i} - 1$, exact for small $x_i$."""
    return Expm1()(floating(input))


def log(input: Tensor) -> Tensor:
    r"""Natural logarithm, $y_i = \log x_i$: $-\infty$ at 0, NaN below."""
    return Log()(floating(input))


def log2(input: Tensor) -> Tensor:
    r"""$y_i = \log_2 x_i$."""
    return Log()(floating(input)) * (1 / math.log(2))


def log10(input: Tensor) -> Tensor:
    r"""$y_i = \log_{10} x_i$."""
    return Log()(floating(input)) * (1 / math.log(10))


def log1p(input: Tensor) -> Tensor:
    r"""$y_i = \log(1 + x_i)$, exact for small $x_i$."""
    return Log1p()(floating(input))


def sqrt(input: Tensor) -> Tensor:
    r"""$y_i = \sqrt{x_i}$; NaN below 0."""
    return Sqrt()(floating(input))


def rsqrt(input: Tensor) -> Tensor:
    r"""$y_i = 1 / \sqrt{x_i}$."""
    return 1 / Sqrt()(floating(input))


def sin(input: Tensor) -> Tensor:
    r"""$y_i = \sin x_i$, in radians."""
    return Sin()(floating(input))


def cos(input: Tensor) -> Tensor:
    r"""$y_i = \cos x_i$, in radians."""
    return Cos()(floating(input))


def tan(input: Tensor) -> Tensor:
    r"""$y_i = \tan x_i = \sin x_i / \cos x_i$."""
    x = floating(input)
    return Sin()(x) / Cos()(x)


def tanh(input: Tensor) -> Tensor:
    r"""$y_i = \tanh x_i$."""
    return Tanh()(floating(input))


def sinh(input: Tensor) -> Tensor:
    r"""$y_i = (e^{x_i} - e^{-x_i}) / 2$, exact for small $x_i$."""
    x = floating(input)
    return 0.5 * (Expm1()(x) - Expm1()(-x))


def cosh(input: Tensor) -> Tensor:
    r"""$y_i = (e^{x_i} + e^{-x_i}) / 2$."""
    x = floating(input)
    return 0.5 * (Exp()(x) + Exp()(-x))


def atan2(input: Tensor, other: Tensor) -> Tensor:
    r"""The angle of the point $(b_i, a_i)$, in $(-\pi, \pi]$."""
    a, b = paired("atan2", input, other)
    return Atan2()(floating(a), floating(b))


def atan(input: Tensor) -> Tensor:
    r"""$y_i = \arctan x_i$."""
    x = floating(input)
    return Atan2()(x, x.new_ones(()).expand(x.shape))


def asin(input: Tensor) -> Tensor:
    r"""$y_i = \arcsin x_i$; NaN outside $[-1, 1]$."""
    x = floating(input)
    return Atan2()(x, Sqrt()((1 - x) * (1 + x)))


def acos(input: Tensor) -> Tensor:
    r"""$y_i = \arccos x_i$; NaN outside $[-1, 1]$."""
    x = floating(input)
    return Atan2()(Sqrt()((1 - x) * (1 + x)), x)


def asinh(input: Tensor) -> Tensor:
    r"""$y_i = \mathrm{sgn}(x_i) \log(|x_i| + \sqrt{x_i^2 + 1})$, written to be exact for small $x_i$."""
    x = floating(input)
    size = x.abs()
    far = size > 1e8  # x^2 may overflow, and the result is log 2x to the last digit
    near, away = size.masked_fill(far, 0), size.masked_fill(~far, 1)
    of_near = Log1p()(near + near * near / (1 + Sqrt()(near * near + 1)))
    return x.sign() * of_near.where(~far, Log()(away) + math.log(2))


def acosh(input: Tensor) -> Tensor:
    r"""$y_i = \log(x_i + \sqrt{x_i^2 - 1})$; NaN below 1."""
    x = floating(input)
    return Log()(x + Sqrt()(x - 1) * Sqrt()(x + 1))  # two roots: x^2 would overflow first


def atanh(input: Tensor) -> Tensor:
    r"""$y_i = \frac12 \log\frac{1 + x_i}{1 - x_i}$; NaN outside $[-1, 1]$."""
    x = floating(input)
    return 0.5 * (Log1p()(x) - Log1p()(-x))


def sigmoid(input: Tensor) -> Tensor:
    r"""$y_i = 1 / (1 + e^{-x_i})$.

    >>> fathom.sigmoid(fathom.tensor([0., 2.]))
    tensor([0.5000, 0.8808])
    """
    return Sigmoid()(floating(input))


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    r"""$y_i = \log(e^{a_i} + e^{b_i})$, without overflow."""
    a, b = paired("logaddexp", input, other)
    top = a.maximum(b).detach()
    finite = top.masked_fill(top.isinf(), 0)  # inf - inf would be NaN
    return Log()(Exp()(a - finite) + Exp()(b - finite)) + finite


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    r"""The inverse of sigmoid, $y_i = \log\frac{x_i}{1 - x_i}$; eps clamps x to [eps, 1 - eps]."""
    x = floating(input)
    if eps is not None:
        x = x.clamp(eps, 1 - eps)
    return Log()(x / (1 - x))


def deg2rad(input: Tensor) -> Tensor:
    r"""$y_i = x_i \pi / 180$."""
    return floating(input) * (math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    r"""$y_i = 180\, x_i / \pi$."""
    return floating(input) * (180 / math.pi)


arccos, arcsin, arctan, arctan2, arccosh, arcsinh, arctanh = (
    acos,
    asin,
    atan,
    atan2,
    acosh,
    asinh,
    atanh,
)
