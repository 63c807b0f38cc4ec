"""Special functions and softmax: what the laws of the table do not say."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

import fathom


def test_half_precision_is_computed_in_single_and_keeps_its_dtype():
    for d in (fathom.float16, fathom.bfloat16):
        x = fathom.tensor([0.5, 1.5], dtype=d)
        for name in ("erf", "erfc", "lgamma", "digamma", "i0", "erfinv"):
            assert getattr(fathom, name)(x).dtype is d
        assert fathom.polygamma(2, x).dtype is d


def test_integers_become_floating_point():
    assert fathom.erf(fathom.tensor([0, 1])).dtype is fathom.float32
    assert fathom.lgamma(fathom.tensor([3])).item() == pytest.approx(math.log(2))


def test_erfc_keeps_its_digits_where_one_minus_erf_has_none():
    y = fathom.erfc(fathom.tensor(6.0, dtype=fathom.float64)).item()
    assert y == pytest.approx(math.erfc(6.0), rel=1e-12)


def test_log_ndtr_is_finite_where_ndtr_is_0():
    x = fathom.tensor([-40.0, 0.0, 40.0], dtype=fathom.float64, requires_grad=True)
    y = fathom.special.log_ndtr(x)
    y.sum().backward()
    torch = pytest.importorskip("torch")
    t = torch.tensor([-40.0, 0.0, 40.0], dtype=torch.float64, requires_grad=True)
    torch.special.log_ndtr(t).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), rtol=1e-9)
    assert y.isfinite().all()


def test_xlogy_has_no_nan_in_its_gradient_where_both_are_0():
    a = fathom.zeros(2, requires_grad=True)
    fathom.xlogy(a, fathom.tensor([0.0, 2.0])).sum().backward()
    assert a.grad.tolist() == pytest.approx([0.0, math.log(2)])


def test_the_slope_of_sinc_at_0_is_0():
    x = fathom.zeros(1, requires_grad=True)
    fathom.sinc(x).backward()
    assert x.grad.item() == 0


def test_polygamma_of_a_negative_order_says_what_it_takes():
    with pytest.raises(RuntimeError, match="n must be 0 or more, got -1"):
        fathom.polygamma(-1, fathom.ones(1))


def test_a_derivative_that_is_not_known_raises_and_names_itself():
    a = fathom.ones(2, requires_grad=True)
    y = fathom.special.gammainc(a, fathom.ones(2))
    with pytest.raises(
        NotImplementedError, match="Gammainc has no derivative by its first argument"
    ):
        y.sum().backward()
    with pytest.raises(NotImplementedError, match="Zeta"):
        fathom.func.jvp(
            lambda x: fathom.special.zeta(x, fathom.ones(2)),
            (fathom.full((2,), 2.0),),
            (fathom.ones(2),),
        )


def test_softmax_of_integers_says_how_to_convert():
    with pytest.raises(
        RuntimeError, match=r"softmax: expected a floating-point tensor, got fathom.int64"
    ):
        fathom.softmax(fathom.tensor([1, 2]), 0)
    with pytest.raises(IndexError, match="Dimension out of range"):
        fathom.log_softmax(fathom.ones(2), 1)


def test_softmax_takes_a_dtype_and_numpys_name_of_dim():
    y = fathom.softmax(fathom.tensor([1, 1]), axis=0, dtype=fathom.float64)
    assert y.tolist() == [0.5, 0.5]
    assert y.dtype is fathom.float64


def test_softmax_does_not_overflow():
    y = fathom.tensor([1e4, 0.0], requires_grad=True)
    p = y.softmax(0)
    p[0].backward()
    assert p.tolist() == [1.0, 0.0]
    assert y.grad.tolist() == [0.0, 0.0]


def test_scipy_is_not_imported_before_it_is_needed():
    asked = "print('scipy' in sys.modules)"
    code = f"import fathom, sys; {asked}; fathom.erf(fathom.ones(1)); {asked}"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "True"]
