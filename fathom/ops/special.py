"""Functions of mathematics that SciPy computes: error functions, gamma functions, Bessel functions.

Names are those of `torch.special`. Half precision is computed in single.
"""

from __future__ import annotations

import functools
import importlib
import math
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import loop
from fathom.core.primitive import Elementwise, times
from fathom.ops.broadcasting import floating, paired
from fathom.ops.comparison import where

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Number = bool | int | float


@functools.cache
def library(xp: ModuleType) -> ModuleType:
    """scipy.special, or CuPy's copy of it; imported at the first use because it takes long."""
    return importlib.import_module("scipy.special" if xp is np else "cupyx.scipy.special")


def computed(xp: ModuleType, name: str, *xs):
    """The SciPy function `name` of the arrays, in the dtype of the last one."""
    wide = [x.astype(np.float32) if x.dtype.itemsize == 2 else x for x in xs]
    return getattr(library(xp), name)(*wide).astype(xs[-1].dtype)


# ---- primitives ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Erf(Elementwise):
    r"""y = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x."""

    def eager(self, xp, x):
        return computed(xp, "erf", x)

    def partials(self, y, x):
        return ((-x * x).exp() * (2 / math.sqrt(math.pi)),)

    def scalar(self, x):
        return loop.erf(x)


@dataclass(frozen=True)
class Erfc(Elementwise):
    """y = 1 - erf(x), exact where erf(x) is close to 1."""

    def eager(self, xp, x):
        return computed(xp, "erfc", x)

    def partials(self, y, x):
        return ((-x * x).exp() * (-2 / math.sqrt(math.pi)),)

    def scalar(self, x):
        return loop.erfc(x)


@dataclass(frozen=True)
class Erfcx(Elementwise):
    """y = e^(x^2) erfc(x): no underflow for large x."""

    def eager(self, xp, x):
        return computed(xp, "erfcx", x)

    def partials(self, y, x):
        return (2 * x * y - 2 / math.sqrt(math.pi),)


@dataclass(frozen=True)
class Erfinv(Elementwise):
    """y with erf(y) = x."""

    def eager(self, xp, x):
        return computed(xp, "erfinv", x)

    def partials(self, y, x):
        return ((y * y).exp() * (math.sqrt(math.pi) / 2),)

    def scalar(self, x):
        return loop.erfinv(x)


@dataclass(frozen=True)
class Ndtri(Elementwise):
    """y such that a standard normal number is below y with probability x."""

    def eager(self, xp, x):
        return computed(xp, "ndtri", x)

    def partials(self, y, x):
        return ((0.5 * y * y).exp() * math.sqrt(2 * math.pi),)


@dataclass(frozen=True)
class Lgamma(Elementwise):
    """y = log |gamma(x)|."""

    def eager(self, xp, x):
        return computed(xp, "gammaln", x)

    def partials(self, y, x):
        return (Digamma()(x),)

    def scalar(self, x):
        return loop.lgamma(x)


@dataclass(frozen=True)
class Digamma(Elementwise):
    """y = the derivative of log gamma at x."""

    def eager(self, xp, x):
        return computed(xp, "psi", x)

    def partials(self, y, x):
        return (Polygamma(1)(x),)

    def scalar(self, x):
        return loop.digamma(x)


@dataclass(frozen=True)
class Polygamma(Elementwise):
    """y = the n-th derivative of digamma at x, n at least 1."""

    n: int

    def eager(self, xp, x):
        wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
        return library(xp).polygamma(self.n, wide).astype(x.dtype)

    def partials(self, y, x):
        return (Polygamma(self.n + 1)(x),)


@dataclass(frozen=True)
class Bessel(Elementwise):
    """y = the modified Bessel function of the first kind, of order 0 or 1; times e^-|x| if scaled."""

    order: int
    scaled: bool

    def eager(self, xp, x):
        return computed(xp, f"i{self.order}{'e' if self.scaled else ''}", x)

    def partials(self, y, x):
        other = Bessel(1 - self.order, self.scaled)(x)
        slope = other
        if self.order == 1:  # y / x tends to 1/2 at 0
            slope = other - where(x == 0, 0.5, y / x.masked_fill(x == 0, 1))
        return (slope - x.sign() * y if self.scaled else slope,)


