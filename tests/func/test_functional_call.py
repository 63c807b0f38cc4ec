"""functional_call: a module as a function of its parameters, under grad and vmap."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fathom
from fathom import nn
from fathom.func import functional_call, grad, jacrev, stack_module_state, vmap


def network() -> nn.Sequential:
    fathom.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))


X = fathom.tensor(np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32))


def test_given_tensors_stand_in_for_parameters_and_the_module_stays():
    net = network()
    before = net[0].weight
    given = {
        "0.weight": fathom.zeros(4, 2),
        "0.bias": fathom.zeros(4),
        "2.bias": fathom.tensor([3.0]),
    }
    assert functional_call(net, given, (X,)).tolist() == [[3.0]] * 5
    assert net[0].weight is before


def test_the_module_stays_when_forward_raises():
    net = network()
    before = net[0].weight
    with pytest.raises(ValueError, match="0 Linear"):
        functional_call(net, {"0.weight": fathom.zeros(4, 3)}, X)
    assert net[0].weight is before


def test_gradients_by_parameters_are_those_of_backward():
    net = network()
    g = grad(lambda p: functional_call(net, p, X).pow(2).sum())(dict(net.named_parameters()))
    functional_call(net, {}, X).pow(2).sum().backward()
    for name, p in net.named_parameters():
        np.testing.assert_allclose(
            g[name].detach().numpy(), p.grad.numpy(), rtol=1e-5, err_msg=name
        )


def test_gradients_of_each_example_at_once_equal_a_loop():
    net = network()
    parameters = {name: p.detach() for name, p in net.named_parameters()}

    def loss(p, x):
        return functional_call(net, p, x).pow(2).sum()

    each = vmap(grad(loss), (None, 0))(parameters, X)
    for k in range(5):
        one = grad(loss)(parameters, X[k])
        for name in parameters:
            np.testing.assert_allclose(
                each[name][k].numpy(), one[name].numpy(), rtol=1e-4, atol=1e-6
            )


def test_an_ensemble_runs_as_one_model():
    fathom.manual_seed(1)
    models = [nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)) for _ in range(3)]
    parameters, buffers = stack_module_state(models)
    assert (
        parameters["0.weight"].shape == (3, 3, 2)
        and parameters["0.weight"].requires_grad
        and buffers == {}
    )
    y = vmap(lambda p, b: functional_call(models[0], (p, b), X))(parameters, buffers)
    np.testing.assert_allclose(
        y.detach().numpy(), fathom.stack([m(X) for m in models]).detach().numpy(), rtol=1e-6
    )


def test_the_jacobian_by_the_parameters_is_pytorchs():
    net = network()
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in net.state_dict().items()})
    x = X[:2]
    ours = jacrev(lambda p: functional_call(net, p, x))(
        {k: v.detach() for k, v in net.named_parameters()}
    )
    expected = torch.func.jacrev(
        lambda p: torch.func.functional_call(theirs, p, torch.tensor(x.numpy()))
    )({k: v.detach() for k, v in theirs.named_parameters()})
    for name, value in expected.items():
        np.testing.assert_allclose(
            ours[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-6, err_msg=name
        )


def test_tied_parameters_are_replaced_together():
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    x = fathom.ones(1, 2)
    given = {"0.weight": 2 * fathom.eye(2)}
    assert functional_call(net, given, x).tolist() == [[4.0, 4.0]]
    with fathom.no_grad():
        net[0].weight.copy_(fathom.eye(2))
    assert functional_call(net, given, x, tie_weights=False).tolist() == [[2.0, 2.0]]
    with pytest.raises(ValueError, match="are one tensor in the module, but got two"):
        functional_call(net, {"0.weight": fathom.ones(2, 2), "1.weight": fathom.ones(2, 2)}, x)


def test_keywords_and_buffers_are_passed():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("scale", fathom.tensor(1.0))

        def forward(self, x, plus=0):
            return self.scale * x + plus

    y = functional_call(Scaled(), {"scale": fathom.tensor(3.0)}, (fathom.tensor(2.0),), {"plus": 1})
    assert y.item() == 7


def test_wrong_calls_are_refused():
    net = network()
    with pytest.raises(AttributeError, match="has no parameter or buffer 5.weight"):
        functional_call(net, {"5.weight": fathom.ones(1)}, X)
    with pytest.raises(RuntimeError, match="Missing key.*0.bias"):
        functional_call(net, {"0.weight": fathom.zeros(4, 2)}, X, strict=True)
    with pytest.raises(ValueError, match="0.bias appeared in multiple dictionaries"):
        functional_call(net, ({"0.bias": fathom.ones(4)}, {"0.bias": fathom.ones(4)}), X)
    with pytest.raises(ValueError, match="to be a dict, or a list/tuple of dicts, got int"):
        functional_call(net, 3, X)
    with pytest.raises(RuntimeError, match="at least one model"):
        stack_module_state([])
    with pytest.raises(RuntimeError, match="same class"):
        stack_module_state([nn.ReLU(), nn.Tanh()])
    with pytest.raises(RuntimeError, match="same training/eval mode"):
        stack_module_state([nn.ReLU(), nn.ReLU().eval()])
