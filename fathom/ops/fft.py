r"""Discrete Fourier transforms, $y_k = \sum_t x_t\, e^{-2 \pi i k t / n}$, with the names of `torch.fft`.

Letters: t place in the input, k frequency, n size of the transformed dim. A transform is a linear map; its
adjoint is the transform with the other sign in the exponent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes
from fathom.core.errors import DtypeError
from fathom.core.primitive import Linear
from fathom.ops.axes import many_axes, one_axis
from fathom.ops.broadcasting import floating
from fathom.ops.creation import finished
from fathom.ops.shaping import zero_pad

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Dims = int | Sequence[int] | None

ADJOINT_NORM = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


@dataclass(frozen=True)
class Fft(Linear):
    """The transform (or its inverse) of complex numbers along some axes.

    `norm` says where the factor 1/n is: with the inverse ("backward"), with the other ("forward"), or
    as 1/sqrt(n) with both ("ortho").
    """

    axes: tuple[int, ...]
    inverse: bool
    norm: str

    def shape(self, x):
        return x

    def eager(self, xp, x):
        transform = xp.fft.ifftn if self.inverse else xp.fft.fftn
        return transform(x, axes=self.axes, norm=self.norm).astype(x.dtype, copy=False)

    def adjoint(self, g, x):
        return (Fft(self.axes, not self.inverse, ADJOINT_NORM[self.norm])(g),)

    def batch(self, size, batched, x):
        return Fft(tuple(axis + 1 for axis in self.axes), self.inverse, self.norm)(x)


@dataclass(frozen=True)
class Rfft(Linear):
    """The transform of real numbers along an axis: frequencies 0 ... n/2; the others are their conjugates."""

    axis: int
    norm: str

    def shape(self, x):
        return (*x[: self.axis], x[self.axis] // 2 + 1, *x[self.axis + 1 :])

    def dtype(self, x):
        return np.result_type(x, np.complex64)

    def eager(self, xp, x):
        return xp.fft.rfft(x, axis=self.axis, norm=self.norm).astype(
            self.dtype(x.dtype), copy=False
        )

    def adjoint(self, g, x):
        whole = resized(g, self.axis, x.shape[self.axis])
        return (Fft((self.axis,), True, ADJOINT_NORM[self.norm])(whole).real,)

    def batch(self, size, batched, x):
        return Rfft(self.axis + 1, self.norm)(x)


@dataclass(frozen=True)
class Irfft(Linear):
    """n real numbers from their frequencies 0 ... n/2 along an axis: the inverse of Rfft."""

    axis: int
    n: int
    norm: str

    def shape(self, x):
        return (*x[: self.axis], self.n, *x[self.axis + 1 :])

    def dtype(self, x):
        return np.empty(0, x).real.dtype

    def eager(self, xp, x):
        return xp.fft.irfft(x, self.n, self.axis, self.norm).astype(self.dtype(x.dtype), copy=False)

    def adjoint(self, g, x):
        spectrum = Rfft(self.axis, ADJOINT_NORM[self.norm])(g)
        m = self.n // 2 + 1
        times = np.full(m, 2.0)  # a frequency stands for its conjugate too,
        times[0] = 1  # but for the first,
        times[m - 1 if self.n % 2 == 0 else 0] = 1  # and the last of an even number
        shape = [m if axis == self.axis else 1 for axis in range(g.ndim)]
        return (spectrum * g.new_tensor(times, dtype=g.dtype).reshape(shape),)

    def batch(self, size, batched, x):
        return Irfft(self.axis + 1, self.n, self.norm)(x)


# ---- what users write, normalised ----------------------------------------------------------------


def resized(x: Tensor, axis: int, n: int) -> Tensor:
    """x cut, or filled with zeros, to n elements along an axis."""
    return zero_pad(x, [(0, n - size if k == axis else 0) for k, size in enumerate(x.shape)])


def norm_of(name: str, norm: str | None) -> str:
    if norm is None:
        return "backward"
    if norm not in ADJOINT_NORM:
        known = '"forward", "backward" or "ortho"'
        raise RuntimeError(f"fft.{name}: invalid normalization mode {norm!r}; it must be {known}")
    return norm


def numbers(name: str, x: Tensor, real: bool) -> Tensor:
    """x in a dtype that can be transformed: real, or complex."""
    if real and x.dtype.is_complex:
        raise DtypeError(
            f"fft.{name}: expects a real input tensor, but got {x.dtype}; use fft.{name[1:]}"
        )
    x = floating(x)
    if x.dtype.kind == "float" and x.dtype.itemsize == 2:
        raise DtypeError(f"fft.{name}: {x.dtype} is not supported on the CPU; use x.float()")
    if real or x.dtype.is_complex:
        return x
    return x.to(dtypes.complex128 if x.dtype is dtypes.float64 else dtypes.complex64)


def sized(
    name: str, x: Tensor, s: Sequence[int] | None, dim: Dims
) -> tuple[Tensor, tuple[int, ...]]:
    """x with the sizes s along the dims (-1 keeps a size), and the axes."""
    if dim is None and s is not None:
        if len(s) > x.ndim:
            raise RuntimeError(
                f"fft.{name}: s {tuple(s)} has more sizes than the input {tuple(x.shape)} has dims"
            )
        dim = list(range(x.ndim - len(s), x.ndim))
    axes = many_axes(dim, x.ndim, f"fft.{name}")
    sizes = [-1] * len(axes) if s is None else list(s)
    if len(sizes) != len(axes):
        raise RuntimeError(
            f"fft.{name}: when given, dim and s must have the same length, got {dim} and {s}"
        )
    for axis, n in zip(axes, sizes, strict=True):
        x = resized(x, axis, n) if n != -1 else x
        if x.shape[axis] < 1:
            raise RuntimeError(
                f"fft.{name}: invalid number of data points ({x.shape[axis]}) specified"
            )
    return x, axes


def complex_transform(
    name: str, x: Tensor, s, dim: Dims, norm: str | None, inverse: bool
) -> Tensor:
    x, axes = sized(name, numbers(name, x, False), s, dim)
    return Fft(axes, inverse, norm_of(name, norm))(x) if axes else x


# ---- one dim -------------------------------------------------------------------------------------


def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    r"""The transform along `dim`, $y_k = \sum_t x_t e^{-2 \pi i k t / n}$, complex.

    n: the input is cut or filled with zeros to this size. norm: "backward" (no factor here, $1/n$ in the
    inverse), "forward" ($1/n$ here), "ortho" ($1/\sqrt n$ in both).

    >>> fathom.fft.fft(fathom.tensor([1., 0., 0., 0.])).real
    tensor([1., 1., 1., 1.])
    """
    return complex_transform("fft", input, None if n is None else (n,), (dim,), norm, False)


def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    r"""The inverse of `fft`, $x_t = \frac1n \sum_k y_k e^{2 \pi i k t / n}$, complex."""
    return complex_transform("ifft", input, None if n is None else (n,), (dim,), norm, True)


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """`fft` of real numbers: only the frequencies 0 ... n/2, as the others are their conjugates.

    >>> fathom.fft.rfft(fathom.ones(4)).real
    tensor([4., 0., 0.])
    """
    x, (axis,) = sized("rfft", numbers("rfft", input, True), None if n is None else (n,), (dim,))
    return Rfft(axis, norm_of("rfft", norm))(x)


def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `rfft`: n real numbers; by default an even number, 2 (m - 1) of m frequencies."""
    x = numbers("irfft", input, False)
    axis = one_axis(dim, x.ndim, "fft.irfft")
    n = 2 * (x.shape[axis] - 1) if n is None else n
    if n < 1:
        raise RuntimeError(f"fft.irfft: invalid number of data points ({n}) specified")
    return Irfft(axis, n, norm_of("irfft", norm))(resized(x, axis, n // 2 + 1))


def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """`fft` of numbers whose second half is the conjugate of the first, which is given: n real numbers."""
    return irfft(input.conj(), n, dim, ADJOINT_NORM[norm_of("hfft", norm)])


def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `hfft`."""
    return rfft(input, n, dim, ADJOINT_NORM[norm_of("ihfft", norm)]).conj()


# ---- several dims ----------------------------------------------------------------------------------


def fftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None
) -> Tensor:
    """`fft` along several dims (all by default), with sizes s."""
    return complex_transform("fftn", input, s, dim, norm, False)


def ifftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None
) -> Tensor:
    """The inverse of `fftn`."""
    return complex_transform("ifftn", input, s, dim, norm, True)


def rfftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None
) -> Tensor:
    """`fftn` of real numbers: of the last of the dims only the frequencies 0 ... n/2."""
    x, axes = sized("rfftn", numbers("rfftn", input, True), s, dim)
    mode = norm_of("rfftn", norm)
    half = Rfft(axes[-1], mode)(x)
    return Fft(axes[:-1], False, mode)(half) if axes[:-1] else half


def irfftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None
) -> Tensor:
    """The inverse of `rfftn`: real numbers, by default an even number along the last of the dims."""
    mode = norm_of("irfftn", norm)
    first = None if s is None else (*s[:-1], -1)
    x, axes = sized("irfftn", numbers("irfftn", input, False), first, dim)
    x = Fft(axes[:-1], True, mode)(x) if axes[:-1] else x
    last = None if s is None or s[-1] == -1 else s[-1]
    return irfft(x, last, axes[-1], mode)


def fft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Tensor:
    """`fftn` of the last two dims."""
    return fftn(input, s, dim, norm)


def ifft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Tensor:
    """The inverse of `fft2`."""
    return ifftn(input, s, dim, norm)


def rfft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Tensor:
    """`rfftn` of the last two dims."""
    return rfftn(input, s, dim, norm)


def irfft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Tensor:
    """The inverse of `rfft2`."""
    return irfftn(input, s, dim, norm)


# ---- frequencies -----------------------------------------------------------------------------------


def fftfreq(
    n: int, d: float = 1.0, *, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """The frequencies of `fft` of n points at distance d, in cycles for each unit of d: 0, 1/(n d), ...

    >>> fathom.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return finished(np.fft.fftfreq(n, d).astype(kind.numpy), device, requires_grad)


def rfftfreq(
    n: int, d: float = 1.0, *, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """The frequencies of `rfft` of n points at distance d."""
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return finished(np.fft.rfftfreq(n, d).astype(kind.numpy), device, requires_grad)


def fftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """Frequency 0 moved to the middle of `dim` (all dims by default).

    >>> fathom.fft.fftshift(fathom.tensor([0, 1, -2, -1]))
    tensor([-2, -1,  0,  1])
    """
    axes = many_axes(dim, input.ndim, "fft.fftshift")
    return input.roll([input.shape[axis] // 2 for axis in axes], list(axes))


def ifftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """The inverse of `fftshift`."""
    axes = many_axes(dim, input.ndim, "fft.ifftshift")
    return input.roll([-(input.shape[axis] // 2) for axis in axes], list(axes))
