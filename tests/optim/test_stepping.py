"""The step of a large parameter is one operation, and gives the numbers of the equations as they are written."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.compiler import eager
from fathom.core import composite
from tests.optim.test_blocks import CASES


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Composites of any size are fused, so that small numbers show it; no program is known yet."""
    monkeypatch.setattr(composite, "LEAST", 1)
    monkeypatch.setattr(eager, "runs", {})


def walk(name, options, steps=6, schedule=None):
    """Some steps along gradients of seed 4; the values and all state in the end."""
    generator = np.random.default_rng(4)
    theta = fathom.linspace(-1, 1, 77).reshape(7, 11).clone().requires_grad_()
    optimizer = getattr(fathom.optim, name)([theta], **options)
    for k in range(steps):
        if schedule is not None:
            optimizer.param_groups[0] |= schedule(k)
        theta.grad = fathom.tensor(generator.normal(size=(7, 11)).astype("f4"))
        optimizer.step()
    return {"theta": theta.detach(), **optimizer.state[theta]}


def agree(a, b):
    assert a.keys() == b.keys()
    for key in a:
        near = 2e-7 * max(1, float(b[key].abs().max()))
        np.testing.assert_allclose(a[key], b[key], rtol=2e-6, atol=near, err_msg=key)


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_a_fused_step_gives_what_the_equations_give(name, options):
    fused = walk(name, options)
    with fathom.backends.fusion.flags(enabled=False):
        agree(fused, walk(name, options))


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_steps_run_native_code(name):
    walk(name, {})
    assert any(run is not eager.WRITTEN for run in eager.runs.values())


def test_rates_that_change_at_each_step_make_no_programs():
    def schedule(k):
        return {"lr": 0.1 / (k + 1), "betas": (0.9 - 0.01 * k, 0.99)}

    fused = walk("Adam", {}, schedule=schedule)
    assert len(eager.runs) == 1
    with fathom.backends.fusion.flags(enabled=False):
        agree(fused, walk("Adam", {}, schedule=schedule))


def test_autograd_notices_a_fused_step():
    theta = fathom.ones(5, requires_grad=True)
    y = (theta**2).sum()
    theta.grad = fathom.ones(5)
    fathom.optim.SGD([theta], lr=0.5).step()
    assert theta.tolist() == [0.5] * 5
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_parameter_is_written_in_its_own_memory():
    theta = fathom.ones(6, requires_grad=True)
    memory, half = theta.detach().numpy(), theta.detach()[:3]
    theta.grad = fathom.ones(6)
    fathom.optim.SGD([theta], lr=0.5).step()
    assert memory.tolist() == [0.5] * 6
    assert half.tolist() == [0.5] * 3


def test_a_parameter_in_memory_that_may_not_be_written_is_left_alone():
    numbers = np.ones(4, np.float32)
    numbers.flags.writeable = False
    theta = fathom.from_numpy(numbers).requires_grad_()
    theta.grad = fathom.ones(4)
    with pytest.raises(RuntimeError, match="read-only"):
        fathom.optim.SGD([theta], lr=0.5).step()
    assert numbers.tolist() == [1.0] * 4


def test_equations_that_read_the_optimizer_run_as_written():
    class Halving(fathom.optim.SGD):
        share = 1.0

        def update(self, theta, g, state, group):
            self.share /= 2
            return theta - self.share * g, {}

    theta = fathom.zeros(2, requires_grad=True)
    optimizer = Halving([theta])
    for _ in range(2):
        theta.grad = fathom.ones(2)
        optimizer.step()
    assert theta.tolist() == [-0.75] * 2
