"""Clipping, parameters as a vector, parametrizations, DataParallel: against PyTorch where it has an answer."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import pytest
import torch

import fathom
from fathom import nn
from fathom.nn.utils import parametrizations, parametrize


def pair(make, seed: int = 0):
    """The same layers of both libraries, with PyTorch's parameters."""
    torch.manual_seed(seed)
    ours, theirs = make(nn), make(torch.nn)
    ours.load_state_dict({k: fathom.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    return ours, theirs


def both_backward(ours, theirs, x):
    y, t = ours(fathom.tensor(x)), theirs(torch.tensor(x))
    np.testing.assert_allclose(y.detach().numpy(), t.detach().numpy(), rtol=1e-5, atol=1e-6)
    (y * y).sum().backward()
    (t * t).sum().backward()
    for (name, p), (other, q) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        assert name == other
        np.testing.assert_allclose(
            p.grad.numpy(), q.grad.numpy(), rtol=1e-4, atol=1e-5, err_msg=name
        )


X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)

# ---- clipping --------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [1.0, 2.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.1, 1000.0])
def test_clipping_by_norm_agrees_with_pytorch(max_norm, norm_type):
    ours, theirs = pair(lambda library: library.Linear(3, 2))
    both_backward(ours, theirs, X)
    total = nn.utils.clip_grad_norm_(ours.parameters(), max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs.parameters(), max_norm, norm_type)
    np.testing.assert_allclose(total.item(), expected.item(), rtol=1e-5)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-4, atol=1e-6)


def test_clipping_by_value_clamps_each_number():
    p = nn.Parameter(fathom.zeros(3))
    p.grad = fathom.tensor([-5.0, 0.1, 5.0])
    nn.utils.clip_grad_value_(p, 0.5)
    np.testing.assert_allclose(p.grad.numpy(), [-0.5, 0.1, 0.5], rtol=1e-6)


def test_without_gradients_the_norm_is_0():
    assert nn.utils.clip_grad_norm_(nn.Linear(2, 2).parameters(), 1.0).item() == 0


def test_a_gradient_that_is_not_finite_can_be_an_error():
    p = nn.Parameter(fathom.zeros(2))
    p.grad = fathom.tensor([float("nan"), 1.0])
    assert nn.utils.clip_grad_norm_([p], 1.0).isnan().item()
    with pytest.raises(RuntimeError, match="non-finite, so it cannot be clipped"):
        nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)


# ---- vectors ---------------------------------------------------------------------------------------


def test_parameters_go_to_a_vector_and_back():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (13,)
    nn.utils.vector_to_parameters(fathom.arange(13).float(), net.parameters())
    assert net[0].weight.tolist() == [[0, 1], [2, 3], [4, 5]] and net[1].bias.tolist() == [12]
    assert net[0].weight.requires_grad and net[0].weight.is_leaf
    with pytest.raises(ValueError, match=r"hold 13 numbers, got a vector \(12,\)"):
        nn.utils.vector_to_parameters(fathom.zeros(12), net.parameters())


# ---- parametrizations ------------------------------------------------------------------------------


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x


def test_a_parametrized_weight_is_computed_and_its_original_is_learnt():
    layer = nn.Linear(3, 3)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert bool((layer.weight == layer.weight.T).all())
    assert sorted(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    layer(fathom.tensor(X)).sum().backward()
    assert layer.parametrizations.weight.original.grad is not None
    assert parametrize.is_parametrized(layer) and parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias") and isinstance(layer, nn.Linear)


def test_a_value_set_to_a_parametrized_weight_goes_through_the_inverse():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    layer.weight = fathom.tensor([[1.0, 2.0], [2.0, 5.0]])
    assert layer.weight.tolist() == [[1, 2], [2, 5]]
    assert layer.parametrizations.weight.original.tolist() == [[1, 2], [0, 5]]


def test_parametrizations_follow_each_other_and_are_removed():
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Doubled())
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert bool((layer.weight == 4 * before).all())
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and isinstance(layer.weight, nn.Parameter)
    assert bool((layer.weight == 4 * before).all()) and list(layer.state_dict()) == [
        "bias",
        "weight",
    ]


def test_the_original_can_be_left():
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Doubled())
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert bool((layer.weight == before).all())


def test_inside_cached_a_weight_is_computed_once():
    calls = []

    class Counted(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x

    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Counted())
    calls.clear()
    with parametrize.cached():
        _ = layer.weight, layer.weight
    assert len(calls) == 1
    _ = layer.weight, layer.weight
    assert len(calls) == 3


