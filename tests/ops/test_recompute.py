"""Recomputed parts: the same results and derivatives, and nothing kept in between."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom import func
from fathom.autograd import gradcheck, gradgradcheck
from fathom.compiler.program import Program
from fathom.core.tracing import trace
from fathom.ops.loops import written_out
from fathom.ops.recompute import recomputed


def numbers(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [fathom.from_numpy(rng.standard_normal(shape)) for shape in shapes]


def layer(x, w):
    return ((x @ w).tanh() ** 2).softmax(-1)


def kept(x, w):
    return recomputed(layer, x, w)


def test_the_result_and_derivatives_of_every_order_are_those_of_the_function():
    x, w = (x.requires_grad_() for x in numbers((3, 4), (4, 5)))
    np.testing.assert_array_equal(kept(x, w).detach().numpy(), layer(x, w).detach().numpy())
    assert gradcheck(kept, (x, w))
    assert gradgradcheck(kept, (x, w))


def test_tangents_and_examples_are_those_of_the_function():
    x, w, dx = numbers((3, 4), (4, 5), (3, 4))
    for found, wanted in zip(
        func.jvp(lambda x: kept(x, w), (x,), (dx,)),
        func.jvp(lambda x: layer(x, w), (x,), (dx,)),
        strict=True,
    ):
        assert fathom.allclose(found, wanted)
    rows = func.vmap(kept, in_dims=(0, None))(x, w)
    assert fathom.allclose(rows, layer(x, w))


def test_gradients_find_what_the_function_closes_over():
    x, w = (x.requires_grad_() for x in numbers((3, 4), (4, 5)))
    recomputed(lambda x: layer(x, w), x).sin().sum().backward()
    found = w.grad
    w.grad = None
    layer(x, w).sin().sum().backward()
    assert fathom.allclose(found, w.grad)


def test_one_operation_is_recorded_and_only_its_inputs_are_kept():
    x, w = (x.requires_grad_() for x in numbers((3, 4), (4, 5)))
    node = kept(x, w).node
    assert type(node.primitive).__name__ == "Recomputed"
    assert [tuple(i.shape) for i in node.inputs] == [(3, 4), (4, 5)]


def test_random_numbers_are_the_same_when_they_are_computed_again():
    fathom.manual_seed(0)
    x = fathom.ones(1000, requires_grad=True)
    y = recomputed(lambda x: fathom.nn.functional.dropout(x, 0.5), x)
    y.sum().backward()
    assert 300 < (y != 0).sum().item() < 700
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


def test_a_compiled_gradient_computes_the_part_twice():
    x, w = numbers((3, 4), (4, 5))

    def products(f):
        graph = trace(func.grad(lambda w: f(x, w).sin().sum()), w)
        program = Program(graph)
        (found,) = program.run([w.numpy()])
        (wanted,) = [func.grad(lambda w: layer(x, w).sin().sum())(w).numpy()]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
        return sum(type(s.primitive).__name__ == "Contract" for s in program.source.graph.steps)

    assert products(kept) == products(layer) + 1


def test_who_watches_sees_the_operations_inside():
    x, w = (x.requires_grad_() for x in numbers((3, 4), (4, 5)))
    with written_out():
        y = kept(x, w)
    assert type(y.node.primitive).__name__ != "Recomputed"


def test_writing_to_a_tensor_outside_is_refused():
    count = fathom.zeros(3)

    def counting(x):
        count.add_(x)
        return x * 2

    with pytest.raises(RuntimeError, match="wrote in place to a tensor outside"):
        recomputed(counting, fathom.ones(3))
    assert count.tolist() == [0, 0, 0]
