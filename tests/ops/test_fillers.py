"""Filling with random numbers in place: distributions, generators, wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import fathom


@pytest.mark.parametrize(
    ("fill", "mean", "std"),
    [
        (lambda x, g: x.normal_(2, 3, generator=g), 2, 3),
        (lambda x, g: x.uniform_(-1, 1, generator=g), 0, 3**-0.5),
        (lambda x, g: x.bernoulli_(0.25, generator=g), 0.25, (0.25 * 0.75) ** 0.5),
        (lambda x, g: x.exponential_(2, generator=g), 0.5, 0.5),
        (lambda x, g: x.geometric_(0.5, generator=g), 2, 2**0.5),
        (lambda x, g: x.log_normal_(0, 0.5, generator=g).log(), 0, 0.5),
        (lambda x, g: x.random_(0, 10, generator=g), 4.5, (99 / 12) ** 0.5),
        (lambda x, g: x.cauchy_(1, 1, generator=g).sub(1).atan(), 0, 3.14159 / 12**0.5),
    ],
)
def test_mean_and_spread_are_those_of_the_distribution(fill, mean, std):
    generator = fathom.Generator().manual_seed(0)
    x = fill(fathom.empty(20_000, dtype=fathom.float64), generator)
    assert x.mean().item() == pytest.approx(mean, abs=5 * std / 20_000**0.5)
    assert x.std().item() == pytest.approx(std, rel=0.05)


def test_a_generator_makes_the_numbers_again():
    draw = [fathom.empty(5).normal_(generator=fathom.Generator().manual_seed(3)) for _ in range(2)]
    assert draw[0].tolist() == draw[1].tolist()


def test_random_fills_what_a_dtype_holds():
    assert fathom.empty(100, dtype=fathom.uint8).random_().max().item() <= 255
    assert set(fathom.empty(50, dtype=fathom.bool).random_().tolist()) == {True, False}
    assert fathom.empty(100).random_(5).max().item() <= 4


def test_from_may_be_named():
    x = fathom.empty(100).uniform_(**{"from": 2.0}, to=3.0)
    assert 2 <= x.min().item() <= x.max().item() <= 3


def test_filling_a_leaf_that_requires_grad_needs_no_grad():
    x = fathom.zeros(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        x.normal_()
    with fathom.no_grad():
        x.normal_()
    assert x.requires_grad


def test_a_view_is_filled_and_nothing_else():
    x = fathom.zeros(4)
    x[1:3].fill_(0).bernoulli_(1.0)
    assert x.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda x: x.normal_(0, -1), "std >= 0.0"),
        (lambda x: x.uniform_(2, 1), "from=2 > to=1"),
        (lambda x: x.random_(3, 3), "from=3 >= to=3"),
        (lambda x: x.bernoulli_(1.5), "p=1.5"),
        (lambda x: x.exponential_(0), "lambd > 0.0"),
        (lambda x: x.geometric_(0), r"p to be in \(0, 1\)"),
        (lambda x: x.long().normal_(), "floating-point tensor, got fathom.int64"),
    ],
)
def test_wrong_parameters_say_what_they_may_be(fill, message):
    with pytest.raises(RuntimeError, match=message):
        fill(fathom.zeros(2))


def test_an_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'low'"):
        fathom.zeros(2).uniform_(low=1)


@pytest.mark.parametrize("dtype", [fathom.complex64, fathom.complex128], ids=str)
def test_both_parts_of_complex_numbers_are_random(dtype):
    fathom.manual_seed(0)
    z = fathom.randn(20_000, dtype=dtype)
    assert z.dtype is dtype
    np.testing.assert_allclose(np.cov(z.real.numpy(), z.imag.numpy()), np.eye(2) / 2, atol=0.02)
    u = fathom.rand(20_000, dtype=dtype)
    parts = fathom.view_as_real(u).numpy()
    assert parts.min() >= 0 and parts.max() < 1
    np.testing.assert_allclose(np.cov(parts.T), np.eye(2) / 12, atol=0.005)
