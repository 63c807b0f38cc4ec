"""Linear layers, lazy ones, Identity, Flatten, distances: against PyTorch with the same parameters."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn
from tests.nn.against_torch import same_function, same_layer

DTYPES = [np.float32, np.float64]
random = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 3), (3,), (2, 4, 3), (2, 1, 5, 3), (0, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_agrees_with_pytorch(shape, bias, dtype):
    same_layer(
        nn.Linear(3, 2, bias=bias),
        torch.nn.Linear(3, 2, bias=bias),
        [random.normal(size=shape)],
        dtype,
    )


def test_linear_agrees_to_second_order_and_with_one_output():
    x, w, b = random.normal(size=(4, 3)), random.normal(size=(2, 3)), random.normal(size=2)
    same_function(F.linear, TF.linear, [x, w, b])
    same_function(F.linear, TF.linear, [x, w[0]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lead", [(4,), (), (2, 3)])
def test_bilinear_agrees_with_pytorch(lead, dtype):
    arrays = [random.normal(size=(*lead, 3)), random.normal(size=(*lead, 5))]
    same_layer(nn.Bilinear(3, 5, 2), torch.nn.Bilinear(3, 5, 2), arrays, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_flatten_and_unflatten_agree_with_pytorch(dtype):
    x = random.normal(size=(2, 3, 4, 5))
    same_layer(nn.Flatten(), torch.nn.Flatten(), [x], dtype)
    same_layer(nn.Flatten(0, 2), torch.nn.Flatten(0, 2), [x], dtype)
    same_layer(nn.Unflatten(1, (3, 1)), torch.nn.Unflatten(1, (3, 1)), [x], dtype)
    same_layer(nn.Unflatten(-1, (5, -1)), torch.nn.Unflatten(-1, (5, -1)), [x], dtype)
    same_layer(nn.Identity(3, bias=False), torch.nn.Identity(3, bias=False), [x], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_distances_agree_with_pytorch(dtype):
    a, b = random.normal(size=(4, 6)), random.normal(size=(4, 6))
    for p in (1.0, 2.0, 3.0):
        same_layer(nn.PairwiseDistance(p), torch.nn.PairwiseDistance(p), [a, b], dtype)
    same_layer(
        nn.PairwiseDistance(keepdim=True), torch.nn.PairwiseDistance(keepdim=True), [a, b], dtype
    )
    same_layer(nn.CosineSimilarity(), torch.nn.CosineSimilarity(), [a, b], dtype)
    same_layer(nn.CosineSimilarity(dim=0), torch.nn.CosineSimilarity(dim=0), [a, b], dtype)
    same_function(F.pdist, TF.pdist, [a], dtype, second_order=False)
    same_function(
        lambda x, y: F.cosine_similarity(x, y, dim=-1),
        lambda x, y: TF.cosine_similarity(x, y, dim=-1),
        [a, b[:1]],
        dtype,
    )


def test_parameters_start_uniform_within_pytorchs_bounds():
    fathom.manual_seed(0)
    layer = nn.Linear(100, 200)
    for p in layer.parameters():
        assert -0.1 <= p.min().item() < -0.095 and 0.095 < p.max().item() <= 0.1
        assert abs(p.var().item() - 0.01 / 3) < 3e-4
    assert nn.Linear(0, 3)(fathom.zeros(2, 0)).tolist() == [[0.0] * 3] * 2
    bilinear = nn.Bilinear(25, 8, 9)
    assert bilinear.weight.abs().max().item() <= 0.2 and bilinear.weight.abs().max().item() > 0.19


def test_layers_are_made_in_a_dtype():
    assert nn.Linear(2, 2, dtype=fathom.float64).weight.dtype is fathom.float64
    assert nn.LazyLinear(2, dtype=fathom.float64, device="cpu").weight.dtype is fathom.float64


# ---- wrong shapes and dtypes -----------------------------------------------------------------------


def test_a_wrong_last_size_says_the_way_out():
    with pytest.raises(
        ValueError,
        match=r"^Linear\(in_features=784, .*\): got x \(32, 28, 28\); flatten it to \(32, 784\) first",
    ):
        nn.Linear(784, 10)(fathom.zeros(32, 28, 28))
    with pytest.raises(RuntimeError, match="its last size must be in_features=3"):
        nn.Linear(3, 2)(fathom.zeros(4, 5))
    with pytest.raises(ValueError, match="its last size must be in_features=3"):
        nn.Linear(3, 2)(fathom.tensor(1.0))
    with pytest.raises(TypeError, match="Linear.*same dtype, got fathom.int64 and fathom.float32"):
        nn.Linear(3, 2)(fathom.ones(4, 3, dtype=fathom.int64))
    with pytest.raises(ValueError, match="weight must be"):
        F.linear(fathom.ones(2, 3), fathom.ones(1, 2, 3))


def test_bilinear_refuses_wrong_sizes():
    layer = nn.Bilinear(2, 3, 4)
    with pytest.raises(ValueError, match="takes inputs of last sizes 2 and 3"):
        layer(fathom.ones(5, 2), fathom.ones(5, 2))
    with pytest.raises(ValueError, match="must be equal but for the last size"):
        layer(fathom.ones(5, 2), fathom.ones(4, 3))
    with pytest.raises(ValueError, match="in1_features must be > 0"):
        nn.Bilinear(0, 3, 4)


def test_unflatten_refuses_what_is_no_sizes():
    with pytest.raises(TypeError, match="must be a tuple of ints"):
        nn.Unflatten(1, "ab")
    with pytest.raises(NotImplementedError, match="dims have numbers here"):
        nn.Unflatten("C", (1, 2))


# ---- lazy ------------------------------------------------------------------------------------------


def test_a_lazy_layer_prints_as_pytorchs_before_and_after():
    ours, theirs = nn.LazyLinear(3), torch.nn.LazyLinear(3)
    assert repr(ours) == repr(theirs)
    assert repr(ours.weight) == repr(theirs.weight)
    ours(fathom.ones(2, 5))
    theirs(torch.ones(2, 5))
    assert repr(ours) == repr(theirs) and type(ours) is nn.Linear
    assert type(ours.weight) is nn.Parameter and ours.weight.requires_grad


def test_a_lazy_layer_keeps_its_parameter_objects():
    layer = nn.LazyLinear(3)
    before = list(layer.parameters())
    layer(fathom.ones(2, 5))
    assert all(p is q for p, q in zip(before, layer.parameters(), strict=True))
    assert [tuple(p.shape) for p in before] == [(3, 5), (3,)]
    layer(fathom.ones(2, 5)).sum().backward()
    assert before[0].grad is not None


def test_a_lazy_layer_draws_as_a_linear_one():
    fathom.manual_seed(3)
    expected = nn.Linear(5, 3)
    fathom.manual_seed(3)
    layer = nn.LazyLinear(3)
    layer(fathom.ones(1, 5))
    assert bool((layer.weight == expected.weight).all()) and bool(
        (layer.bias == expected.bias).all()
    )


def test_using_a_parameter_too_early_says_what_to_do():
    layer = nn.LazyLinear(3)
    with pytest.raises(
        ValueError, match="uninitialized parameter.*call the module once with an example input"
    ):
        layer.weight.sum()
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        _ = layer.weight.shape
    with pytest.raises(RuntimeError, match="becomes known in the first forward pass"):
        layer.apply(lambda module: nn.init.normal_(module.weight))


def test_apply_of_an_initialiser_that_asks_for_linear_skips_a_lazy_layer():
    def init(module):
        if type(module) is nn.Linear:
            nn.init.zeros_(module.weight)

    net = nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 2))
    net.apply(init)
    net(fathom.ones(1, 3))
    assert net[0].weight.abs().sum().item() > 0 and net[1].weight.abs().sum().item() == 0


def test_a_lazy_layer_is_converted_before_it_has_sizes():
    layer = nn.LazyLinear(3).double()
    assert layer.weight.dtype is fathom.float64 and layer.weight.device.type == "cpu"
    assert layer(fathom.ones(1, 2, dtype=fathom.float64)).dtype is fathom.float64


def test_a_state_gives_a_lazy_layer_its_sizes():
    lazy, sized = nn.Sequential(nn.LazyLinear(3)), nn.Sequential(nn.Linear(5, 3))
    lazy.load_state_dict(sized.state_dict())
    assert bool((lazy[0].weight == sized[0].weight).all())
    x = fathom.ones(2, 5)
    assert bool((lazy(x) == sized(x)).all())
    assert type(lazy[0]) is nn.Linear and lazy[0].in_features == 5


def test_a_lazy_layer_saves_and_copies_what_it_is():
    layer = nn.LazyLinear(3)
    assert repr(layer.state_dict()["weight"]) == "<UninitializedParameter>"
    other = copy.deepcopy(layer)
    other(fathom.ones(1, 2))
    assert isinstance(layer.weight, nn.UninitializedParameter)
    nn.LazyLinear(3).load_state_dict(layer.state_dict())


def test_a_lazy_layer_of_ones_own():
    class LazyScale(nn.LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.UninitializedParameter()
            self.register_buffer("seen", nn.UninitializedBuffer())

        def initialize_parameters(self, x):
            if self.has_uninitialized_params():
                self.scale.materialize(x.shape[1:])
                self.seen.materialize((1,))
                nn.init.ones_(self.scale)

        def forward(self, x):
            return self.scale * x

    layer = LazyScale()
    assert repr(layer.seen) == "<UninitializedBuffer>"
    assert layer(fathom.ones(2, 3)).shape == (2, 3)
    assert type(layer.seen) is fathom.Tensor
    with pytest.raises(
        NotImplementedError, match="initialize_parameters is not implemented for Sequential"
    ):
        type("Sequential", (nn.LazyModuleMixin,), {})()(1)
