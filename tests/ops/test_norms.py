"""Norms and distances: the zero vector, many rows, wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import fathom


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, "fro"])
def test_the_slope_at_the_zero_vector_is_0(p):
    x = fathom.zeros(3, requires_grad=True)
    fathom.norm(x, p).backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_the_distance_of_a_row_to_itself_has_slope_0_also_among_many():
    for rows in (3, 40):
        x = fathom.arange(float(rows)).reshape(rows, 1).requires_grad_()
        d = fathom.cdist(x, x)
        d.sum().backward()
        assert x.grad.isfinite().all()
        assert d.diagonal().tolist() == [0.0] * rows


def test_many_rows_take_the_product_unless_forbidden():
    rng = np.random.default_rng(0)
    a, b = (fathom.from_numpy(rng.standard_normal((n, 4))) for n in (50, 30))
    quick, exact = (
        fathom.cdist(a, b),
        fathom.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist"),
    )
    np.testing.assert_allclose(quick.numpy(), exact.numpy(), rtol=1e-10)


def test_wrong_calls_say_what_is_wrong():
    with pytest.raises(
        RuntimeError, match="expected a floating-point or complex tensor, got fathom.int64"
    ):
        fathom.norm(fathom.tensor([1, 2]))
    with pytest.raises(ValueError, match=r"cdist: expected .* got \(2, 3\) and \(2, 4\)"):
        fathom.cdist(fathom.ones(2, 3), fathom.ones(2, 4))
    with pytest.raises(ValueError, match="not a valid value for compute_mode"):
        fathom.cdist(fathom.ones(2, 3), fathom.ones(2, 3), compute_mode="fast")
    with pytest.raises(RuntimeError, match='only "fro" and "nuc"'):
        fathom.norm(fathom.ones(2), "max")
    with pytest.raises(RuntimeError, match="order 7 is not supported"):
        fathom.linalg.matrix_norm(fathom.ones(2, 2), 7)
    with pytest.raises(RuntimeError, match="needs 1 dim"):
        fathom.linalg.norm(fathom.ones(2, 2, 2), 2)