@dataclass(frozen=True)
class Gammainc(Elementwise):
    """y = the regularised incomplete gamma function of a, from 0 to x (upper: from x to infinity)."""

    upper: bool

    def eager(self, xp, a, x):
        return computed(xp, "gammaincc" if self.upper else "gammainc", a, x)

    def slope(self, a, x):
        """dy/dx; the derivative by a has no closed form."""
        density = ((a - 1) * x.log() - x - Lgamma()(a)).exp()
        return -density if self.upper else density

    def vjp(self, wanted, g, y, a, x):
        if wanted[0]:
            raise self.missing("derivative by its first argument, and no vjp")
        return None, g * self.slope(a, x)

    def jvp(self, dxs, y, a, x):
        if dxs[0] is not None:
            raise self.missing("derivative by its first argument, and no jvp")
        return times(dxs[1], self.slope(a, x)) if dxs[1] is not None else None


@dataclass(frozen=True)
class Zeta(Elementwise):
    """y = the sum of (k + q)^-x over k = 0, 1, ...: Hurwitz's zeta function."""

    def eager(self, xp, x, q):
        return computed(xp, "zeta", x, q)

    def vjp(self, wanted, g, y, x, q):
        if wanted[0]:
            raise self.missing("derivative by its first argument, and no vjp")
        return None, g * -x * Zeta()(x + 1, q)

    def jvp(self, dxs, y, x, q):
        if dxs[0] is not None:
            raise self.missing("derivative by its first argument, and no jvp")
        return times(dxs[1], -x * Zeta()(x + 1, q)) if dxs[1] is not None else None


# ---- error functions -----------------------------------------------------------------------------


def erf(input: Tensor) -> Tensor:
    r"""Error function, $y_i = \frac{2}{\sqrt\pi} \int_0^{x_i} e^{-t^2} dt$.

    >>> fathom.erf(fathom.tensor([0., 1., 10.]))
    tensor([0.0000, 0.8427, 1.0000])
    """
    return Erf()(floating(input))


def erfc(input: Tensor) -> Tensor:
    r"""Complementary error function, $y_i = 1 - \mathrm{erf}(x_i)$, exact for large $x_i$."""
    return Erfc()(floating(input))


def erfcx(input: Tensor) -> Tensor:
    r"""Scaled complementary error function, $y_i = e^{x_i^2}\,\mathrm{erfc}(x_i)$."""
    return Erfcx()(floating(input))


def erfinv(input: Tensor) -> Tensor:
    r"""Inverse error function, $\mathrm{erf}(y_i) = x_i$; NaN outside $[-1, 1]$."""
    return Erfinv()(floating(input))


def ndtr(input: Tensor) -> Tensor:
    r"""Standard normal distribution function, $y_i = \frac12 \mathrm{erfc}(-x_i / \sqrt 2)$.

    >>> fathom.special.ndtr(fathom.tensor([0., 1.96]))
    tensor([0.5000, 0.9750])
    """
    return 0.5 * erfc(input * -math.sqrt(0.5))


def ndtri(input: Tensor) -> Tensor:
    r"""The inverse of `ndtr`: the quantile of the standard normal distribution."""
    return Ndtri()(floating(input))


def log_ndtr(input: Tensor) -> Tensor:
    """The logarithm of `ndtr`, exact far below 0, where ndtr underflows."""
    x = floating(input)
    low = x.clamp(max=-1.0)  # each branch sees only numbers that it is good for
    tail = (0.5 * erfcx(low * -math.sqrt(0.5))).log() - 0.5 * low * low
    return where(x < -1, tail, (-0.5 * erfc(x.clamp(min=-1.0) * math.sqrt(0.5))).log1p())


# ---- gamma functions -----------------------------------------------------------------------------


