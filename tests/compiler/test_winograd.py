"""Convolutions with fewer products: the identity behind them, and that programs use it and stay right."""

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom.compiler.tiled import Tiled, Untiled
from fathom.compiler.winograd import MOST_TAPS, PRODUCTS, transforms
from fathom.core import loop
from fathom.core.interpreter import evaluate

CONVOLUTIONS = {  # x, weight, how
    "3x3": ((16, 8, 9, 12), (8, 8, 3, 3), {"padding": 1}),
    "5x5, rows that tiles do not fill": ((16, 8, 9, 11), (8, 8, 5, 5), {"padding": 2}),
    "examples that blocks do not fill": ((19, 8, 8, 8), (12, 8, 3, 3), {}),
    "groups": ((16, 16, 6, 8), (24, 8, 3, 3), {"padding": 1, "groups": 2}),
    "one axis": ((16, 24, 30), (24, 24, 3), {"padding": 1}),
    "three axes, strides before the last": ((16, 8, 6, 9, 11), (8, 8, 3, 2, 4), {"stride": (2, 1, 1)}),
    "a stride that the taps are a multiple of": ((16, 8, 12, 18), (8, 8, 4, 4), {"stride": 2, "padding": 1}),
    "a stride that leaves places over": ((16, 8, 13, 19), (8, 8, 4, 4), {"stride": 2}),
    "one axis in steps of three": ((16, 24, 33), (24, 24, 6), {"stride": 3, "padding": 2}),
    "stride and dilation before the last axis": (
        (16, 8, 12, 12), (8, 8, 4, 3), {"stride": (2, 1), "dilation": (2, 1)},
    ),
    "a stride before the last axis": ((16, 8, 12, 12), (8, 8, 3, 3), {"stride": (2, 1)}),
    "dilation before the last axis": ((16, 8, 12, 12), (8, 8, 3, 3), {"dilation": (2, 1)}),
}  # fmt: skip
CONV = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}


def step(how):
    """A convolution, and the gradients of x and of the weights."""

    def run(x, w):
        y = CONV[x.ndim](x, w, **how)
        (y * y).sum().backward()
        gradients = x.grad, w.grad
        x.grad = w.grad = None
        return y.detach(), *gradients

    return run


def operands(x, w, dtype):
    fathom.manual_seed(0)
    return [fathom.randn(*shape, dtype=dtype).requires_grad_() for shape in (x, w)]


def through_tiles(compiled) -> int:
    """How many steps of the compiled program go into tiles or come out of them."""
    (run,) = compiled.runs.values()
    return sum(isinstance(s.primitive, (Tiled, Untiled)) for s in run.program.source.graph.steps)


@pytest.mark.parametrize(
    "taps, products", [(r, n) for r in range(2, MOST_TAPS + 1) for n in PRODUCTS if n > r]
)
def test_products_at_points_are_the_correlation_of_rows(taps, products):
    a, b, g = (np.array(m) for m in transforms(taps, products))
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal(products), rng.standard_normal(taps)
    y = a.T @ ((b @ x) * (g @ w))
    expected = [x[i : i + taps] @ w for i in range(products + 1 - taps)]
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-14 * products)


@pytest.mark.parametrize("width, step, tiles", [(12, 4, 3), (11, 4, 3), (14, 2, 6), (3, 3, 1)])
def test_tiles_and_the_way_back_are_adjoint(width, step, tiles):
    rng = np.random.default_rng(0)
    matrix = tuple(map(tuple, rng.standard_normal((5, 6 if step < 4 else 7))))
    there, back = Tiled(matrix, step, tiles), Untiled(matrix, step, width)
    x = rng.standard_normal((2, 3, width))
    y = rng.standard_normal(there.shape(x.shape))
    row = back.eager(np, y).reshape(2, 3, -1)[..., :width]
    np.testing.assert_allclose((there.eager(np, x) * y).sum(), (x * row).sum(), rtol=1e-12)


