"""Writing by index, mask and place: in place, at the edges, wrong calls."""

from __future__ import annotations

import pytest

import fathom


def test_the_underscored_methods_write():
    x = fathom.zeros(3)
    assert x.index_fill_(0, fathom.tensor([1]), 7.0) is x
    x.index_copy_(0, fathom.tensor([0]), fathom.tensor([2.0]))
    x.masked_scatter_(fathom.tensor([False, False, True]), fathom.tensor([9.0]))
    x.index_put_((fathom.tensor([0, 0]),), fathom.ones(2), accumulate=True)
    assert x.tolist() == [4, 7, 9]


def test_views_of_parts_write_into_the_whole():
    x = fathom.zeros(2, 3)
    x.select(1, 2).fill_(1)
    x.unfold(1, 2, 1)[0, 0].fill_(5)
    assert x.tolist() == [[5, 5, 1], [0, 0, 1]]


def test_a_product_over_a_zero_has_the_slope_of_the_others():
    x = fathom.tensor([2.0], requires_grad=True)
    v = fathom.tensor([0.0, 3.0], requires_grad=True)
    x.scatter_reduce(0, fathom.tensor([0, 0]), v, "prod").backward()
    assert x.grad.tolist() == [0]
    assert v.grad.tolist() == [6, 0]


def test_ties_of_a_scattered_maximum_share_the_gradient():
    x = fathom.tensor([1.0], requires_grad=True)
    v = fathom.tensor([1.0, 1.0, 0.0], requires_grad=True)
    x.scatter_reduce(0, fathom.tensor([0, 0, 0]), v, "amax").backward()
    assert x.grad.tolist() == pytest.approx([1 / 3])
    assert v.grad.tolist() == pytest.approx([1 / 3, 1 / 3, 0])


def test_whole_numbers_are_reduced_from_the_ends_of_their_range():
    x = fathom.tensor([5, 5])
    y = x.scatter_reduce(0, fathom.tensor([0]), fathom.tensor([-3]), "amax", include_self=False)
    assert y.tolist() == [-3, 5]


def test_wrong_calls_say_what_is_wrong():
    x, i = fathom.zeros(3, 2), fathom.tensor([0])
    with pytest.raises(ValueError, match=r"source must have shape \(1, 2\), got \(2, 2\)"):
        x.index_copy(0, i, fathom.ones(2, 2))
    with pytest.raises(RuntimeError, match="expected to have the same dtype"):
        x.index_copy(0, i, fathom.ones(1, 2, dtype=fathom.float64))
    with pytest.raises(IndexError, match="out of bounds"):
        x.index_fill(0, fathom.tensor([3]), 1.0)
    with pytest.raises(RuntimeError, match="reduce must be one of"):
        x.scatter_reduce(0, fathom.zeros(1, 2).long(), fathom.ones(1, 2), "median")
    with pytest.raises(RuntimeError, match="source has 1 elements, the mask asks for 6"):
        x.masked_scatter(fathom.ones(3, 2).bool(), fathom.ones(1))
    with pytest.raises(RuntimeError, match="expected a boolean mask"):
        x.masked_scatter(fathom.ones(3, 2), fathom.ones(6))
    with pytest.raises(RuntimeError, match="0-d value tensor"):
        x.index_fill(0, i, fathom.ones(2))
    with pytest.raises(ValueError, match="equally many elements"):
        x.put(fathom.tensor([0, 1]), fathom.ones(3))
