"""The peak of each window, and the mark at its first place."""

from __future__ import annotations

import numpy as np

import fathom
from fathom.core.loop import Array, Index, evaluate
from fathom.ops.peaks import FirstPeak, Peak


def windows():
    return np.random.default_rng(0).integers(0, 3, (2, 3, 2, 2)).astype(np.float32)


def test_of_each_window_the_first_of_the_largest_is_marked_in_every_order_of_memory():
    x = windows()
    flat = x.reshape(2, 3, 4)
    expected = (np.arange(4) == flat.argmax(-1)[..., None]).reshape(x.shape)
    for laid_out in (x, np.asfortranarray(x)):
        y = Peak((2, 3))(fathom.from_numpy(laid_out))
        np.testing.assert_array_equal(y.numpy(), x.max((2, 3)))
        np.testing.assert_array_equal(
            FirstPeak(2)(fathom.from_numpy(laid_out), y).numpy(), expected
        )


def test_where_the_peak_is_nan_the_first_element_is_marked():
    x = fathom.tensor([[1.0, float("nan"), 3.0]])
    y = Peak((1,))(x)
    assert y.isnan().all() and FirstPeak(1)(x, y).tolist() == [[1, 0, 0]]


def test_their_loops_give_what_eager_gives():
    x = windows()
    peak, mark = Peak((2, 3)), FirstPeak(2)
    y = peak(fathom.from_numpy(x)).numpy()
    i = tuple(Index(n) for n in y.shape)
    np.testing.assert_array_equal(
        evaluate(peak.element(i, Array("x", x.shape, x.dtype)), i, {"x": x}), y
    )
    i = tuple(Index(n) for n in x.shape)
    element = mark.element(i, Array("x", x.shape, x.dtype), Array("y", y.shape, y.dtype))
    expected = mark(fathom.from_numpy(x), fathom.from_numpy(y)).numpy()
    np.testing.assert_array_equal(evaluate(element, i, {"x": x, "y": y}), expected)


def test_the_derivative_in_both_modes_is_that_of_the_first_peak():
    x = fathom.tensor(windows(), dtype=fathom.float64)
    dx = fathom.tensor(np.random.default_rng(1).standard_normal(x.shape))
    _, dy = fathom.func.jvp(Peak((2, 3)), (x,), (dx,))
    (g,) = fathom.func.vjp(Peak((2, 3)), x)[1](fathom.ones(2, 3, dtype=fathom.float64))
    assert fathom.allclose(dy, (g * dx).sum((2, 3)))
    assert (g.sum((2, 3)) == 1).all()
