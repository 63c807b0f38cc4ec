"""A compiled module is called as a native program, and is the module in everything else."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import fathom
from fathom import nn
from tests.compiler.drawn import numbers


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
