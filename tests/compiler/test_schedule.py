"""Schedules: what fills lanes and registers, strips of long sums, tiles; and that the sums stay right."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom.compiler.ahead import lines_ahead
from fathom.compiler.fuse import Kernel, fused
from fathom.compiler.graph import improved
from fathom.compiler.program import Program
from fathom.compiler.schedule import REGISTERS, Schedule, scheduled
from fathom.compiler.source import Source
from fathom.core.tracing import trace

LANES = 16


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def kernels(f, *xs) -> list[Kernel]:
    steps, _ = fused(improved(trace(f, *map(fathom.from_numpy, xs))))
    return [s for s in steps if isinstance(s, Kernel)]


def weight_gradient(x, g):
    """sum_n x[n, i] g[n, j]."""
    return x.T @ g


@pytest.mark.parametrize("shapes", [[(300, 40), (300, 72)], [(1100, 37), (1100, 130)]])
@pytest.mark.parametrize("width", [16, 8, 4])
def test_products_of_sizes_that_fit_no_block_are_those_of_eager(shapes, width):
    xs = arrays(*shapes)
    graph = trace(weight_gradient, *map(fathom.from_numpy, xs))
    y = Program(graph, width=width).run(xs)[0]
    np.testing.assert_allclose(y, xs[0].T.astype(np.float64) @ xs[1], rtol=1e-4, atol=1e-3)


def test_a_long_sum_over_much_memory_runs_in_strips_and_a_short_one_does_not():
    long = scheduled(*kernels(weight_gradient, *arrays((1100, 37), (1100, 130))), LANES)
    short = scheduled(*kernels(weight_gradient, *arrays((300, 37), (300, 130))), LANES)
    assert long.strip is not None and long.strip[1] <= 256
    assert short.strip is None


def test_a_strip_begins_from_what_the_last_one_left_whatever_was_there_before():
    xs = arrays((1100, 37), (1100, 130))
    program = Program(trace(lambda x, g: weight_gradient(x, g) * 1.0, *map(fathom.from_numpy, xs)))
    first = program.run(xs)[0].copy()
    for kept in [a for a in program.native.kept if a is not None]:
        kept[...] = np.nan
    np.testing.assert_array_equal(program.run(xs)[0], first)


def test_a_strip_fetches_the_lines_that_its_next_block_reads():
    (kernel,) = kernels(weight_gradient, *arrays((1100, 37), (1100, 130)))
    schedule = scheduled(kernel, LANES)
    wide = schedule.unrolled[schedule.vector] * LANES
    found = list(
        lines_ahead(kernel.body, schedule, {schedule.vector: range(0, wide, LANES)}, LANES)
    )
    lines = [(read.array.shape[1], offset) for read, offset in found]
    assert sorted(lines) == [(37, 16)] + [(130, wide + k) for k in range(0, wide, 16)]


def test_as_many_sums_run_side_by_side_as_registers_hold():
    schedule = scheduled(*kernels(lambda a, b: a @ b, *arrays((256, 64), (64, 256))), LANES)
    count = np.prod(list(schedule.unrolled.values()))
    assert 16 <= count <= REGISTERS[LANES]
    narrow = scheduled(*kernels(lambda a, b: a @ b, *arrays((256, 64), (64, 256))), 8)
    assert np.prod(list(narrow.unrolled.values())) <= 12


def test_sums_that_a_border_shortens_are_not_held_side_by_side_where_others_can_be():
    image, weight = fathom.ones(32, 6, 14, 14), fathom.ones(16, 6, 5, 5)

    def gradient(g):
        """Of the convolution's input: in its first and last row one tap of five counts."""
        return fathom.func.vjp(lambda x: F.conv2d(x, weight), image)[1](g)[0]

    source = Source(trace(gradient, fathom.ones(32, 16, 10, 10)), width=LANES)
    (schedule,) = [scheduled(k, LANES) for k in source.functions.values() if k.borders]
    assert 14 not in [i.size for i in schedule.unrolled]
    assert np.prod(list(schedule.unrolled.values())) >= 16


def test_tiles_take_whole_blocks_or_whole_vectors():
    schedule: Schedule = scheduled(*kernels(lambda x: x.sum(0), *arrays((64, 100))), LANES)
    assert schedule.chunk(LANES, 16) % LANES == 0


def finished(x, w, b, r):
    return F.linear(x, w, b).abs() * 0.5 + r


def test_a_column_is_shared_out_row_by_row():
    """Its rows fill the lanes, and around them stands no loop that goes once."""
    (column,) = kernels(lambda x: x.sqrt().reshape(300, 1) * 2, *arrays((300,)))
    schedule = scheduled(column, LANES)
    assert column.output.shape == (300, 1)
    assert schedule.vector is schedule.out[0] and schedule.vector.size == 300


def test_bias_scale_and_residual_join_the_kernel_of_their_product():
    xs = arrays((50, 30), (20, 30), (20,), (50, 20))
    assert len(kernels(finished, *xs)) == 1
    tensors = [fathom.from_numpy(x) for x in xs]
    y = Program(trace(finished, *tensors)).run(xs)[0]
    np.testing.assert_allclose(y, finished(*tensors).numpy(), rtol=1e-5, atol=1e-5)


def test_a_product_that_two_read_has_an_array():
    def both(x, w):
        y = x @ w
        return y + 1, y * 2

    assert len(kernels(both, *arrays((50, 30), (30, 20)))) == 3