def test_a_copy_of_a_parametrized_layer_is_independent():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Doubled())
    other = copy.deepcopy(layer)
    with fathom.no_grad():
        other.parametrizations.weight.original.zero_()
    assert layer.weight.abs().sum().item() > 0 and other.weight.abs().sum().item() == 0


def test_parametrizations_that_do_not_fit_are_refused():
    class Shorter(nn.Module):
        def forward(self, x):
            return x[:1]

    class Listed(nn.Module):
        def forward(self, x):
            return [x]

    with pytest.raises(ValueError, match="may not change the dtype or the shape of `weight`"):
        parametrize.register_parametrization(nn.Linear(2, 2), "weight", Shorter())
    with pytest.raises(ValueError, match="must return a tensor. Got list"):
        parametrize.register_parametrization(nn.Linear(2, 2), "weight", Listed())
    with pytest.raises(
        ValueError,
        match="does not have a parameter, a buffer, or a parametrized element with name 'gain'",
    ):
        parametrize.register_parametrization(nn.Linear(2, 2), "gain", Doubled())
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        parametrize.remove_parametrizations(nn.Linear(2, 2), "weight")
    layer = parametrizations.weight_norm(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="it was made of 2 tensors"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_agrees_with_pytorch(dim):
    def make(library):
        place = library.utils.parametrizations
        return place.weight_norm(library.Linear(3, 2), dim=dim)

    ours, theirs = pair(make)
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    both_backward(ours, theirs, X)


def test_spectral_norm_agrees_with_pytorch():
    ours, theirs = pair(
        lambda library: library.utils.parametrizations.spectral_norm(library.Linear(3, 2))
    )
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    both_backward(ours, theirs, X)
    ours.eval(), theirs.eval()
    np.testing.assert_allclose(
        ours(fathom.tensor(X)).detach().numpy(), theirs(torch.tensor(X)).detach().numpy(), rtol=1e-5
    )


def test_spectral_norm_bounds_the_stretch():
    fathom.manual_seed(0)
    layer = parametrizations.spectral_norm(nn.Linear(30, 20), n_power_iterations=50)
    assert abs(np.linalg.norm(layer.weight.detach().numpy(), 2) - 1) < 1e-3
    with pytest.raises(ValueError, match="n_power_iterations to be positive"):
        parametrizations.spectral_norm(nn.Linear(3, 2), n_power_iterations=0)
    with pytest.raises(IndexError, match="Dimension out of range"):
        parametrizations.spectral_norm(nn.Linear(3, 2), dim=2)


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated:FutureWarning")
@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
def test_the_older_forms_keep_pytorchs_state(name):
    ours, theirs = pair(lambda library: getattr(library.utils, name)(library.Linear(3, 2)))
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    both_backward(ours, theirs, X)
    value = ours.eval()(fathom.tensor(X))
    getattr(nn.utils, f"remove_{name}")(ours)
    assert sorted(ours.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(
        ours(fathom.tensor(X)).detach().numpy(), value.detach().numpy(), rtol=1e-5
    )
    with pytest.raises(ValueError, match=f"{name} of 'weight' not found"):
        getattr(nn.utils, f"remove_{name}")(ours)


# ---- several devices -------------------------------------------------------------------------------


class Pair(NamedTuple):
    a: fathom.Tensor
    b: int


def test_scatter_splits_nested_tensors_and_gather_puts_them_together():
    x = fathom.arange(6).reshape(3, 2)
    parts = nn.parallel.scatter({"pair": Pair(x, 7), "list": [x]}, ["cpu", "cpu"])
    assert (
        len(parts) == 2
        and parts[0]["pair"].a.tolist() == [[0, 1], [2, 3]]
        and parts[1]["list"][0].tolist() == [[4, 5]]
    )
    assert parts[1]["pair"].b == 7 and isinstance(parts[1]["pair"], Pair)
    back = nn.parallel.gather(parts, "cpu")
    assert (
        bool((back["pair"].a == x).all())
        and bool((back["list"][0] == x).all())
        and back["pair"].b == 7
    )


def test_data_parallel_passes_through():
    layer = nn.Linear(3, 2)
    net = nn.DataParallel(layer, device_ids=[fathom.device("cpu")])
    assert bool((net(fathom.tensor(X)) == layer(fathom.tensor(X))).all())
    assert bool((nn.DataParallel(layer)(input=fathom.tensor(X)) == layer(fathom.tensor(X))).all())
    assert list(net.state_dict()) == ["module.weight", "module.bias"]
