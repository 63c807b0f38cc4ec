"""A compiled function whose result is differentiated outside gives the gradients that it gives as it is."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn, optim
from tests.compiler.drawn import numbers
from tests.compiler.models import TASKS
from tests.compiler.threads import in_threads

pytestmark = pytest.mark.filterwarnings("error")  # a function that falls back to eager mode warns


def lenet():
    """Convolutions with batch norm, pooling and dropout, for images (N, 3, 8, 8)."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),  # (N, 6, 4, 4)
        nn.Dropout(0.3), nn.Conv2d(6, 9, 3), nn.Tanh(), nn.AvgPool2d(2),               # (N, 9, 1, 1)
        nn.Flatten(), nn.Linear(9, 7),
    )  # fmt: skip


BUILDS = {
    "mlp": ("mlp", TASKS["mlp"].build),
    "lenet with batch norm and dropout": ("lenet", lenet),
    "gru cells": ("gru cells", TASKS["gru cells"].build),
    "lstm layers": ("lstm layers", TASKS["lstm layers"].build),
    "transformer layer": ("transformer encoder layer", TASKS["transformer encoder layer"].build),
}


def trained(name, compiled):
    """Losses, gradients and state of three steps in float64, with the loss and the update in eager mode."""
    task, build = BUILDS[name]
    fathom.manual_seed(0)
    model = build().double()
    called = fathom.compile(model, fullgraph=True) if compiled else model
    updates = optim.SGD(called.parameters(), lr=0.05, momentum=0.9)
    g = fathom.Generator().manual_seed(1)
    losses, gradients = [], []
    for N in (6, 4, 6):
        batch = [x.double() if x.dtype.is_floating_point else x for x in TASKS[task].batch(N, g)]
        updates.zero_grad()
        loss = TASKS[task].loss(called, *batch)
        loss.backward()
        updates.step()
        losses.append(loss.item())
        gradients.append([p.grad.numpy().copy() for p in model.parameters()])
    return losses, gradients, [x.numpy() for x in model.state_dict().values()]


@pytest.mark.parametrize("name", BUILDS)
def test_a_compiled_model_is_trained_from_outside(name):
    found, wanted = trained(name, compiled=True), trained(name, compiled=False)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-9)
    for ours, theirs in zip(found[1], wanted[1], strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10)
    for a, b in zip(found[2], wanted[2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10)


def test_a_hook_of_a_result_sees_its_gradient():
    y = fathom.compile(lambda x: x * 3)(fathom.ones(2, requires_grad=True))
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y * 5).sum().backward()
    assert seen == [[5.0, 5.0]]


def test_threads_may_differentiate_one_compiled_module_at_once():
    fathom.manual_seed(0)
    model = nn.Linear(20, 20)
    f = fathom.compile(model)
    xs = [numbers(8, 20, seed=k).requires_grad_() for k in range(4)]
    wanted = [fathom.autograd.grad(model(x).tanh().sum(), x)[0].numpy() for x in xs]
    wrong: list[int] = []

    def work(k):
        for _ in range(10):
            (dx,) = fathom.autograd.grad(f(xs[k]).tanh().sum(), xs[k])
            if not np.allclose(dx.numpy(), wanted[k], atol=1e-5):
                wrong.append(k)

    in_threads(work, 4)
    assert wrong == []


def test_gradients_are_their_own_memory():
    f = fathom.compile(lambda x, w: x + w)
    x, w = fathom.ones(3, requires_grad=True), fathom.ones(3, requires_grad=True)
    g = fathom.ones(3)
    f(x, w).backward(g)
    x.grad.add_(1)
    assert w.grad.tolist() == g.tolist() == [1.0] * 3


def test_without_gradients_only_the_forward_program_runs():
    layer = nn.Linear(3, 2)
    f = fathom.compile(layer)
    with fathom.no_grad():
        assert not f(fathom.ones(1, 3)).requires_grad
    assert f(fathom.ones(1, 3)).requires_grad
    assert f.recompiles == ["no_grad changed"]


def test_gradients_can_be_differentiated_again():
    def second(f, x, w):
        (dx,) = fathom.autograd.grad(f(x, w).sum(), x, create_graph=True)
        (dx**2).sum().backward()
        return x.grad.numpy(), w.grad.numpy()

    def f(x, w):
        with fathom.no_grad():
            scale = w * w  # a number for the gradient
        return F.dropout((x @ (w * scale)).tanh(), 0.5).exp()

    found = []
    for g in (fathom.compile(f), f):
        fathom.manual_seed(5)
        x, w = numbers(4, 3).requires_grad_(), numbers(3, 2, seed=2).requires_grad_()
        found.append(second(g, x, w))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


