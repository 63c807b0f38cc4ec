"""A copy is made where it lets the lanes read neighbours, and only where it pays."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom.compiler.fuse import Kernel, fused
from fathom.compiler.graph import improved
from fathom.compiler.pack import PANEL, with_copies
from fathom.compiler.program import Program
from fathom.compiler.schedule import scheduled
from fathom.core.tracing import trace

LANES = 16


def arrays(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def copies(f, *xs):
    """The copies that the kernel of a product would read, and that kernel."""
    steps, names = fused(improved(trace(f, *map(fathom.from_numpy, xs))))
    (kernel,) = [s for s in steps if isinstance(s, Kernel)]
    return with_copies(kernel, {s: name for name, s in names.items()}, LANES)


def linear(x, w):
    return x @ w.T


def heads(x, w):
    """Attention's heads side by side again, and the layer after them."""
    return x.transpose(1, 2).reshape(4, 48, 64) @ w.T


def scores(q, k):
    return q @ k.transpose(-1, -2)


@pytest.mark.parametrize(
    ("f", "shapes", "copied"),
    [
        (linear, [(512, 64), (48, 64)], [(64, 48)]),
        (heads, [(4, 2, 48, 32), (80, 64)], [(2, 32, 80)]),
        (scores, [(2, 96, 32), (2, 96, 32)], [(2, 32, 96)]),
    ],
)
def test_an_operand_read_across_is_copied_and_the_product_is_the_same(f, shapes, copied):
    xs = arrays(*shapes)
    made, _ = copies(f, *xs)
    assert [k.output.shape for k in made] == copied
    graph = trace(f, *map(fathom.from_numpy, xs))
    np.testing.assert_allclose(
        Program(graph).run(xs)[0], f(*map(fathom.from_numpy, xs)).numpy(), rtol=2e-5, atol=1e-4
    )


def test_what_lies_in_order_is_not_copied():
    made, kernel = copies(lambda a, b: a @ b, *arrays((512, 64), (64, 48)))
    assert made == [] and kernel.output.shape == (512, 48)


def test_few_products_for_each_element_are_not_worth_a_copy():
    made, _ = copies(linear, *arrays((2, 64), (48, 64)))
    assert made == []


@pytest.mark.parametrize("f", [linear, lambda x, w: x @ w.T.contiguous()])
def test_a_large_operand_is_copied_in_panels_as_wide_as_a_block_of_sums(f):
    xs = arrays((600, 256), (192, 256))
    made, kernel = copies(f, *xs)
    assert [k.output.shape for k in made] == [(3, 256, 64)]
    schedule = scheduled(kernel, LANES)
    assert schedule.unrolled[schedule.vector] == PANEL
    graph = trace(f, *map(fathom.from_numpy, xs))
    np.testing.assert_allclose(Program(graph).run(xs)[0], xs[0] @ xs[1].T, rtol=2e-5, atol=1e-4)


def product(x, w):
    return x @ w


@pytest.mark.parametrize("rows", [100, 600])
def test_rows_far_apart_are_brought_together_where_many_blocks_read_them(rows):
    xs = arrays((rows, 256), (256, 192))
    made, _ = copies(product, *xs)
    assert [k.output.shape for k in made] == ([(3, 256, 64)] if rows == 600 else [])
    graph = trace(product, *map(fathom.from_numpy, xs))
    np.testing.assert_allclose(Program(graph).run(xs)[0], xs[0] @ xs[1], rtol=2e-5, atol=1e-4)


def test_a_sum_in_strips_is_not_given_copies():
    made, _ = copies(lambda x, g: x.T @ g, *arrays((2048, 256), (2048, 256)))
    assert made == []


def copied_shapes(program, prefix):
    """The shapes of the arrays that a pass has added."""
    names = program.source.names
    return [y.shape for y, name in names.items() if name.startswith(prefix)]


def test_a_result_that_lanes_would_scatter_is_turned_around_afterwards():
    def weights(g, x):
        return fathom.einsum("no,ntc->oct", g, x)

    xs = arrays((256, 128), (256, 3, 128))
    program = Program(trace(weights, *map(fathom.from_numpy, xs)))
    (shape,) = copied_shapes(program, "sums")
    assert sorted(shape) == [3, 128, 128] and shape[-1] == 128
    expected = np.einsum("no,ntc->oct", *xs, dtype=np.float64)
    np.testing.assert_allclose(program.run(xs)[0], expected, rtol=2e-5, atol=1e-4)


@pytest.mark.parametrize("examples", [16, 21])
@pytest.mark.parametrize("channels, copied", [(32, [(32, 64, 3, 3)]), (8, [])])
def test_weights_whose_terms_lie_apart_are_copied(examples, channels, copied):
    def up(x, w):
        return F.conv_transpose2d(x, w, stride=2)

    xs = arrays((examples, 64, 6, 6), (64, channels, 3, 3))
    tensors = list(map(fathom.from_numpy, xs))
    program = Program(trace(up, *tensors))
    assert copied_shapes(program, "packed") == copied
    np.testing.assert_allclose(program.run(xs)[0], up(*tensors).numpy(), rtol=2e-5, atol=1e-4)
