"""What is only computed to be copied is computed where the copy would be."""

from __future__ import annotations

import numpy as np

import fathom
from fathom.compiler.fuse import Kernel
from fathom.compiler.lowering import lowered
from fathom.compiler.program import Program
from fathom.core.loop import Reduce
from fathom.core.tracing import trace


def arrays(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def attention(x, w):
    """Attention of one head, whose queries, keys and values are the parts of one product."""
    q, k, v = (x @ w).chunk(3, -1)
    return ((q @ k.transpose(-1, -2)).softmax(-1) @ v).sin().sum()


def gradient(x, w):
    return fathom.func.grad(attention, 1)(x, w)


def test_the_gradients_of_parts_are_computed_where_they_lie_side_by_side():
    xs = arrays((2, 40, 24), (24, 96))
    graph = trace(gradient, *map(fathom.from_numpy, xs))
    _, units, _ = lowered(graph)
    parts = [k for k in units if isinstance(k, Kernel) and k.at is not None]
    assert [k.output.shape for k in parts] == [(2, 40, 96)] * 3
    assert all(isinstance(k.body, Reduce) for k in parts)
    wanted = gradient(*map(fathom.from_numpy, xs)).numpy()
    np.testing.assert_allclose(Program(graph).run(xs)[0], wanted, rtol=2e-4, atol=2e-4)


def test_what_others_read_too_is_copied():
    def twice(x, w):
        y = x @ w
        side_by_side = fathom.cat([y, y.exp().cumsum(-1), y.sin()], -1)
        return side_by_side, y.sum(0)

    xs = arrays((40, 24), (24, 32))
    graph = trace(twice, *map(fathom.from_numpy, xs))
    for y, z in zip(Program(graph).run(xs), twice(*map(fathom.from_numpy, xs)), strict=True):
        np.testing.assert_allclose(y, z.numpy(), rtol=2e-4, atol=2e-4)