def lgamma(input: Tensor) -> Tensor:
    r"""$y_i = \log |\Gamma(x_i)|$, where $\Gamma(n) = (n - 1)!$ for whole n.

    >>> fathom.lgamma(fathom.tensor([1., 5.]))
    tensor([0.0000, 3.1781])
    """
    return Lgamma()(floating(input))


def digamma(input: Tensor) -> Tensor:
    r"""$y_i = \Gamma'(x_i) / \Gamma(x_i)$, the derivative of `lgamma`."""
    return Digamma()(floating(input))


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of `digamma`. Raises RuntimeError for negative n."""
    if not isinstance(n, int):  # the method: x.polygamma(n)
        n, input = input, n
    if n < 0:
        raise RuntimeError(f"polygamma: n must be 0 or more, got {n}")
    return Polygamma(n)(floating(input)) if n else digamma(input)


def multigammaln(input: Tensor, p: int) -> Tensor:
    r"""$\log \Gamma_p(x) = \frac{p(p-1)}{4}\log\pi + \sum_{j=0}^{p-1} \log\Gamma(x - \frac j2)$."""
    x = floating(input)
    y = lgamma(x) + 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(1, p):
        y = y + lgamma(x - j / 2)
    return y


def gammainc(input: Tensor, other: Tensor) -> Tensor:
    r"""$P(a, x) = \frac{1}{\Gamma(a)} \int_0^x t^{a-1} e^{-t} dt$. Differentiable by x, not by a."""
    a, x = paired("gammainc", input, other)
    return Gammainc(False)(floating(a), floating(x))


def gammaincc(input: Tensor, other: Tensor) -> Tensor:
    r"""$Q(a, x) = 1 - P(a, x)$ of `gammainc`, exact where that is close to 1."""
    a, x = paired("gammaincc", input, other)
    return Gammainc(True)(floating(a), floating(x))


def zeta(input: Tensor, other: Tensor) -> Tensor:
    r"""Hurwitz's zeta function, $\sum_{k=0}^\infty (k + q)^{-x}$. Differentiable by q, not by x."""
    x, q = paired("zeta", input, other)
    return Zeta()(floating(x), floating(q))


# ---- the rest ------------------------------------------------------------------------------------


def i0(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 0."""
    return Bessel(0, False)(floating(input))


def i0e(input: Tensor) -> Tensor:
    r"""$e^{-|x|}$ times `i0`."""
    return Bessel(0, True)(floating(input))


def i1(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 1: the derivative of `i0`."""
    return Bessel(1, False)(floating(input))


def i1e(input: Tensor) -> Tensor:
    r"""$e^{-|x|}$ times `i1`."""
    return Bessel(1, True)(floating(input))


def sinc(input: Tensor) -> Tensor:
    r"""$y_i = \sin(\pi x_i) / (\pi x_i)$, 1 at 0."""
    x = floating(input) * math.pi
    safe = x.masked_fill(x == 0, 1)
    return where(x == 0, 1.0, safe.sin() / safe).to(x.dtype)


def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    r"""$y_i = a_i \log b_i$, and 0 where $a_i = 0$ (unless b is NaN).

    >>> fathom.xlogy(fathom.tensor([0., 2.]), fathom.tensor([0., 1.]))
    tensor([0., 0.])
    """
    a, b = (floating(x) for x in paired("xlogy", input, other))
    nothing = (a == 0) & ((b <= 0) | b.isinf())
    return a * b.masked_fill(nothing, 1).log()


def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    r"""$y_i = a_i \log(1 + b_i)$, and 0 where $a_i = 0$ (unless b is NaN)."""
    a, b = (floating(x) for x in paired("xlog1py", input, other))
    nothing = (a == 0) & ((b <= -1) | b.isinf())
    return a * b.masked_fill(nothing, 0).log1p()


def entr(input: Tensor) -> Tensor:
    r"""$y_i = -x_i \log x_i$: 0 at 0, $-\infty$ below."""
    x = floating(input)
    return (-xlogy(x, x.clamp(min=0))).masked_fill(x < 0, -math.inf)


gammaln, psi, mvlgamma, igamma, igammac = lgamma, digamma, multigammaln, gammainc, gammaincc
