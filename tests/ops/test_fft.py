"""Fourier transforms: inverses, Parseval, wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import fathom


@pytest.mark.parametrize("norm", [None, "forward", "ortho"])
def test_each_transform_has_its_inverse(norm):
    x = fathom.from_numpy(np.random.default_rng(0).standard_normal((4, 6)))
    z = x + 1j * x.flip(0)
    pairs = [
        ("fft", "ifft", z),
        ("fft2", "ifft2", z),
        ("fftn", "ifftn", z),
        ("rfft", "irfft", x),
        ("rfft2", "irfft2", x),
    ]
    for there, back, values in pairs:
        again = getattr(fathom.fft, back)(getattr(fathom.fft, there)(values, norm=norm), norm=norm)
        np.testing.assert_allclose(again.numpy(), values.numpy(), atol=1e-12)


def test_the_orthogonal_transform_keeps_the_length():
    x = fathom.tensor([3.0, 4.0, 0.0])
    assert fathom.norm(fathom.fft.fft(x, norm="ortho")).item() == pytest.approx(5)


def test_single_precision_stays_single():
    assert fathom.fft.fft(fathom.ones(3)).dtype is fathom.complex64
    assert (
        fathom.fft.irfft(fathom.fft.rfft(fathom.ones(3, dtype=fathom.float64))).dtype
        is fathom.float64
    )
    assert fathom.fft.fft(fathom.tensor([1, 2])).dtype is fathom.complex64


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_frequencies_are_numpys(n):
    np.testing.assert_allclose(
        fathom.fft.fftfreq(n, 0.5).numpy(), np.fft.fftfreq(n, 0.5), rtol=1e-6
    )
    np.testing.assert_allclose(
        fathom.fft.rfftfreq(n, 0.5).numpy(), np.fft.rfftfreq(n, 0.5), rtol=1e-6
    )
    x = fathom.arange(n)
    assert fathom.fft.ifftshift(fathom.fft.fftshift(x)).tolist() == x.tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, x: f.fft(x, norm="both"), "invalid normalization mode 'both'"),
        (lambda f, x: f.fft(x, n=0), r"invalid number of data points \(0\)"),
        (lambda f, x: f.irfft(x[:1]), r"invalid number of data points \(0\)"),
        (lambda f, x: f.rfft(x + 0j), "expects a real input tensor, but got fathom.complex64"),
        (lambda f, x: f.fft(x.half()), "fathom.float16 is not supported"),
        (lambda f, x: f.fftn(x, s=(2, 2)), "more sizes than the input"),
        (lambda f, x: f.fftn(x, s=(2, 2), dim=(0,)), "must have the same length"),
    ],
)
def test_wrong_calls_say_what_is_wrong(call, message):
    with pytest.raises(RuntimeError, match=message):
        call(fathom.fft, fathom.ones(4))


def test_a_real_input_has_a_real_gradient():
    x = fathom.ones(4, requires_grad=True)
    fathom.fft.fft(x).abs().sum().backward()
    assert x.grad.dtype is fathom.float32
