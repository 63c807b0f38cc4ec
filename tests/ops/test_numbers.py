"""Signs, exponents, bits and divisors: the edges, operators, wrong calls; complex numbers as pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fathom


def test_hypot_does_not_overflow():
    big = fathom.tensor([3e30], dtype=fathom.float32)
    assert fathom.hypot(big, big / 3 * 4).item() == pytest.approx(5e30, rel=1e-6)
    assert fathom.hypot(fathom.tensor([math.inf]), fathom.tensor([math.nan])).item() == math.inf


def test_minus_zero_has_a_sign():
    assert fathom.signbit(fathom.tensor([-0.0, 0.0])).tolist() == [True, False]
    assert math.copysign(1, fathom.copysign(fathom.tensor([0.0]), -1.0).item()) == -1


def test_frexp_takes_apart_what_ldexp_puts_together():
    x = fathom.tensor([1e-310, 1.5, -1e308, 0.0], dtype=fathom.float64)
    mantissa, exponent = fathom.frexp(x)
    assert exponent.dtype is fathom.int32
    np.testing.assert_array_equal(np.ldexp(mantissa.numpy(), exponent.numpy()), x.numpy())
    wanted = np.frexp(x.numpy())
    np.testing.assert_array_equal(mantissa.numpy(), wanted[0])


def test_bits_move_by_operators_too():
    x = fathom.tensor([1, 2])
    assert (x << 3).tolist() == [8, 16]
    assert (fathom.tensor([-8]) >> 1).tolist() == [-4]
    x <<= 1
    assert x.tolist() == [2, 4]


def test_wrong_kinds_are_named():
    with pytest.raises(RuntimeError, match="gcd: expected whole numbers, got fathom.float32"):
        fathom.gcd(fathom.ones(2), fathom.ones(2))
    with pytest.raises(TypeError, match="bitwise_left_shift: expected whole numbers"):
        fathom.ones(2) << 1
    with pytest.raises(RuntimeError, match="frexp: only supports floating-point"):
        fathom.frexp(fathom.tensor([1]))
    with pytest.raises(RuntimeError, match="heaviside: needs one dtype"):
        fathom.heaviside(fathom.ones(1), fathom.tensor([1]))


def test_complex_numbers_and_their_pairs_share_memory():
    z = fathom.zeros(2, dtype=fathom.complex64)
    fathom.view_as_real(z)[0, 1] = 5
    assert z.tolist() == [5j, 0]
    pairs = fathom.zeros(2, 2)
    fathom.view_as_complex(pairs)[1] = 3 + 4j
    assert pairs.tolist() == [[0, 0], [3, 4]]
    with pytest.raises(RuntimeError, match="last dim must have size 2"):
        fathom.view_as_complex(fathom.ones(3))
    with pytest.raises(RuntimeError, match="expected a complex tensor"):
        fathom.view_as_real(fathom.ones(3))
