"""A compiled function whose result is differentiated outside gives the gradients that it gives as it is."""

from __future__ import annotations

import copy
import gc
import warnings
import weakref

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn, optim
from tests.compiler.models import TASKS


@pytest.fixture(autouse=True)
def no_warnings():
    """A function that falls back to eager mode warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def numbers(*shape, seed=1):
    return fathom.randn(*shape, generator=fathom.Generator().manual_seed(seed))


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


def both(f, *shapes, pull=lambda y: (y * y).sum()):
    """The gradients of pull(f(*xs)) by the xs, compiled and as it is."""
    found = []
    for g in (fathom.compile(f, fullgraph=True), f):
        xs = [numbers(*shape, seed=k).requires_grad_() for k, shape in enumerate(shapes)]
        pull(g(*xs)).backward()
        found.append([None if x.grad is None else x.grad.numpy() for x in xs])
    for a, b in zip(*found, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    return found[0]


def test_gradients_flow_to_the_arguments_and_to_what_came_before_them():
    w = fathom.tensor([1.0, -2.0, 3.0], requires_grad=True)
    f = fathom.compile(lambda x: (x * x).exp())
    f(w * 0.5).sum().backward()
    v = w.detach().requires_grad_()
    ((v * 0.5) ** 2).exp().sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), v.grad.numpy(), rtol=1e-6)


def test_what_a_closure_holds_is_differentiated_with_its_history():
    w = fathom.tensor([1.0, 2.0], requires_grad=True)
    square = w * w
    f = fathom.compile(lambda x: x * square * w)
    y = f(fathom.tensor([1.0, 1.0]))
    y.sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), [3.0, 12.0])


def test_gradients_add_up_in_grad_and_hooks_see_them_once():
    layer = nn.Linear(3, 1, bias=False)
    seen = []
    layer.weight.register_hook(lambda g: seen.append(g.tolist()) or 2 * g)
    f = fathom.compile(layer)
    x = fathom.ones(2, 3)
    for _ in range(2):
        f(x).sum().backward()
    assert seen == [[[2.0] * 3]] * 2
    assert layer.weight.grad.tolist() == [[8.0] * 3]


def test_a_hook_of_a_result_sees_its_gradient():
    y = fathom.compile(lambda x: x * 3)(fathom.ones(2, requires_grad=True))
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y * 5).sum().backward()
    assert seen == [[5.0, 5.0]]


def test_results_may_be_nested_and_need_not_all_be_used():
    def f(x, w):
        h = (x @ w).tanh()
        return {"h": h, "rest": (h.argmax(1), x * 2, w.exp())}

    both(f, (4, 3), (3, 2), pull=lambda y: y["h"].sum() * y["rest"][1].sum())
    _, dw = both(f, (4, 3), (3, 2), pull=lambda y: y["rest"][1].sum())
    assert dw is None  # as it is: nothing that arrived leads there
    y = fathom.compile(f)(numbers(4, 3).requires_grad_(), numbers(3, 2))
    assert (
        y["h"].requires_grad and not y["rest"][0].requires_grad and not y["rest"][2].requires_grad
    )


def test_a_result_that_is_an_argument_passes_its_gradient_on():
    both(lambda x, w: (x, x, x + w), (3,), (3,), pull=lambda y: (y[0] * y[1] * y[2]).sum())


def test_gradients_are_their_own_memory():
    f = fathom.compile(lambda x, w: x + w)
    x, w = fathom.ones(3, requires_grad=True), fathom.ones(3, requires_grad=True)
    g = fathom.ones(3)
    f(x, w).backward(g)
    x.grad.add_(1)
    assert w.grad.tolist() == g.tolist() == [1.0] * 3


def test_the_largest_element_gets_the_gradient():
    def f(x, a, b):
        return F.max_pool2d((x * a + b).relu(), 2), (x * a + b).amax(-1)

    both(f, (2, 3, 6, 6), (2, 3, 6, 6), (2, 3, 6, 6), pull=lambda y: (y[0].sum() + y[1] ** 2).sum())


def test_without_gradients_only_the_forward_program_runs():
    layer = nn.Linear(3, 2)
    f = fathom.compile(layer)
    with fathom.no_grad():
        assert not f(fathom.ones(1, 3)).requires_grad
    assert f(fathom.ones(1, 3)).requires_grad
    assert f.recompiles == ["no_grad changed"]


def test_a_frozen_parameter_gets_no_gradient():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    f = fathom.compile(model)
    f(fathom.ones(1, 3)).sum().backward()
    for p in model.parameters():
        p.grad = None
    model[0].requires_grad_(False)
    f(fathom.ones(1, 3)).sum().backward()
    assert model[0].weight.grad is None and model[2].weight.grad is not None


def test_a_closed_over_tensor_may_come_to_require_a_gradient():
    w = fathom.tensor([2.0])
    f = fathom.compile(lambda x: x * w)
    assert not f(fathom.ones(1)).requires_grad
    w.requires_grad_()
    f(fathom.ones(1)).backward()
    assert w.grad.tolist() == [1.0]


class Tied(nn.Module):
    """Scores by the matrix that embeds: one parameter in two places."""

    def __init__(self):
        super().__init__()
        self.read, self.score = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
        self.score.weight = self.read.weight

    def forward(self, words):
        return self.score(self.read(words))


def test_a_tied_parameter_gets_the_sum_of_its_gradients():
    gradients = []
    for compiled in (True, False):
        fathom.manual_seed(0)
        model = Tied()
        f = fathom.compile(model) if compiled else model
        f(fathom.tensor([1, 3, 1])).exp().sum().backward()
        gradients.append(model.read.weight.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-5)


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


def test_a_training_step_may_return_another_loss_to_be_differentiated():
    w = fathom.tensor([1.0, 2.0], requires_grad=True)
    v = fathom.tensor([3.0, 4.0], requires_grad=True)

    @fathom.compile
    def step(x):
        (w * w * x).sum().backward()
        return (v * x).sum(), w.sum() * 2

    step(fathom.ones(2))[0].backward()
    assert w.grad.tolist() == [2.0, 4.0]
    assert v.grad.tolist() == [1.0, 1.0]


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


# ---- modules ----


def test_a_compiled_module_is_the_module():
    fathom.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))
    f = fathom.compile(model)
    assert isinstance(f, nn.Sequential) and isinstance(f, nn.Module)
    assert list(f.state_dict()) == list(model.state_dict())
    assert [id(p) for p in f.parameters()] == [id(p) for p in model.parameters()]
    assert repr(f) == repr(model)
    assert f.eval() is f and not model.training and not f.training
    assert f.train() is f and model.training
    f.note = "mine"
    assert model.note == "mine"
    del f.note
    with pytest.raises(AttributeError, match="note"):
        _ = f.note
    assert f.to(fathom.float64) is f and model[0].weight.dtype == fathom.float64


def test_train_and_eval_through_the_compiled_module_change_what_it_computes():
    fathom.manual_seed(0)
    f = fathom.compile(nn.Dropout(0.5))
    x = fathom.ones(100)
    assert f.eval()(x).tolist() == [1.0] * 100
    assert set(f.train()(x).tolist()) == {0.0, 2.0}


def test_a_compiled_module_may_be_a_layer_of_another():
    fathom.manual_seed(0)
    inner = nn.Linear(3, 4)
    model = nn.Sequential(fathom.compile(inner), nn.Tanh(), nn.Linear(4, 1))
    assert len(list(model.parameters())) == 4
    model(numbers(2, 3)).sum().backward()
    alone = copy.deepcopy(inner)
    alone.zero_grad()
    model[2](alone(numbers(2, 3)).tanh()).sum().backward()
    np.testing.assert_allclose(inner.weight.grad.numpy(), alone.weight.grad.numpy(), rtol=1e-5)
    assert "0.weight" in model.state_dict()


def test_a_copy_of_a_compiled_module_has_parameters_of_its_own():
    f = fathom.compile(nn.Linear(3, 1, bias=False))
    x = fathom.ones(1, 3)
    before = f(x).item()
    other = copy.deepcopy(f)
    with fathom.no_grad():
        other.weight.fill_(1.0)
    assert other(x).item() == 3.0
    assert f(x).item() == before