class Twice(fathom.autograd.Function):
    """y = 2 x, with a backward of its own."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


def test_an_autograd_function_inside_is_differentiated_once():
    x = fathom.tensor([3.0], requires_grad=True)
    f = fathom.compile(lambda x: Twice.apply(x) * x)
    (dx,) = fathom.autograd.grad(f(x), x)
    assert dx.tolist() == [12.0]
    with pytest.raises(RuntimeError, match="without compile"):
        fathom.autograd.grad(f(x), x, create_graph=True)


def test_the_graph_is_used_once_unless_it_is_retained():
    x = fathom.tensor([3.0], requires_grad=True)
    y = fathom.compile(lambda x: x.exp())(x)
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), [2 * np.exp(3.0)], rtol=1e-6)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_a_value_that_was_overwritten_is_noticed():
    x = fathom.tensor([3.0], requires_grad=True)
    w = fathom.tensor([2.0])
    f = fathom.compile(lambda x, w: (x * w).exp() * x)
    y = f(x, w)
    w.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_result_that_was_written_to_is_computed_again_for_the_gradient():
    x = fathom.tensor([3.0], requires_grad=True)
    w = fathom.tensor([[0.1], [0.2]])
    y = fathom.compile(lambda x: (w @ x).sum().exp())(x)
    y.mul_(2)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), [2 * 0.3 * np.exp(0.9)], rtol=1e-5)


def test_the_gradient_of_an_earlier_call_stays_its_own():
    f = fathom.compile(lambda x: (x @ x.T).tanh().sum())
    xs = [numbers(200, 200, seed=k).requires_grad_() for k in range(3)]
    ys = [f(x) for x in xs]
    for x, y in zip(xs, ys, strict=True):
        y.backward()
        z = x.detach().requires_grad_()
        (z @ z.T).tanh().sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-3, atol=1e-4)


def test_what_f_writes_over_is_differentiated_as_it_was():
    found = []
    for compiled in (True, False):
        scale = fathom.tensor([2.0, 3.0])

        def f(x, scale=scale):
            y = x * x * (scale * 1)
            with fathom.no_grad():
                scale.copy_(scale + 1)
            return y

        g = fathom.compile(f, fullgraph=True) if compiled else f
        x = fathom.ones(2, requires_grad=True)
        for again in (False, True):
            y = g(x)
            y.sum().backward(create_graph=again)
        found.append((y.tolist(), scale.tolist(), x.grad.tolist()))
    assert found[0] == found[1]


def test_an_argument_that_f_writes_over_is_read_as_it_was():
    w = fathom.tensor([1.0, 2.0], requires_grad=True)

    @fathom.compile(fullgraph=True)
    def f(x):
        y = w * (x * 1)
        x.mul_(2)
        return y.sum()

    x = fathom.tensor([3.0, 4.0])
    for factor in (1, 2):
        w.grad = None
        f(x).backward()
        assert w.grad.tolist() == [factor * 3.0, factor * 4.0]
    assert x.tolist() == [12.0, 16.0]


def test_explain_shows_a_compiled_call_as_one_operation():
    f = fathom.compile(lambda x: (x * x).exp())
    x = fathom.tensor([1.0, 2.0], requires_grad=True)
    text = str(fathom.explain(f(x).sum()))
    assert "CompiledFunction" in text and "0x" not in text


def test_transforms_see_through_a_compiled_function():
    w = numbers(3, 3)

    def f(x):
        return ((x @ w).tanh() ** 2).sum()

    x = numbers(2, 3, seed=2)
    for transform in (fathom.func.grad, fathom.func.hessian, fathom.func.jacrev):
        wanted = transform(f)(x).numpy()
        found = transform(fathom.compile(f))(x).numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_call_leaves_nothing_behind():
    f = fathom.compile(lambda x: (x @ x).tanh())
    x = numbers(20, 20).requires_grad_()
    y = f(x)
    gone = weakref.ref(y)
    del y
    gc.collect()
    assert gone() is None


def test_the_gradient_is_shown_once_it_was_asked_for(capsys):
    f = fathom.compile(lambda x: x.exp().sum())
    y = f(fathom.ones(3, requires_grad=True))
    f.show("graph")
    assert "# the gradient" not in capsys.readouterr().out
    y.backward()
    for stage in ("graph", "loops", "schedule", "memory", "llvm"):
        f.show(stage)
        assert "# the gradient" in capsys.readouterr().out
