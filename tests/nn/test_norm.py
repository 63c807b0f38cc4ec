"""Normalisation against PyTorch: values, gradients, running statistics, layers, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn, ones
from tests.nn.against_torch import same_function, same_layer

DTYPES = [np.float32, np.float64]


def numbers(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


FUNCTIONS = [  # name, arrays, arguments that follow them
    (
        "layer_norm",
        [(3, 4, 5), (4, 5), (4, 5)],
        lambda lib, x, w, b: lib.layer_norm(x, (4, 5), w, b),
    ),
    ("layer_norm", [(3, 5)], lambda lib, x: lib.layer_norm(x, (5,), eps=0.1)),
    ("group_norm", [(3, 6, 5), (6,), (6,)], lambda lib, x, w, b: lib.group_norm(x, 3, w, b)),
    ("group_norm", [(3, 6)], lambda lib, x: lib.group_norm(x, 2)),
    ("rms_norm", [(3, 4, 5), (5,)], lambda lib, x, w: lib.rms_norm(x, (5,), w)),
    (
        "instance_norm",
        [(3, 4, 5, 2), (4,), (4,)],
        lambda lib, x, w, b: lib.instance_norm(x, weight=w, bias=b),
    ),
    (
        "batch_norm",
        [(6, 4, 3), (4,), (4,)],
        lambda lib, x, w, b: lib.batch_norm(x, None, None, w, b, True),
    ),
    ("batch_norm", [(6, 4)], lambda lib, x: lib.batch_norm(x, None, None, training=True)),
    ("local_response_norm", [(3, 7, 5)], lambda lib, x: lib.local_response_norm(x, 5)),
    (
        "local_response_norm",
        [(3, 7, 5, 2)],
        lambda lib, x: lib.local_response_norm(x, 4, alpha=0.3, k=2.0),
    ),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name, shapes, call", FUNCTIONS)
def test_a_norm_and_its_gradients_are_pytorchs(name, shapes, call, dtype):
    arrays = numbers(*shapes)
    second = dtype is np.float64
    same_function(lambda *a: call(F, *a), lambda *a: call(TF, *a), arrays, dtype, second)


LAYERS = [
    ("BatchNorm1d", (4,), {}, (6, 4)),
    ("BatchNorm1d", (4,), {"affine": False}, (6, 4, 3)),
    ("BatchNorm2d", (4,), {"eps": 0.01, "momentum": 0.3}, (3, 4, 5, 6)),
    ("BatchNorm2d", (4,), {"bias": False}, (3, 4, 5, 6)),
    ("BatchNorm2d", (4,), {"track_running_stats": False}, (3, 4, 5, 6)),
    ("BatchNorm3d", (4,), {"momentum": None}, (2, 4, 3, 2, 2)),
    ("InstanceNorm1d", (4,), {}, (2, 4, 5)),
    ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True}, (3, 4, 5, 6)),
    ("InstanceNorm2d", (4,), {"affine": True}, (4, 5, 6)),
    ("InstanceNorm3d", (4,), {"track_running_stats": True}, (2, 4, 3, 2, 2)),
    ("LayerNorm", (5,), {}, (3, 4, 5)),
    ("LayerNorm", ([4, 5],), {"bias": False}, (3, 4, 5)),
    ("LayerNorm", (5,), {"elementwise_affine": False}, (3, 5)),
    ("GroupNorm", (2, 4), {}, (3, 4, 5)),
    ("GroupNorm", (4, 4), {"affine": False}, (3, 4, 5)),
    ("RMSNorm", (5,), {}, (3, 5)),
    ("RMSNorm", ((4, 5),), {"eps": 0.1, "elementwise_affine": False}, (3, 4, 5)),
    ("LocalResponseNorm", (3,), {}, (3, 4, 5)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("name, sizes, arguments, x", LAYERS)
def test_a_layer_is_pytorchs(name, sizes, arguments, x, mode, dtype):
    ours, theirs = (getattr(lib, name)(*sizes, **arguments) for lib in (nn, torch.nn))
    for p in theirs.parameters():  # other numbers than all ones and zeros
        torch.nn.init.normal_(p, generator=torch.Generator().manual_seed(1))
    if getattr(theirs, "running_mean", None) is not None:
        theirs.running_mean.copy_(torch.linspace(-1, 1, len(theirs.running_mean)))
        theirs.running_var.copy_(torch.linspace(0.5, 2, len(theirs.running_var)))
    same_layer(ours.train(mode == "train"), theirs.train(mode == "train"), numbers(x), dtype)


@pytest.mark.parametrize("momentum", [0.1, 0.5, None])
@pytest.mark.parametrize("name", ["BatchNorm2d", "InstanceNorm2d"])
def test_running_statistics_follow_pytorchs_over_several_batches(name, momentum):
    if name == "InstanceNorm2d" and momentum is None:
        momentum = 0.9
    ours, theirs = (
        getattr(lib, name)(3, momentum=momentum, track_running_stats=True) for lib in (nn, torch.nn)
    )
    for batch in numbers((4, 3, 5, 5), (2, 3, 5, 5), (4, 3, 2, 2)):
        x = np.float32(batch * 2 + 1)
        ours(fathom.from_numpy(x))
        theirs(torch.from_numpy(x))
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(
            ours.state_dict()[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6, err_msg=key
        )
    x = np.float32(numbers((2, 3, 4, 4), seed=5)[0])
    expected = theirs.eval()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(
        ours.eval()(fathom.from_numpy(x)).detach().numpy(), expected, rtol=1e-4, atol=1e-5
    )


def test_the_running_statistics_carry_no_history():
    layer = nn.BatchNorm1d(2)
    layer(fathom.ones(3, 2, requires_grad=True) * fathom.arange(2.0))
    assert not layer.running_mean.requires_grad and layer.num_batches_tracked.item() == 1


@pytest.mark.parametrize("name, arguments, x", [
    ("BatchNorm1d", {}, (6, 4)), ("BatchNorm2d", {"affine": False}, (3, 4, 5, 6)), ("BatchNorm3d", {}, (2, 4, 3, 2, 2)),
    ("InstanceNorm1d", {}, (2, 4, 5)), ("InstanceNorm2d", {"bias": False}, (2, 4, 5, 5)),
    ("InstanceNorm3d", {}, (2, 4, 3, 2, 2)),
])  # fmt: skip
def test_a_lazy_layer_becomes_the_layer_with_its_first_input(name, arguments, x):
    lazy, theirs = (getattr(lib, f"Lazy{name}")(**arguments) for lib in (nn, torch.nn))
    y = lazy(fathom.tensor(numbers(x)[0], dtype=fathom.float32))
    theirs(torch.tensor(numbers(x)[0], dtype=torch.float32))
    assert type(lazy) is getattr(nn, name) and repr(lazy) == repr(theirs)
    assert list(lazy.state_dict()) == list(theirs.state_dict())
    again = getattr(nn, f"Lazy{name}")(**arguments)
    again.load_state_dict(lazy.state_dict())
    assert fathom.allclose(again(fathom.tensor(numbers(x)[0], dtype=fathom.float32)), y)
    assert again.num_features == 4


def test_synchronised_batch_norm_is_batch_norm_on_one_device():
    x = fathom.tensor(numbers((4, 3, 5))[0], dtype=fathom.float32)
    assert fathom.equal(nn.SyncBatchNorm(3)(x), nn.BatchNorm1d(3)(x))


def test_norms_map_over_examples():
    (x,) = map(fathom.tensor, numbers((3, 4, 6)))
    for f in (
        lambda a: F.layer_norm(a, (6,)),
        lambda a: F.group_norm(a, 2),
        lambda a: F.batch_norm(a, None, None, training=True),
    ):
        assert fathom.allclose(fathom.func.vmap(f)(x), fathom.stack([f(a) for a in x]))


@pytest.mark.parametrize("call, message", [
    (lambda: nn.BatchNorm2d(3)(ones(2, 3)), r"BatchNorm2d\(3, .*\): expected a 4-d input, got 2-d \(2, 3\)"),
    (lambda: nn.BatchNorm1d(3)(ones(2, 4)),
     r"got x \(2, 4\) with 4 channels \(dim 1\), but running_mean has shape \(3,\)"),
    (lambda: nn.BatchNorm1d(3)(ones(1, 3)), "expected more than 1 value per channel when training"),
    (lambda: F.batch_norm(ones(2, 3), None, None), "expected running_mean and running_var to be defined"),
    (lambda: F.instance_norm(ones(2, 3, 1)), "expected more than 1 spatial element"),
    (lambda: nn.InstanceNorm2d(3, affine=True)(ones(1, 2, 4, 4)), "has 2 channels .*, but num_features is 3"),
    (lambda: F.layer_norm(ones(2, 3), (4,)),
     r"normalized_shape is \(4,\), so expected an input \(..., 4\), got \(2, 3\)"),
    (lambda: F.layer_norm(ones(2, 3), (3,), ones(2)), r"weight must have normalized_shape \(3,\), got \(2,\)"),
    (lambda: F.group_norm(ones(2, 3), 2), "3 channels cannot be split into 2 equal groups"),
    (lambda: nn.GroupNorm(2, 3), "num_channels 3 must be divisible by num_groups 2"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises(ValueError, match=message):
        call()
