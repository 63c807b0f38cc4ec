"""Convolutions against PyTorch: values, first and second gradients, layers, what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn, ones
from tests.nn.against_torch import close, same_function, same_layer

DTYPES = [np.float32, np.float64]

CASES = [  # axes, x, weight (O, C / groups, *kernel), arguments
    (1, (3, 4, 9), (6, 4, 3), {}),
    (1, (4, 9), (6, 4, 3), {"padding": "same", "dilation": 2}),
    (1, (2, 4, 11), (2, 4, 2), {"stride": 4}),
    (1, (2, 4, 8), (3, 4, 4), {"padding": "same"}),
    (2, (3, 4, 7, 9), (6, 4, 3, 2), {}),
    (2, (2, 4, 8, 7), (6, 2, 3, 2), {"groups": 2, "stride": 2, "padding": (1, 2)}),
    (2, (2, 4, 9, 9), (8, 1, 3, 3), {"groups": 4, "padding": 1, "dilation": (2, 1)}),
    (2, (2, 3, 7, 8), (5, 3, 1, 1), {"stride": (3, 2)}),
    (2, (3, 7, 8), (5, 3, 3, 3), {"padding": "valid"}),
    (2, (1, 2, 5, 5), (2, 2, 5, 5), {}),
    (3, (2, 2, 5, 6, 4), (4, 2, 2, 3, 2), {"stride": (1, 2, 1), "padding": 1}),
    (3, (2, 4, 4, 5, 4), (4, 2, 2, 2, 2), {"groups": 2, "dilation": 2}),
]

TRANSPOSED = [  # axes, x, weight (C, O / groups, *kernel), arguments
    (1, (3, 4, 5), (4, 2, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    (2, (2, 4, 4, 5), (4, 3, 3, 2), {}),
    (2, (4, 4, 5), (4, 3, 3, 2), {"stride": 3}),
    (
        2,
        (2, 4, 3, 4),
        (4, 3, 3, 3),
        {"groups": 2, "stride": (3, 2), "padding": 1, "output_padding": 1, "dilation": 2},
    ),
    (2, (1, 2, 4, 4), (2, 1, 2, 2), {"dilation": 3, "output_padding": 2}),
    (3, (2, 2, 3, 2, 3), (2, 3, 2, 2, 2), {"stride": 2}),
]


def numbers(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")  # PyTorch's
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n, x, weight, arguments", CASES)
def test_a_convolution_and_its_gradients_are_pytorchs(n, x, weight, arguments, dtype):
    ours, theirs = getattr(F, f"conv{n}d"), getattr(TF, f"conv{n}d")
    arrays = numbers(x, weight, weight[:1])
    second = dtype is np.float64
    same_function(
        lambda *a: ours(*a, **arguments), lambda *a: theirs(*a, **arguments), arrays, dtype, second
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n, x, weight, arguments", TRANSPOSED)
def test_a_transposed_convolution_and_its_gradients_are_pytorchs(n, x, weight, arguments, dtype):
    ours, theirs = getattr(F, f"conv_transpose{n}d"), getattr(TF, f"conv_transpose{n}d")
    arrays = numbers(x, weight, (weight[1] * arguments.get("groups", 1),))
    second = dtype is np.float64
    same_function(
        lambda *a: ours(*a, **arguments), lambda *a: theirs(*a, **arguments), arrays, dtype, second
    )


def test_the_transposed_convolution_is_the_adjoint():
    x, y, w = map(fathom.tensor, numbers((2, 3, 7, 8), (2, 5, 3, 4), (5, 3, 3, 2)))
    forth = F.conv2d(x, w, stride=2) * y
    back = x * F.conv_transpose2d(y, w, stride=2, output_padding=(0, 0))
    assert forth.sum().item() == pytest.approx(back.sum().item())


def test_an_empty_batch_gives_an_empty_output_and_no_gradient():
    x, w = fathom.ones(0, 3, 8, 8), fathom.ones(4, 3, 3, 3, requires_grad=True)
    y = F.conv2d(x, w, padding=1, stride=2)
    assert y.shape == (0, 4, 4, 4)
    y.sum().backward()
    assert (w.grad == 0).all()


def test_vmap_over_images_and_over_kernels_is_a_loop():
    x, w = map(fathom.tensor, numbers((3, 2, 6, 5), (3, 4, 2, 3, 3)))
    looped = fathom.stack([F.conv2d(a, b, padding=1) for a, b in zip(x, w)])
    mapped = fathom.func.vmap(lambda a, b: F.conv2d(a, b, padding=1))(x, w)
    assert fathom.allclose(mapped, looped)
    shared = fathom.func.vmap(lambda a: F.conv2d(a, w[0], padding=1))(x)
    assert fathom.allclose(shared, fathom.stack([F.conv2d(a, w[0], padding=1) for a in x]))


def test_the_gradient_for_each_example_is_a_loop_of_gradients():
    x, w = map(fathom.tensor, numbers((3, 2, 6, 5), (4, 2, 3, 3)))
    gradient = fathom.func.grad(lambda w, a: F.conv2d(a, w, stride=2).square().sum())
    mapped = fathom.func.vmap(gradient, in_dims=(None, 0))(w, x)
    assert fathom.allclose(mapped, fathom.stack([gradient(w, a) for a in x]))


def test_forward_mode_agrees_with_a_difference():
    x, w, dx, dw = map(
        fathom.tensor, numbers((2, 2, 5, 5), (3, 2, 3, 3), (2, 2, 5, 5), (3, 2, 3, 3))
    )
    _, dy = fathom.func.jvp(lambda x, w: F.conv2d(x, w, padding=1), (x, w), (dx, dw))
    h = 1e-6
    moved = F.conv2d(x + h * dx, w + h * dw, padding=1) - F.conv2d(
        x - h * dx, w - h * dw, padding=1
    )
    assert fathom.allclose(dy, moved / (2 * h), atol=1e-7)


def test_the_order_in_memory_changes_no_number():
    x, w = numbers((4, 3, 6, 6), (5, 3, 3, 3))
    expected = F.conv2d(fathom.tensor(x), fathom.tensor(w))
    for order in [(0, 1, 2, 3), (1, 2, 3, 0), (0, 2, 3, 1), (3, 2, 1, 0)]:
        back = [order.index(axis) for axis in range(4)]
        laid_out = fathom.from_numpy(np.ascontiguousarray(x.transpose(order)).transpose(back))
        assert fathom.allclose(F.conv2d(laid_out, fathom.tensor(w)), expected)


def test_writing_to_the_input_of_a_convolution_is_noticed():
    x, w = fathom.ones(1, 1, 5, 5), fathom.ones(1, 1, 2, 2, requires_grad=True)
    y = F.conv2d(x, w)
    x.mul_(0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_half_precision_is_summed_in_single():
    x, w = (
        fathom.ones(1, 1, 64, 64, dtype=fathom.float16),
        fathom.ones(1, 1, 64, 64, dtype=fathom.float16),
    )
    assert F.conv2d(x, w).item() == 4096.0


# ---- layers ------------------------------------------------------------------------------------------

LAYERS = [
    ("Conv1d", (4, 6, 3), {"padding": 1}, (2, 4, 9)),
    ("Conv2d", (4, 6, 3), {}, (2, 4, 8, 7)),
    ("Conv2d", (4, 6, (3, 2)), {"stride": 2, "padding": (1, 0), "dilation": (1, 2)}, (2, 4, 8, 7)),
    ("Conv2d", (4, 6, 3), {"groups": 2, "bias": False}, (2, 4, 8, 7)),
    ("Conv2d", (4, 6, 4), {"padding": "same"}, (4, 8, 7)),
    ("Conv2d", (2, 3, 3), {"padding": (2, 1), "padding_mode": "reflect"}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, 3), {"padding": (2, 1), "padding_mode": "replicate", "stride": 2}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, 3), {"padding": (2, 1), "padding_mode": "circular"}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, 4), {"padding": "same", "padding_mode": "circular"}, (2, 2, 6, 5)),
    ("Conv3d", (2, 4, 2), {"stride": 2}, (1, 2, 4, 5, 6)),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "output_padding": 1}, (2, 4, 5)),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"stride": 2, "padding": 1, "groups": 2}, (2, 4, 4, 5)),
    ("ConvTranspose2d", (4, 6, 3), {"dilation": 2, "bias": False}, (4, 4, 5)),
    ("ConvTranspose3d", (2, 3, 2), {"stride": 2}, (1, 2, 2, 3, 2)),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name, sizes, arguments, x", LAYERS)
def test_a_layer_is_pytorchs(name, sizes, arguments, x, dtype):
    same_layer(
        getattr(nn, name)(*sizes, **arguments),
        getattr(torch.nn, name)(*sizes, **arguments),
        numbers(x),
        dtype,
    )


@pytest.mark.parametrize("name, sizes, arguments, x", LAYERS)
def test_a_lazy_layer_becomes_the_layer_with_its_first_input(name, sizes, arguments, x):
    lazy, theirs = (getattr(lib, f"Lazy{name}")(*sizes[1:], **arguments) for lib in (nn, torch.nn))
    assert repr(lazy) == repr(theirs)
    y = lazy(fathom.ones(*x))
    theirs(torch.ones(*x))
    assert type(lazy) is getattr(nn, name) and repr(lazy) == repr(theirs)
    assert {k: tuple(v.shape) for k, v in lazy.state_dict().items()} == {
        k: tuple(v.shape) for k, v in theirs.state_dict().items()
    }
    again = getattr(nn, f"Lazy{name}")(*sizes[1:], **arguments)
    again.load_state_dict(lazy.state_dict())
    assert fathom.equal(again(fathom.ones(*x)), y)
    assert repr(again) == repr(theirs)


@pytest.mark.parametrize("name", ["Conv2d", "ConvTranspose2d"])
def test_parameters_start_in_pytorchs_range(name):
    fathom.manual_seed(0)
    layer = getattr(nn, name)(8, 32, 5)
    bound = 1 / np.sqrt(layer.weight[0].numel())
    for p in layer.parameters():
        assert p.abs().max() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.05)


def test_a_transposed_layer_takes_the_output_size_that_is_asked_for():
    x = numbers((1, 2, 5, 5))[0]
    ours, theirs = (
        nn.ConvTranspose2d(2, 3, 3, stride=2),
        torch.nn.ConvTranspose2d(2, 3, 3, stride=2),
    )
    ours.load_state_dict({k: fathom.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    y = ours(fathom.tensor(x, dtype=fathom.float32), output_size=(12, 11))
    close(y, theirs(torch.tensor(x, dtype=torch.float32), output_size=(12, 11)), 1e-5, "output")
    with pytest.raises(ValueError, match=r"valid sizes range from \[11, 11\] to \[12, 12\]"):
        ours(fathom.tensor(x, dtype=fathom.float32), output_size=(13, 11))


# ---- what is refused -----------------------------------------------------------------------------------


def test_a_wrong_number_of_channels_names_both_and_the_layer():
    net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Conv2d(3, 16, 5))
    with pytest.raises(
        ValueError,
        match=r"1 Conv2d\(3, 16, .*\): got x \(2, 6, 24, 24\) with 6 channels, but weight .* reads 3",
    ):
        net(fathom.ones(2, 1, 28, 28))
    with pytest.raises(RuntimeError, match=r"dim 1 must equal weight's dim 1 times groups 2"):
        F.conv2d(fathom.ones(2, 6, 8, 8), fathom.ones(4, 2, 3, 3), groups=2)
    with pytest.raises(RuntimeError, match="4 channels, but weight .* reads 3"):
        F.conv_transpose2d(fathom.ones(2, 4, 8, 8), fathom.ones(3, 2, 3, 3))


def test_channels_that_stand_elsewhere_are_pointed_to():
    with pytest.raises(
        ValueError, match=r"its channels come last; bring them forward with x.permute\(0, 3, 1, 2\)"
    ):
        nn.Conv2d(3, 4, 3)(ones(2, 8, 9, 3))
    with pytest.raises(
        ValueError, match=r"if dim 0 is the batch, x.unsqueeze\(1\) adds the one channel"
    ):
        nn.Conv2d(1, 4, 3)(ones(256, 28, 28))


@pytest.mark.parametrize("call, message", [
    (lambda: F.conv2d(ones(2, 28, 28, 1, 1), ones(1, 28, 3, 3)),
     r"conv2d: expected an input \(N, C, H, W\) or \(C, H, W\), got 5-d"),
    (lambda: F.conv2d(ones(2, 1, 4, 4), ones(1, 1, 3)), "expected a weight of 4 dims, got 3-d"),
    (lambda: F.conv2d(ones(2, 1, 4, 4), ones(1, 1, 5, 3)),
     r"the kernel reaches over \(5, 3\), which is more than the padded input \(4, 4\)"),
    (lambda: F.conv2d(ones(2, 1, 4, 4), ones(2, 1, 3, 3), ones(3)),
     r"bias must have one number for each of 2 output channels, got \(3,\)"),
    (lambda: F.conv2d(ones(2, 1, 4, 4), ones(2, 1, 3, 3), stride=0),
     "stride must be one or 2 whole numbers >= 1, got 0"),
    (lambda: F.conv2d(ones(2, 1, 4, 4), ones(2, 1, 3, 3), padding="full"),
     "padding must be 'same', 'valid' or whole numbers"),
    (lambda: F.conv2d(ones(2, 1, 4, 4), ones(2, 1, 3, 3), padding="same", stride=2),
     "padding='same' needs stride 1"),
    (lambda: F.conv2d(ones(2, 4, 4, 4), ones(3, 2, 3, 3), groups=2),
     "3 channels cannot be split into 2 equal groups"),
    (lambda: F.conv_transpose2d(ones(2, 1, 4, 4), ones(1, 1, 3, 3), output_padding=1),
     "output_padding .* must be smaller than either stride"),
    (lambda: F.conv_transpose2d(ones(2, 1, 1, 1), ones(1, 1, 3, 3), padding=2), "leaves nothing of the output"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), "must be divisible by groups"),
    (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"),
     "padding_mode must be one of zeros, reflect, replicate, circular"),
    (lambda: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"), "only 'zeros' padding mode is supported"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        call()


def test_two_dtypes_are_refused():
    with pytest.raises(RuntimeError, match="same dtype, got fathom.float32 and fathom.float64"):
        F.conv2d(fathom.ones(1, 1, 3, 3), fathom.ones(1, 1, 3, 3, dtype=fathom.float64))
