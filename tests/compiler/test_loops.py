"""Loops over time as kernels: where states and what a step makes for itself lie, and what is cut in pieces."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom import nn
from fathom.compiler.choices import choice_of, written_out
from fathom.compiler.fuse import Kernel, Loop
from fathom.compiler.graph import improved
from fathom.compiler.lowering import lowered
from fathom.compiler.program import Program
from fathom.core import loop
from fathom.core.loop import Array, Const, Index, Load
from fathom.core.tracing import trace

STEPS, BATCH, UNITS = 5, 8, 4


def loops(f, *xs) -> list[Loop]:
    _, units, _ = lowered(improved(trace(f, *xs)))
    return [u for u in units if isinstance(u, Loop)]


def gradients(cell, units=UNITS):
    """The gradients of all weights of a recurrent layer, of what depends on every state."""
    layer = cell(3, units)

    def f(x):
        return fathom.autograd.grad((layer(x)[0] ** 2).sum(), list(layer.parameters()))

    return f


def test_the_next_state_is_computed_where_all_states_lie():
    fathom.manual_seed(0)
    (forward,) = loops(lambda x: nn.RNN(3, UNITS)(x)[0], fathom.ones(STEPS, BATCH, 3))
    assert forward.output.shape == (STEPS + 1, BATCH, UNITS)
    assert not any(isinstance(k.body, Load) for k in forward.kernels)


def test_what_a_step_makes_for_itself_alone_has_one_row_for_all_steps():
    fathom.manual_seed(0)
    (forward,) = loops(lambda x: nn.LSTM(3, UNITS)(x)[0], fathom.ones(STEPS, BATCH, 3))
    *inside, _ = [k.output.shape for k in forward.kernels]
    assert inside and all(shape[0] == BATCH for shape in inside)


@pytest.mark.parametrize("cell", [nn.RNN, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("width", [4, 16])  # samples in the lanes, and too few of them
def test_gradients_of_a_recurrent_layer_are_those_of_eager(cell, width):
    fathom.manual_seed(0)
    f, x = gradients(cell), fathom.randn(STEPS, BATCH, 3)
    found = Program(trace(f, x), width=width).run([x.numpy()])
    for g, expected in zip(found, f(x), strict=True):
        np.testing.assert_allclose(g, expected.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", [nn.GRU, nn.LSTM])
def test_the_gradients_that_the_loop_backwards_has_computed_are_not_computed_again(cell):
    fathom.manual_seed(0)
    graph, units, _ = lowered(improved(trace(gradients(cell), fathom.ones(STEPS, BATCH, 3))))
    backward = next(u for u in units if isinstance(u, Loop) and u.reverse)
    inside = {k.body for k in backward.kernels}
    after = units[units.index(backward) + 1 :]
    products = [s for s in graph.steps if type(s.primitive).__name__ == "Mul"]
    keys = [(s.primitive, s.inputs) for s in products]
    assert len(keys) == len(set(keys))
    assert not any(isinstance(u, Kernel) and u.body in inside for u in after)


def test_a_weights_gradient_over_more_steps_than_are_near_reads_a_copy_in_rows():
    fathom.manual_seed(0)
    f, x = gradients(nn.RNN, units=128), fathom.randn(64, 2 * 16, 3)
    program = Program(trace(f, x), width=16)
    assert any(name.startswith("packed") for name in program.plan.names.values())
    for g, expected in zip(program.run([x.numpy()]), f(x), strict=True):
        error = np.linalg.norm(g - expected.numpy())
        assert error <= 1e-5 * np.linalg.norm(expected.numpy())


def test_an_index_that_is_compared_with_its_few_values_is_no_loop():
    i, j = Index(2), Index(8)
    x = Array("x", (2, 8), np.dtype("float32"))
    body = loop.where(loop.equal(i, 1), x[i, j] * 2.0, 0.0)
    assert choice_of(body, (i, j)) is i
    assert written_out(body, i)[0] == Const(0.0)
