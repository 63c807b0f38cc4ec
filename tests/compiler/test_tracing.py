"""Tracing writes down what a function does, backward pass and in-place writes included."""

import numpy as np
import pytest

import fathom
from fathom.compiler import trace
from fathom.compiler.reference import run, without_element


def agrees(f, *inputs):
    """The traced f, run by reading element rules aloud, gives what f gives."""
    graph = trace(f, *inputs)
    outputs = run(graph, *[x.detach().numpy() for x in inputs])
    wanted = f(*inputs)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for y, t in zip(outputs, wanted, strict=True):
        np.testing.assert_allclose(y, t.detach().numpy(), rtol=1e-6, atol=1e-6)
    return graph


X = fathom.tensor([[0.5, -1.0, 2.0], [3.0, 0.1, -0.7]])


def test_a_graph_prints_a_line_for_each_primitive():
    graph = trace(lambda x, w: (x @ w).relu().sum(0), X, fathom.ones(3, 2))
    lines = [line.split("#")[0].rstrip() for line in str(graph).splitlines()]
    assert lines == [
        "input x0",
        "input x1",
        "c0 = 0.0",
        "t0 = Contract(a='ik', b='kj', out='ij') x0 x1",
        "t1 = LessEqual() t0 c0",
        "t2 = Where() t1 c0 t0",
        "t3 = Sum(axes=(0,)) t2",
        "return t3",
    ]
    assert str(graph).splitlines()[0].endswith("# (2, 3) float32")


def test_a_network_runs_by_its_elements():
    agrees(lambda x: (x.softmax(-1) * x.exp()).mean(0).sqrt(), X)


def test_a_gradient_is_traced_with_its_backward_pass():
    def f(x, w):
        return fathom.func.grad(lambda w: ((x @ w).tanh() ** 2).mean())(w)

    agrees(f, X, fathom.tensor([0.1, 0.2, -0.3]))


def test_a_training_step_leaves_updates_of_its_inputs():
    def step(w, x, y):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with fathom.no_grad():
            w -= 0.1 * w.grad
        return loss

    w = fathom.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = fathom.tensor([1.0, 0.0])
    graph = trace(step, w, X, y)
    assert [before is graph.inputs[0] for before, _ in graph.updates] == [True]
    graph.outputs = [after for _, after in graph.updates]
    (found,) = run(graph, w.detach().numpy(), X.numpy(), y.numpy())
    step(w, X, y)
    np.testing.assert_allclose(found, w.detach().numpy(), rtol=1e-6)


def test_writes_through_views_are_traced():
    def f(x):
        y = x * 2
        y[0] = y[1] + 1
        y.t()[1] *= 3
        row = y[1]
        row.add_(10)
        return y, row

    agrees(f, X)


def test_vmap_and_jvp_inside_a_trace():
    agrees(lambda x: fathom.vmap(lambda r: r / r.sum())(x), X)
    agrees(lambda x: fathom.func.jvp(lambda z: z.sin() * z, (x,), (x,)), X)


def test_arguments_and_results_may_be_nested():
    graph = trace(lambda p, k: {"a": p["w"] * k, "b": (p["w"],)}, {"w": X}, 3)
    outputs = graph.restored(run(graph, X.numpy()))
    np.testing.assert_allclose(outputs["a"], X.numpy() * 3)
    np.testing.assert_allclose(outputs["b"][0], X.numpy())


def test_a_tensor_that_is_not_given_is_a_constant_and_stands_once():
    c = fathom.tensor([1.0, 2.0, 3.0])
    graph = trace(lambda x: x * c + c, X)
    assert sum(array.shape == (2, 3) for _, array in graph.constants) <= 2
    np.testing.assert_allclose(run(graph, X.numpy())[0], X.numpy() * c.numpy() + c.numpy())


def test_what_the_graph_cannot_read_aloud_is_listed():
    graph = trace(lambda x: fathom.linalg.cholesky(x @ x.t()).sum(), X)
    assert without_element(graph) == ["Cholesky"]
    agrees(lambda x: fathom.linalg.cholesky(x @ x.t()), X)


@pytest.mark.parametrize(
    "read", [lambda x: x.sum().item(), lambda x: bool(x.sum() > 0), lambda x: x.numpy()]
)
def test_reading_a_value_inside_a_trace_is_an_error_that_says_so(read):
    with pytest.raises(RuntimeError, match="not known inside symbol"):
        trace(lambda x: read(x) and x, X)


def test_a_traced_function_returns_tensors():
    with pytest.raises(TypeError, match="must return tensors, got int"):
        trace(lambda x: 3, X)


def test_a_run_takes_one_array_for_each_input():
    with pytest.raises(TypeError, match="takes 1 inputs, got 2"):
        run(trace(lambda x: x, X), X.numpy(), X.numpy())


def test_tracing_leaves_the_examples_as_they_were():
    x = fathom.ones(3, requires_grad=True)
    trace(lambda x: (x * 2).sum().backward() or x * 1, x)
    assert x.grad is None and x.tolist() == [1.0, 1.0, 1.0]
