"""An optimizer's step can be traced: it is tensor operations on parameter, gradient and state."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.compiler import trace
from fathom.compiler.reference import run
from fathom.optim.stepping import parted

CASES = [
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("ASGD", {"t0": 2, "lambd": 0.1}),
    ("Adagrad", {"lr_decay": 0.1, "maximize": True}),
    ("RMSprop", {"momentum": 0.8, "centered": True}),
    ("Rprop", {}),
    ("Adadelta", {}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("Adamax", {}),
    ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("RAdam", {"betas": (0.8, 0.95)}),
]


def gradients(steps):
    generator = np.random.default_rng(5)
    return [fathom.tensor(g) for g in generator.normal(size=(steps, 2, 3)).astype("f4")]


@pytest.mark.parametrize(("name", "options"), CASES, ids=[name for name, _ in CASES])
def test_the_traced_step_walks_as_the_step(name, options):
    theta = fathom.tensor([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], requires_grad=True)
    optimizer = getattr(fathom.optim, name)([theta], lr=0.05, **options)
    first, *others = gradients(12)
    theta.grad = first
    optimizer.step()  # which makes the state
    kept = optimizer.state[theta]
    names, rate = list(kept), np.float32(0.05)

    def step(theta, g, rate, *state):
        theta.grad = g
        optimizer.state[theta] = dict(zip(names, state, strict=True))
        with fathom.no_grad():
            group = {**optimizer.param_groups[0], "lr": rate}
            optimizer.advance(theta, group, *parted(group))
        after = optimizer.state.pop(theta)
        return theta, *[after[entry] for entry in names]

    graph = trace(step, theta, first, fathom.tensor(rate), *[kept[entry] for entry in names])
    traced = [x.detach().numpy().copy() for x in (theta, *kept.values())]
    for g in others:
        theta.grad = g
        optimizer.step()
        traced = run(graph, traced[0], g.numpy(), rate, *traced[1:])
        for x, y in zip((theta, *kept.values()), traced, strict=True):
            np.testing.assert_allclose(x.detach().numpy(), y, rtol=1e-5, atol=1e-6)
