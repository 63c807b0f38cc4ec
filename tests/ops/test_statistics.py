"""Medians, quantiles, modes, running results: named results, gradients, wrong calls."""

from __future__ import annotations

import pytest

import fathom


def test_results_have_names():
    x = fathom.tensor([[3.0, 1.0, 2.0]])
    assert fathom.median(x, dim=1).values.tolist() == [2.0]
    assert fathom.median(x, dim=1).indices.tolist() == [2]
    assert fathom.aminmax(x).max.item() == 3
    assert fathom.mode(x, 1).values.tolist() == [1]
    assert fathom.kthvalue(x, 3, 1).indices.tolist() == [0]
    assert fathom.cummax(x, 1).indices.tolist() == [[0, 0, 0]]


def test_the_gradient_of_a_median_goes_to_the_element():
    x = fathom.tensor([3.0, 1.0, 2.0], requires_grad=True)
    fathom.median(x).backward()
    assert x.grad.tolist() == [0, 0, 1]


def test_the_gradient_of_a_quantile_is_shared_by_its_neighbours():
    x = fathom.tensor([0.0, 10.0, 20.0], requires_grad=True)
    fathom.quantile(x, 0.25).backward()
    assert x.grad.tolist() == [0.5, 0.5, 0]


def test_the_median_of_nothing_is_nan():
    assert fathom.median(fathom.zeros(0)).isnan().item()
    with pytest.raises(IndexError, match="to have non-zero size"):
        fathom.median(fathom.zeros(2, 0), 1)


def test_wrong_calls_say_what_is_wrong():
    with pytest.raises(RuntimeError, match="either float or double dtype, got fathom.int64"):
        fathom.quantile(fathom.tensor([1, 2]), 0.5)
    with pytest.raises(RuntimeError, match=r"range \[0, 1\], got \[1.5\]"):
        fathom.quantile(fathom.ones(2), 1.5)
    with pytest.raises(RuntimeError, match="interpolation must be one of"):
        fathom.quantile(fathom.ones(2), 0.5, interpolation="cubic")
    with pytest.raises(RuntimeError, match="must be non-empty"):
        fathom.quantile(fathom.zeros(0), 0.5)
    with pytest.raises(RuntimeError, match="k out of range|out of range for dimension"):
        fathom.kthvalue(fathom.ones(2), 3)
    with pytest.raises(RuntimeError, match="at least one-dimensional"):
        fathom.diff(fathom.tensor(1.0))
    with pytest.raises(RuntimeError, match="not both"):
        fathom.trapezoid(fathom.ones(3), fathom.ones(3), dx=1.0)
    with pytest.raises(ValueError, match="cov: expected a matrix or a vector"):
        fathom.cov(fathom.ones(1, 1, 1))
    with pytest.raises(RuntimeError, match="must be at least 2"):
        fathom.gradient(fathom.ones(1))


def test_logcumsumexp_has_a_gradient_where_a_sum_of_nothing_begins_it():
    x = fathom.tensor([-float("inf"), 0.0, 0.0], requires_grad=True)
    fathom.logcumsumexp(x, 0)[2].backward()
    assert x.grad.tolist() == [0, 0.5, 0.5]


def test_searching_checks_its_arguments():
    a = fathom.tensor([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="must agree apart from the last dim"):
        fathom.searchsorted(a, fathom.tensor([1, 2, 3]))
    with pytest.raises(RuntimeError, match="do not go together"):
        fathom.searchsorted(a[0], 1, side="left", right=True)
    with pytest.raises(ValueError, match="boundaries must be 1-d"):
        fathom.bucketize(fathom.ones(2), fathom.ones(2, 2))
    assert fathom.searchsorted(a[0], 2, out_int32=True).dtype is fathom.int32
    assert fathom.searchsorted(fathom.tensor([3, 1]), 2, sorter=fathom.tensor([1, 0])).item() == 1
    assert fathom.isin(fathom.tensor([1]), fathom.tensor([], dtype=fathom.int64)).tolist() == [
        False
    ]
