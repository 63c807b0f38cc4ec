"""out=: the result is written where it is told to."""

from __future__ import annotations

import pytest

import fathom


def test_the_result_is_written_into_out_and_out_is_returned():
    out = fathom.zeros(2)
    memory = out.numpy()
    assert fathom.add(fathom.ones(2), 1, out=out) is out
    assert memory.tolist() == [2, 2]


def test_an_operand_may_be_out():
    x = fathom.tensor([1.0, 2.0])
    fathom.mul(x, x, out=x)
    assert x.tolist() == [1, 4]


def test_a_part_of_a_tensor_may_be_out():
    x = fathom.zeros(2, 3)
    fathom.matmul(fathom.ones(2), fathom.ones(2, 3), out=x[1])
    assert x.tolist() == [[0, 0, 0], [2, 2, 2]]


def test_several_results_have_several_outs_and_keep_their_names():
    values, places = fathom.zeros(2), fathom.zeros(2, dtype=fathom.int64)
    found = fathom.max(fathom.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=(values, places))
    assert found.values is values
    assert places.tolist() == [1, 0]
    with pytest.raises(TypeError, match="max: out must be a tuple of 2 tensors"):
        fathom.max(fathom.ones(2, 2), 1, out=values)


def test_an_empty_out_takes_the_results_shape():
    out = fathom.empty(0, dtype=fathom.float64)
    fathom.arange(3, out=out)
    assert out.tolist() == [0, 1, 2]
    assert out.dtype is fathom.float64


def test_an_out_of_another_shape_or_lower_kind_is_refused():
    with pytest.raises(ValueError, match=r"exp: out has shape \(3,\), the result \(2,\)"):
        fathom.exp(fathom.ones(2), out=fathom.ones(3))
    with pytest.raises(RuntimeError, match="can't be cast"):
        fathom.exp(fathom.ones(2), out=fathom.zeros(2, dtype=fathom.int64))


def test_out_does_not_support_gradients():
    x = fathom.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        fathom.exp(x, out=fathom.zeros(2))
    with fathom.no_grad():
        fathom.exp(x, out=x)
    assert x[0].item() == pytest.approx(2.71828, rel=1e-5)


def test_a_version_counter_notices_the_write():
    x = fathom.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    with fathom.no_grad():
        fathom.zeros(2, out=y)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
