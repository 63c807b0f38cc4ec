"""The peak of each window, its first place, and the mark there."""

from __future__ import annotations

import numpy as np

import fathom
from fathom.core.interpreter import evaluate
from fathom.core.loop import Array, Index
from fathom.ops.peaks import FirstPeak, Mark, Peak


def windows():
    return np.random.default_rng(0).integers(0, 3, (2, 3, 2, 2)).astype(np.float32)


def test_of_each_window_the_first_of_the_largest_is_found_and_marked_in_every_order_of_memory():
    x = windows()
    first = x.reshape(2, 3, 4).argmax(-1)
    for laid_out in (x, np.asfortranarray(x)):
        y = Peak((2, 3))(fathom.from_numpy(laid_out))
        np.testing.assert_array_equal(y.numpy(), x.max((2, 3)))
        place = FirstPeak(2)(fathom.from_numpy(laid_out), y)
        np.testing.assert_array_equal(place.numpy(), first)
        mark = Mark((2, 2), fathom.float32)(place).numpy()
        assert mark.dtype == x.dtype
        np.testing.assert_array_equal(mark.reshape(2, 3, 4), np.arange(4) == first[..., None])


def test_where_the_peak_is_nan_the_first_element_is_found():
    x = fathom.tensor([[1.0, float("nan"), 3.0]])
    y = Peak((1,))(x)
    assert y.isnan().all() and FirstPeak(1)(x, y).tolist() == [0]


def test_their_loops_give_what_eager_gives():
    x = windows()
    y = x.max((2, 3))
    place = x.reshape(2, 3, 4).argmax(-1).astype(np.int32)
    arrays = {"x": x, "y": y, "place": place}
    named = {name: Array(name, a.shape, a.dtype) for name, a in arrays.items()}
    for primitive, inputs in (
        (Peak((2, 3)), ["x"]),
        (FirstPeak(2), ["x", "y"]),
        (Mark((2, 2), fathom.float32), ["place"]),
    ):
        expected = primitive(*[fathom.from_numpy(arrays[name]) for name in inputs]).numpy()
        i = tuple(Index(n) for n in expected.shape)
        element = primitive.element(i, *[named[name] for name in inputs])
        np.testing.assert_array_equal(evaluate(element, i, arrays), expected)


def test_the_derivative_in_both_modes_is_that_of_the_first_peak():
    x = fathom.tensor(windows(), dtype=fathom.float64)
    dx = fathom.tensor(np.random.default_rng(1).standard_normal(x.shape))
    _, dy = fathom.func.jvp(Peak((2, 3)), (x,), (dx,))
    (g,) = fathom.func.vjp(Peak((2, 3)), x)[1](fathom.ones(2, 3, dtype=fathom.float64))
    assert fathom.allclose(dy, (g * dx).sum((2, 3)))
    assert (g.sum((2, 3)) == 1).all()
