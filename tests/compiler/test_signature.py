"""A program serves a call only where nothing that it took for good has changed: each change below is seen."""

from __future__ import annotations

import pytest

import fathom
from fathom import nn
from fathom.compiler.signature import Signature


class Scaled(nn.Module):
    """A layer with a number, a list of layers, and a layer that may be None."""

    def __init__(self):
        super().__init__()
        self.scale = 2.0
        self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2, bias=False)])
        self.last: nn.Module | None = None

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x * self.scale


def grown(model, optimizer):
    model.layers.append(nn.Linear(2, 2))


def new_options(model, optimizer):
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.param_groups[0]["weight_decay"] = 0.1


def another_group(model, optimizer):
    optimizer.add_param_group({"params": [fathom.ones(2, requires_grad=True)]})


CHANGES = {
    "a number": lambda model, optimizer: setattr(model, "scale", 3.0),
    "a number deep inside": lambda model, optimizer: setattr(model.layers[1], "p", 0.5),
    "a number under another name": lambda model, optimizer: vars(model).update(
        other=vars(model).pop("scale")
    ),
    "the mode": lambda model, optimizer: model.eval(),
    "the mode of one layer": lambda model, optimizer: model.layers[0].eval(),
    "a frozen parameter": lambda model, optimizer: model.layers[1].weight.requires_grad_(False),
    "another parameter": lambda model, optimizer: setattr(
        model.layers[0], "weight", nn.Parameter(fathom.ones(2, 2))
    ),
    "a parameter that is gone": lambda model, optimizer: setattr(model.layers[0], "bias", None),
    "another layer": lambda model, optimizer: model.layers.__setitem__(1, nn.Tanh()),
    "a layer more": grown,
    "a layer where none was": lambda model, optimizer: setattr(model, "last", nn.Tanh()),
    "a gradient": lambda model, optimizer: setattr(
        model.layers[0].weight, "grad", fathom.ones(2, 2)
    ),
    "an option": lambda model, optimizer: optimizer.param_groups[0].update(weight_decay=0.1),
    "options after loading": new_options,
    "another group": another_group,
    "state": lambda model, optimizer: optimizer.state[model.layers[0].weight].update(
        exp_avg=fathom.zeros(2, 2)
    ),
    "state that was loaded": lambda model, optimizer: optimizer.load_state_dict(
        optimizer.state_dict()
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_each_change_around_a_function_is_seen(what):
    model = Scaled()
    optimizer = fathom.optim.Adam(model.parameters(), lr=0.01)
    model(fathom.ones(1, 2)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()

    def step(x):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()

    signature = Signature(step)
    before = signature.key([], ())
    assert signature.key([], ()) == before
    CHANGES[what](model, optimizer)
    after = signature.key([], ())
    assert after != before
    assert signature.key([], ()) == after


def test_a_rate_that_changes_is_no_other_program():
    model = nn.Linear(2, 2)
    optimizer = fathom.optim.SGD(model.parameters(), lr=0.1)

    def step():
        optimizer.step()

    signature = Signature(step)
    before = signature.key([], ())
    optimizer.param_groups[0]["lr"] = 0.2
    assert signature.key([], ()) == before
