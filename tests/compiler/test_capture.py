"""A compiled function reads and writes what is around it: tensors, gradients, state, random numbers."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom import nn, optim
from fathom.compiler.compiled import compile
from fathom.compiler.reach import global_names


def test_gradients_add_up_where_nobody_sets_them_to_zero():
    w = fathom.tensor([1.0, 2.0], requires_grad=True)

    @compile(fullgraph=True)
    def accumulate(x):
        (w * x).sum().backward()

    found = []
    for _ in range(3):
        accumulate(fathom.tensor([1.0, 10.0]))
        found.append(w.grad.tolist())
    assert found == [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]
    w.grad = None
    accumulate(fathom.tensor([1.0, 10.0]))
    assert w.grad.tolist() == [1.0, 10.0]


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.Adam, optim.RMSprop])
def test_the_update_alone_may_be_compiled(optimizer):
    x = fathom.randn(6, 20, generator=fathom.Generator().manual_seed(1)).double()
    found = []
    for compiled in (False, True):
        fathom.manual_seed(0)
        model = nn.Linear(20, 5).double()
        updates = optimizer(model.parameters(), lr=0.01)
        update = compile(updates.step, fullgraph=True) if compiled else updates.step
        for _ in range(4):
            updates.zero_grad()  # the next gradients are other tensors
            model(x).exp().mean().backward()
            update()
        found.append([p.detach().numpy() for p in model.parameters()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9)


def test_closed_over_tensors_are_read_anew():
    scale = fathom.tensor([2.0])
    f = compile(lambda x: x * scale)
    x = fathom.tensor([1.0, 3.0])
    f(x), f(x)
    scale[0] = 5.0
    assert f(x).tolist() == [5.0, 15.0]


def test_another_tensor_under_the_same_name_is_another_program():
    scale = fathom.tensor([2.0])
    f = compile(lambda x: x * scale)
    found = [f(fathom.ones(1)).item()]
    scale = fathom.tensor([3.0])
    found.append(f(fathom.ones(1)).item())
    assert found == [2.0, 3.0]
    assert "a tensor that it closes over" in f.recompiles[0]


def test_what_is_written_in_place_is_written():
    total = fathom.zeros(2)

    @compile
    def add(x):
        total.add_(x)
        return total * 2

    results = [add(fathom.tensor([1.0, 2.0])).tolist() for _ in range(4)]
    assert results == [[2.0, 4.0], [4.0, 8.0], [6.0, 12.0], [8.0, 16.0]]
    assert total.tolist() == [4.0, 8.0]


def test_what_is_written_to_an_argument_is_written():
    @compile(fullgraph=True)
    def f(x):
        x.add_(1)
        x[0] = 7
        return x * 2

    x = fathom.zeros(2, 3)
    assert f(x).tolist() == [[14.0] * 3, [2.0] * 3]
    assert x.tolist() == [[7.0] * 3, [1.0] * 3]
    f(x.t())
    assert x.tolist() == [[7.0, 8.0, 8.0], [7.0, 2.0, 2.0]]


def test_a_function_may_return_none():
    total = fathom.zeros(1)

    @compile(fullgraph=True)
    def add(x):
        total.add_(x)

    assert add(fathom.ones(1)) is None
    assert total.tolist() == [1.0]
    f = compile(lambda x: {"y": x * 2, "weights": None}, fullgraph=True)
    assert f(fathom.ones(1)) == {"y": fathom.tensor([2.0]), "weights": None}


def test_tensors_made_inside_start_anew_at_each_call():
    @compile
    def f(x):
        total = fathom.zeros(2)
        total += x
        total[0] = 7
        return total

    assert [f(fathom.tensor([1.0, 2.0])).tolist() for _ in range(4)] == [[7.0, 2.0]] * 4


def test_random_numbers_are_those_of_eager():
    def draw(x):
        return x + fathom.randn(3)

    compiled = compile(draw)
    for seed in range(4):
        fathom.manual_seed(seed)
        eager = draw(fathom.zeros(3)).numpy()
        fathom.manual_seed(seed)
        np.testing.assert_allclose(compiled(fathom.zeros(3)).numpy(), eager, rtol=1e-6, atol=1e-6)


def test_what_is_not_accepted_is_not_written():
    total = fathom.zeros(1)

    def small(result):
        if result.item() > 2:
            raise ValueError("too much")

    @compile(accept=small)
    def add(x):
        return total.add_(x).clone()

    add(fathom.tensor([1.0])), add(fathom.tensor([1.0]))
    with pytest.raises(ValueError, match="too much"):
        add(fathom.tensor([1.0]))
    assert total.tolist() == [2.0]


def test_the_globals_of_a_function_are_those_it_reads_not_its_attributes():
    def f(x):
        return [np.abs(y).loss for y in x.sum()]

    assert global_names(f.__code__) == ["np"]
