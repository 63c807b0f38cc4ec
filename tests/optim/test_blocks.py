"""A step in blocks gives the numbers of the step as a whole."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.optim import blocks

CASES = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("ASGD", {"t0": 2, "lambd": 0.1, "maximize": True}),
    ("Adagrad", {"lr_decay": 0.1}),
    ("RMSprop", {"momentum": 0.8, "centered": True}),
    ("Rprop", {}),
    ("Adadelta", {}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("Adamax", {}),
    ("NAdam", {}),
    ("RAdam", {"betas": (0.8, 0.95)}),
]


def walk(name, options, theta):
    """Six steps along gradients of seed 4; the values and all state in the end."""
    generator = np.random.default_rng(4)
    optimizer = getattr(fathom.optim, name)([theta], **options)
    for _ in range(6):
        theta.grad = fathom.tensor(generator.normal(size=tuple(theta.shape)).astype("f4"))
        optimizer.step()
    return {"theta": theta.detach(), **optimizer.state[theta]}


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_blocks_and_the_whole_agree_bitwise(name, options, monkeypatch):
    def start():
        return fathom.linspace(-1, 1, 7 * 11).reshape(7, 11).clone().requires_grad_()

    whole = walk(name, options, start())
    monkeypatch.setattr(blocks, "BLOCK", 16)  # four blocks of 16 elements, and one of 13
    cut = walk(name, options, start())
    assert whole.keys() == cut.keys()
    for key, value in whole.items():
        assert value.numpy().tobytes() == cut[key].numpy().tobytes(), key


def test_a_parameter_that_is_not_contiguous_steps_as_a_whole(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 2)
    theta = fathom.ones(3, 2).t().requires_grad_()
    theta = theta.detach().requires_grad_()
    assert not theta.is_contiguous()
    theta.grad = fathom.ones(2, 3)
    fathom.optim.SGD([theta], lr=0.5).step()
    assert theta.tolist() == [[0.5] * 3] * 2


def test_autograd_notices_a_step_in_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 2)
    theta = fathom.ones(5, requires_grad=True)
    y = (theta**2).sum()
    theta.grad = fathom.ones(5)
    fathom.optim.SGD([theta], lr=0.5).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_equations_that_mix_elements_are_never_cut(monkeypatch):
    class AlongTheNorm(fathom.optim.Optimizer):
        def update(self, theta, g, state, group):
            return theta - g / g.norm(), {}

    monkeypatch.setattr(blocks, "BLOCK", 2)
    theta = fathom.zeros(4, requires_grad=True)
    theta.grad = fathom.ones(4)
    AlongTheNorm([theta], {}).step()
    assert theta.tolist() == [-0.5] * 4