@pytest.mark.parametrize("width, step, tiles", [(12, 4, 3), (11, 4, 3), (14, 2, 6), (3, 3, 1)])
def test_elements_of_tiles_are_what_the_eager_rules_compute(width, step, tiles):
    rng = np.random.default_rng(0)
    matrix = tuple(map(tuple, rng.integers(-2, 3, (5, 6)).astype(float)))
    there, back = Tiled(matrix, step, tiles), Untiled(matrix, step, width)
    for primitive, shape in ((there, (2, 3, width)), (back, (2, 5, 3, tiles))):
        x = rng.standard_normal(shape)
        out = [loop.Index(n) for n in primitive.shape(shape)]
        body = primitive.element(tuple(out), loop.Array("x", shape, x.dtype))
        found = evaluate(body, out, {"x": x})
        np.testing.assert_allclose(found, primitive.eager(np, x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_and_its_gradients_equal_eager_ones(name):
    x, w, how = CONVOLUTIONS[name]
    x, w = operands(x, w, fathom.float64)
    compiled = fathom.compile(step(how))
    for found, expected in zip(compiled(x, w), step(how)(x, w), strict=True):
        error = (found - expected).norm() / expected.norm()
        assert error < 1e-13
    assert through_tiles(compiled) >= 5


@pytest.mark.parametrize(
    "width, taps, products",
    [(16, 3, 6), (8, 3, 6), (12, 3, 8), (6, 3, 8), (3, 3, 5), (10, 5, 8), (9, 2, 5)],
)
def test_tiles_of_a_row_are_those_with_the_fewest_products(width, taps, products):
    x, w = operands((16, 8, 7, width), (8, 8, 3, taps), fathom.float32)
    compiled = fathom.compile(step({"padding": (1, (taps - 1) // 2)}))
    compiled(x, w)
    (run,) = compiled.runs.values()
    steps = run.program.source.graph.steps
    tiled = [s.primitive for s in steps if isinstance(s.primitive, (Tiled, Untiled))]
    assert {len(t.matrix) for t in tiled} == {products}


@pytest.mark.parametrize("width, taps", [(16, 3), (12, 3), (10, 5)])
def test_in_float32_tiles_lose_less_than_two_digits(width, taps):
    how = {"padding": (1, taps // 2)}
    shapes = (16, 32, 16, width), (32, 32, 3, taps)
    exact = step(how)(*operands(*shapes, fathom.float64))
    x, w = (
        t.detach().to(fathom.float32).requires_grad_() for t in operands(*shapes, fathom.float64)
    )
    compiled = fathom.compile(step(how))
    for tiled, direct, y in zip(compiled(x, w), step(how)(x, w), exact, strict=True):
        errors = [(z.to(fathom.float64) - y).norm() / y.norm() for z in (tiled, direct)]
        assert errors[0] < 3e-6 and errors[0] < 30 * errors[1]
    assert through_tiles(compiled) == 6


@pytest.mark.parametrize("shape", [(16, 32, 8, 8), (32, 16, 7, 9)])
def test_a_transposed_convolution_with_stride_goes_through_tiles(shape):
    x, w = operands(shape, (shape[1], 24, 4, 4), fathom.float64)

    def up(x, w):
        return F.conv_transpose2d(x, w, stride=2, padding=1)

    compiled = fathom.compile(up)
    error = (compiled(x, w) - up(x, w)).norm() / up(x, w).norm()
    assert error < 1e-13
    assert through_tiles(compiled) == 3


@pytest.mark.parametrize(
    "shape, weight, how",
    [
        pytest.param((8, 8, 9, 12), (8, 8, 3, 3), {}, id="few examples"),
        pytest.param((16, 2, 9, 12), (8, 2, 3, 3), {}, id="few channels"),
        pytest.param((16, 8, 9, 12), (8, 8, 3, 3), {"stride": 2}, id="a stride along the row"),
        pytest.param((16, 8, 9, 12), (8, 8, 1, 1), {}, id="one tap"),
        pytest.param((16, 8, 9, 12), (8, 8, 7, 7), {"padding": 3}, id="too many taps"),
    ],
)
def test_where_tiles_do_not_pay_products_are_summed_directly(shape, weight, how):
    x, w = operands(shape, weight, fathom.float32)
    compiled = fathom.compile(step(how))
    compiled(x, w)
    assert through_tiles(compiled) == 0
