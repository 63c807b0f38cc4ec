"""Loops over time in the compiler: seen from all steps at once, and run."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom import nn
from fathom.compiler import trace
from fathom.compiler.graph import improved
from fathom.compiler.reference import compute
from fathom.compiler.scans import unfolded
from fathom.ops.scan import Scan


def gru(h, x, w):
    """One step of a GRU, with numbers of its own."""
    r, z = (x + h @ w).sigmoid().chunk(2, 1)
    return 0.5 * z * h + (1 - z) * (r * h).tanh()


def states(reverse):
    def f(h, x, w):
        return fathom.scan(lambda h, x: (gru(h, x, w), h), h, x, reverse=reverse)

    return f


def numbers(*shapes):
    rng = np.random.default_rng(0)
    return [fathom.from_numpy(rng.standard_normal(shape)) for shape in shapes]


def values(graph, inputs):
    """The array of every symbol of a graph."""
    known = {s: x.numpy() for s, x in zip(graph.inputs, inputs, strict=True)}
    known |= dict(graph.constants)
    for step in graph.steps:
        known[step.output] = compute(step.primitive, [known[x] for x in step.inputs])
    return known


@pytest.mark.parametrize("reverse", [False, True], ids=["", "reverse"])
@pytest.mark.parametrize("derived", [False, True], ids=["", "gradient"])
def test_the_states_of_a_loop_are_what_its_body_makes_of_the_states_before(reverse, derived):
    inputs = numbers((2, 3), (5, 2, 6), (3, 6))
    f = states(reverse)
    if derived:
        f = fathom.func.grad(lambda h, x, w: (states(reverse)(h, x, w)[1] ** 2).sum(), (0, 1, 2))
    graph = improved(trace(f, *inputs))
    known = values(graph, inputs)
    loops = [step for step in graph.steps if isinstance(step.primitive, Scan)]
    assert len(loops) == (2 if derived else 1)
    for loop in loops:
        steps, after = unfolded(loop, graph)
        known |= dict(graph.constants)  # with the numbers of the body
        for step in steps:
            known[step.output] = compute(step.primitive, [known[x] for x in step.inputs])
        y = known[loop.output]
        np.testing.assert_allclose(known[after], y[:-1] if loop.primitive.reverse else y[1:])


def test_what_depends_on_constants_alone_has_no_time_axis():
    inputs = numbers((2, 3), (5, 2, 6), (3, 6))
    graph = improved(trace(states(False), *inputs))
    (loop,) = [step for step in graph.steps if isinstance(step.primitive, Scan)]
    steps, after = unfolded(loop, graph)
    product = next(step for step in steps if type(step.primitive).__name__ == "Contract")
    assert [x.shape for x in product.inputs] == [(5, 2, 3), (3, 6)]
    assert after.shape == (5, 2, 3)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_compiled_training_step_of_a_recurrent_layer_is_the_eager_one(name):
    losses = []
    for compiled in (False, True):
        fathom.manual_seed(0)
        layer = getattr(nn, name)(3, 4)
        optimizer = fathom.optim.Adam(layer.parameters(), lr=0.01)

        def step(x, layer=layer, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (layer(x)[0] ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss

        run = fathom.compile(step, fullgraph=True) if compiled else step
        x = fathom.rand(7, 2, 3)
        losses.append([run(x).item() for _ in range(5)])
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert losses[0][-1] < losses[0][0]


def test_a_write_out_of_a_loop_is_refused_in_a_compiled_function_too():
    count = fathom.zeros(2)

    def step(h, x):
        count.add_(x)
        return h, None

    compiled = fathom.compile(lambda x: scan_of(step, x), fullgraph=True)
    with pytest.raises(RuntimeError, match="wrote in place to a tensor outside of it"):
        compiled(fathom.ones(3, 2))
    assert count.tolist() == [0, 0]


def scan_of(step, x):
    return fathom.scan(step, x[0], x)[0]
