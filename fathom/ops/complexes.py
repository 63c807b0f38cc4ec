"""Complex numbers: their parts, their conjugates, and their making."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.primitive import Elementwise, Linear
from fathom.ops.broadcasting import floating, paired
from fathom.ops.comparison import isnan, where

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class Conj(Elementwise):
    """y = the conjugate of x."""

    def eager(self, xp, x):
        return xp.conj(x)

    def vjp(self, wanted, g, y, x):
        return (self(g),)

    def jvp(self, dxs, y, x):
        return None if dxs[0] is None else self(dxs[0])


@dataclass(frozen=True)
class Part(Elementwise):
    """y = the real or the imaginary part of x."""

    name: str

    def dtype(self, x):
        return np.empty(0, x).real.dtype

    def eager(self, xp, x):
        return getattr(x, self.name).copy()

    def vjp(self, wanted, g, y, x):
        zero = g.new_zeros(g.shape)
        return (MakeComplex()(g, zero) if self.name == "real" else MakeComplex()(zero, g),)

    def jvp(self, dxs, y, x):
        return None if dxs[0] is None else self(dxs[0])


@dataclass(frozen=True)
class MakeComplex(Elementwise):
    """y = a + b i."""

    def dtype(self, a, b):
        return np.result_type(a, np.complex64)

    def eager(self, xp, a, b):
        y = xp.empty(a.shape, self.dtype(a.dtype, b.dtype))
        y.real, y.imag = a, b
        return y

    def vjp(self, wanted, g, y, a, b):
        return (Part("real")(g), Part("imag")(g))

    def jvp(self, dxs, y, a, b):
        da, db = dxs
        if da is None and db is None:
            return None
        zero = a.new_zeros(a.shape)
        return self(zero if da is None else da, zero if db is None else db)


def real(input: Tensor) -> Tensor:
    """The real part; a real tensor is its own."""
    return Part("real")(input) if input.array.dtype.kind == "c" else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part. Raises for real tensors, as PyTorch does."""
    if input.array.dtype.kind != "c":
        raise RuntimeError(f"imag: expected a complex tensor, got {input.dtype}")
    return Part("imag")(input)


def conj(input: Tensor) -> Tensor:
    r"""The conjugate, $a - b i$ of $a + b i$."""
    return Conj()(input) if input.array.dtype.kind == "c" else input


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """$a + b i$ from two real tensors of one dtype."""
    return MakeComplex()(*paired("complex", real, imag))


def polar(abs: Tensor, angle: Tensor) -> Tensor:
    r"""$r (\cos\varphi + i \sin\varphi)$."""
    return complex(abs * angle.cos(), abs * angle.sin())


def angle(input: Tensor) -> Tensor:
    r"""The angle of each element in the complex plane, in $(-\pi, \pi]$."""
    if input.array.dtype.kind == "c":
        return imag(input).atan2(real(input))
    x = floating(input)
    return where(isnan(x), x, where(x < 0, np.pi, x.new_zeros(())))


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return input.dtype.is_complex


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is floating-point."""
    return input.dtype.is_floating_point


@dataclass(frozen=True)
class ViewAsReal(Linear):
    """y[..., 0] and y[..., 1] = the real and the imaginary part of x, as a view."""

    is_view = True

    def shape(self, x):
        return (*x, 2)

    def dtype(self, x):
        return np.empty(0, x).real.dtype

    def eager(self, xp, x):
        return xp.ascontiguousarray(x).reshape((*x.shape, 1)).view(x.real.dtype)

    def adjoint(self, g, x):
        return (ViewAsComplex()(g),)

    def batch(self, size, batched, x):
        return self(x)


@dataclass(frozen=True)
class ViewAsComplex(Linear):
    """y = x[..., 0] + x[..., 1] i, as a view."""

    is_view = True

    def shape(self, x):
        return x[:-1]

    def dtype(self, x):
        return np.result_type(x, np.complex64)

    def eager(self, xp, x):
        return xp.ascontiguousarray(x).view(self.dtype(x.dtype)).reshape(x.shape[:-1])

    def adjoint(self, g, x):
        return (ViewAsReal()(g),)

    def batch(self, size, batched, x):
        return self(x)


def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs of real ones, sharing memory. (*I) complex -> (*I, 2).

    >>> fathom.view_as_real(fathom.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if not input.dtype.is_complex:
        raise RuntimeError(f"view_as_real: expected a complex tensor, got {input.dtype}")
    return ViewAsReal()(input)


def view_as_complex(input: Tensor) -> Tensor:
    """Pairs of real numbers as complex ones, sharing memory. (*I, 2) -> (*I) complex."""
    if input.dtype.name not in ("float32", "float64"):
        raise RuntimeError(
            f"view_as_complex: expected a float32 or float64 tensor, got {input.dtype}"
        )
    if not input.ndim or input.shape[-1] != 2:
        raise RuntimeError(
            f"view_as_complex: the last dim must have size 2, got {tuple(input.shape)}"
        )
    return ViewAsComplex()(input)
