"""Windows and Fold: what they read and write, adjoint to each other, in every order of memory."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.core.interpreter import evaluate
from fathom.core.loop import Array, Index
from fathom.ops.contraction import Contract
from fathom.ops.windows import Fold, Windows

CASES = [  # x, size, stride, dilation
    ((2, 7), (3,), (1,), (1,)),
    ((2, 9), (2,), (4,), (3,)),
    ((2, 3, 6, 7), (3, 2), (1, 2), (2, 1)),
    ((4, 5, 6), (2, 2, 2), (2, 1, 3), (1, 1, 1)),
    ((0, 3, 5, 5), (2, 2), (1, 1), (1, 1)),
]


def taken(x, size, stride, dilation):
    """Windows, one at a time."""
    n = len(size)
    windows = Windows(size, stride, dilation)
    y = np.zeros(windows.shape(x.shape), x.dtype)
    for at in np.ndindex(y.shape[-2 * n : -n]):
        place = tuple(
            slice(i * s, i * s + d * (k - 1) + 1, d)
            for i, s, d, k in zip(at, stride, dilation, size)
        )
        y[(..., *at, *(slice(None),) * n)] = x[(..., *place)]
    return y


@pytest.mark.parametrize("shape, size, stride, dilation", CASES)
def test_windows_are_the_slices_of_x(shape, size, stride, dilation):
    x = np.random.default_rng(0).standard_normal(shape)
    for laid_out in (x, np.asfortranarray(x)):
        y = Windows(size, stride, dilation)(fathom.from_numpy(laid_out))
        np.testing.assert_array_equal(y.numpy(), taken(x, size, stride, dilation))


@pytest.mark.parametrize("shape, size, stride, dilation", CASES)
def test_fold_is_the_adjoint_of_windows(shape, size, stride, dilation):
    rng = np.random.default_rng(0)
    windows, fold = (
        Windows(size, stride, dilation),
        Fold(shape[-len(size) :], size, stride, dilation),
    )
    x = rng.standard_normal(shape)
    y = rng.standard_normal(windows.shape(shape))
    for laid_out in (y, np.asfortranarray(y)):
        back = fold(fathom.from_numpy(laid_out)).numpy()
        assert back.shape == shape
        np.testing.assert_allclose(
            (taken(x, size, stride, dilation) * y).sum(), (x * back).sum(), atol=1e-12
        )


@pytest.mark.parametrize("shape, size, stride, dilation", CASES[:4])
def test_their_loops_give_what_eager_gives(shape, size, stride, dilation):
    x = np.random.default_rng(0).standard_normal(shape)
    windows, fold = (
        Windows(size, stride, dilation),
        Fold(shape[-len(size) :], size, stride, dilation),
    )
    y = taken(x, size, stride, dilation)
    i = tuple(Index(n) for n in y.shape)
    np.testing.assert_array_equal(
        evaluate(windows.element(i, Array("x", shape, x.dtype)), i, {"x": x}), y
    )
    i = tuple(Index(n) for n in shape)
    back = evaluate(fold.element(i, Array("y", y.shape, y.dtype)), i, {"y": y})
    np.testing.assert_allclose(back, fold(fathom.from_numpy(y)).numpy(), atol=1e-12)


def test_windows_are_a_view_and_fold_of_a_large_array_goes_part_by_part():
    x = fathom.zeros(3, 2, 400, 200)
    y = Windows((2, 2), (1, 1), (1, 1))(x)
    x[0, 0, 1, 1] = 1
    assert y.array[0, 0].sum() == 4
    counts = Fold((400, 200), (2, 2), (1, 1), (1, 1))(fathom.ones(*y.shape)).numpy()
    assert (counts[:, :, 1:-1, 1:-1] == 4).all() and (counts[:, :, 0, 0] == 1).all()


@pytest.mark.parametrize(
    "size, stride", [((4, 4), (2, 2)), ((3, 6), (1, 3)), ((6, 4), (2, 4)), ((3, 3), (2, 2))]
)
def test_what_a_fold_knows_of_a_product_before_it_computes_the_same(size, stride):
    rng = np.random.default_rng(0)
    counts, to = (3, 4), (13, 18)
    g = fathom.from_numpy(rng.standard_normal((2, 5, *counts)))
    w = fathom.from_numpy(rng.standard_normal((5, 3, *size)))
    product, fold = Contract("nohw", "ocpq", "nchwpq"), Fold(to, size, stride, (1, 1))
    better = fold.after(product, g, w)
    if any(k % s for k, s in zip(size, stride, strict=True)):
        assert better is None
    else:
        expected = fold(product(g, w))
        np.testing.assert_allclose(better.numpy(), expected.numpy(), rtol=1e-13, atol=1e-13)
