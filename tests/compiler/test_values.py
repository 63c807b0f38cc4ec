"""What does not change in a loop is computed before it."""

from __future__ import annotations

import numpy as np

import fathom
from fathom.compiler.program import Program
from fathom.compiler.values import fixed
from fathom.core import loop
from fathom.core.loop import Array, Index
from fathom.core.tracing import trace

X = Array("x", (6, 8), np.dtype("float32"))
B = Array("b", (6,), np.dtype("float32"))


def test_the_largest_parts_that_do_not_depend_on_a_loop_are_found():
    i, j = Index(6), Index(8)
    part = loop.where(loop.less(B[[i]], 0.0), B[[i]] * B[[i]], 1.0)
    assert list(fixed(part * X[i, j] + B[[i]], [j])) == [part, B[[i]]]


def test_a_read_that_a_changing_condition_guards_is_not_made_before_the_loop():
    i, j = Index(6), Index(8)
    guarded = loop.where(loop.less(X[i, j], 0.0), B[[i - 1]], 0.0)
    assert list(fixed(guarded, [j])) == []


def test_what_a_row_needs_is_computed_once_for_all_its_columns():
    def f(x, b):
        return x * (b[:, None].expand(7, 40) - 1).abs()

    rng = np.random.default_rng(0)
    xs = [rng.standard_normal(shape).astype(np.float32) for shape in ((7, 40), (7,))]
    program = Program(trace(f, *map(fathom.from_numpy, xs)), width=16)
    assert program.llvm().count("= call float @llvm.fabs") == 1  # not again for the last lanes
    np.testing.assert_array_equal(program.run(xs)[0], f(*map(fathom.from_numpy, xs)).numpy())
