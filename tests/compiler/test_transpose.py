"""Arrays turned around by squares hold what they held, whatever their sizes."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom.compiler.fuse import Kernel, fused
from fathom.compiler.graph import improved
from fathom.compiler.program import Program
from fathom.compiler.transpose import turned
from fathom.core.tracing import trace


def turn(shape: tuple[int, ...], order: tuple[int, ...], dtype):
    x = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    return x, trace(lambda a: a.permute(order).contiguous(), fathom.from_numpy(x))


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((32, 48), (1, 0)),
        ((100, 70), (1, 0)),
        ((3, 17, 33), (0, 2, 1)),
        ((20, 2, 31), (2, 1, 0)),
        ((2, 40, 3, 20), (0, 2, 3, 1)),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int16"])
@pytest.mark.parametrize("width", [16, 8])
def test_every_element_finds_its_place(shape, order, dtype, width):
    x, graph = turn(shape, order, dtype)
    np.testing.assert_array_equal(Program(graph, width=width).run([x])[0], x.transpose(order))


def kernel(shape: tuple[int, ...], order: tuple[int, ...]) -> Kernel:
    steps, _ = fused(improved(turn(shape, order, np.float32)[1]))
    return next(s for s in steps if isinstance(s, Kernel))


def test_only_copies_between_two_long_directions_are_turned_in_squares():
    assert turned(kernel((32, 48), (1, 0)), 16) is not None
    assert turned(kernel((32, 8), (1, 0)), 16) is None
    assert turned(kernel((4, 32, 48), (1, 0, 2)), 16) is None


@pytest.mark.parametrize("width", [16, 8])
@pytest.mark.parametrize("batch", [32, 16, 40, 33])
def test_samples_come_into_the_lanes_and_out_of_them_by_squares_where_they_fill_all(batch, width):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, 3, 9, 7)).astype(np.float32)
    w = fathom.from_numpy(rng.standard_normal((4, 3, 3, 3)).astype(np.float32))

    def layer(x):
        return F.conv2d(x, w, padding=1).tanh()

    program = Program(trace(layer, fathom.from_numpy(x)), width=width)
    kernels = [k for phase in program.plan.phases for k in phase.kernels]
    assert all(k.lane is not None for k in kernels)
    squares = [k for k in kernels if turned(k, width) is not None]
    assert len(squares) == (2 if batch % width == 0 else 0)
    wanted = layer(fathom.from_numpy(x)).numpy()
    np.testing.assert_allclose(program.run([x])[0], wanted, rtol=1e-5, atol=1e-6)
