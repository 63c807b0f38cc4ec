"""A compiled function that is differentiated outside gives each tensor the gradient that eager mode gives it."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn
from tests.compiler.drawn import numbers

pytestmark = pytest.mark.filterwarnings("error")  # a function that falls back to eager mode warns


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


def test_results_may_be_real_and_complex():
    def f(z):
        return (z * z.conj()).real.sum(), z * 2

    found = []
    for g in (fathom.compile(f, fullgraph=True), f):
        z = fathom.tensor([1 + 2j, 3 - 1j], requires_grad=True)
        real, twice = g(z)
        (real + twice.abs().sum()).backward()
        found.append(z.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_the_largest_element_gets_the_gradient():
    def f(x, a, b):
        return F.max_pool2d((x * a + b).relu(), 2), (x * a + b).amax(-1)

    both(f, (2, 3, 6, 6), (2, 3, 6, 6), (2, 3, 6, 6), pull=lambda y: (y[0].sum() + y[1] ** 2).sum())


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


def test_writing_over_a_history_is_left_to_eager_mode():
    w = fathom.tensor([1.0, 2.0], requires_grad=True)
    square = w * w
    f = fathom.compile(lambda x: (square.mul_(x) * 3).sum())
    with pytest.warns(UserWarning, match="writes in place to a tensor with a history"):
        f(fathom.ones(2)).backward()
    assert w.grad.tolist() == [6.0, 12.0]
