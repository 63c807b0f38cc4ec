"""Choosing between two tensors: the way without branches gives what `where` gives."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.ops.comparison import chosen_by_bits


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 1, 0)])
def test_choosing_bit_by_bit_is_where_in_every_order_of_memory(dtype, order):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-9, 9, (4, 5, 6)).astype(dtype).transpose(order) for _ in range(2))
    condition = (rng.random((4, 5, 6)) < 0.5).transpose(order)
    np.testing.assert_array_equal(chosen_by_bits(condition, a, b), np.where(condition, a, b))
    nothing = np.broadcast_to(dtype(0), a.shape)
    np.testing.assert_array_equal(chosen_by_bits(condition, nothing, b), np.where(condition, 0, b))
    strided = np.where(condition, 1, 0).astype(bool)[::2, :, ::-1]
    np.testing.assert_array_equal(
        chosen_by_bits(strided, a[::2, :, ::-1], b[::2]), np.where(strided, a[::2, :, ::-1], b[::2])
    )


def test_what_is_not_chosen_may_be_nan_or_infinite():
    x = fathom.linspace(-1, 1, 4096, requires_grad=True)
    bad = fathom.where(x > 0, fathom.tensor(float("nan")), float("inf"))
    y = fathom.where(fathom.ones(4096, dtype=fathom.bool), x, bad)
    assert fathom.equal(y, x)
    y.backward(fathom.full((4096,), float("inf")))
    assert x.grad.isinf().all() and not bad.isfinite().any()
