"""Pooling against PyTorch: values, gradients, positions, layers, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn, ones
from tests.nn.against_torch import same_function

DTYPES = [np.float32, np.float64]
SIZES = {1: (7,), 2: (7, 8), 3: (5, 6, 7)}

MAX = [  # axes, arguments
    (1, {"kernel_size": 3, "stride": 2, "padding": 1}),
    (2, {"kernel_size": 2}),
    (2, {"kernel_size": 3, "stride": 2, "padding": 1}),
    (2, {"kernel_size": 2, "stride": 4}),
    (
        2,
        {
            "kernel_size": (3, 2),
            "stride": (2, 1),
            "padding": 1,
            "dilation": (2, 1),
            "ceil_mode": True,
        },
    ),
    (2, {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    (3, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
]

AVG = [
    (1, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    (2, {"kernel_size": 2}),
    (2, {"kernel_size": 3, "stride": 2, "padding": 1}),
    (2, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    (2, {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    (
        2,
        {
            "kernel_size": 3,
            "stride": 2,
            "padding": 1,
            "ceil_mode": True,
            "count_include_pad": False,
        },
    ),
    (2, {"kernel_size": 3, "stride": 2, "divisor_override": 5}),
    (3, {"kernel_size": 2, "stride": 3}),
]


def numbers(n, ties: bool, batch=True):
    shape = (2, 3, *SIZES[n]) if batch else (3, *SIZES[n])
    rng = np.random.default_rng(0)
    return [rng.integers(0, 4, shape).astype(float) if ties else rng.standard_normal(shape)]


def same(name, arrays, dtype=np.float64, second_order=True, **arguments):
    ours, theirs = getattr(F, name), getattr(TF, name)
    same_function(
        lambda x: ours(x, **arguments),
        lambda x: theirs(x, **arguments),
        arrays,
        dtype,
        second_order,
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ties", [False, True], ids=["", "ties"])
@pytest.mark.parametrize("n, arguments", MAX)
def test_max_pooling_and_its_gradient_are_pytorchs(n, arguments, ties, dtype):
    same(f"max_pool{n}d", numbers(n, ties), dtype, dtype is np.float64, **arguments)


@pytest.mark.parametrize("n, arguments", MAX)
def test_the_positions_of_maxima_are_pytorchs(n, arguments):
    (x,) = numbers(n, ties=True)
    _, at = getattr(F, f"max_pool{n}d")(fathom.tensor(x), return_indices=True, **arguments)
    _, expected = getattr(TF, f"max_pool{n}d")(torch.tensor(x), return_indices=True, **arguments)
    np.testing.assert_array_equal(at.numpy(), expected.numpy())


def test_of_equal_elements_the_first_receives_the_gradient():
    x = fathom.zeros(1, 2, 4, requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[1, 0, 1, 0], [0, 0, 0, 0]]]


def test_padding_never_wins():
    assert (F.max_pool2d(fathom.full((1, 3, 3), -5.0), 3, stride=1, padding=1) == -5).all()
    assert (F.max_pool2d(fathom.full((1, 3, 3), -5), 3, stride=1, padding=1) == -5).all()


def test_nan_is_the_largest():
    x = fathom.tensor([[1.0, float("nan"), 3.0, 4.0]])
    assert F.max_pool1d(x, 2).isnan().tolist() == [[True, False]]


def test_integers_are_pooled_too():
    assert F.max_pool2d(fathom.arange(16).reshape(1, 4, 4), 2).tolist() == [[[5, 7], [13, 15]]]


def test_max_pooling_maps_over_examples_and_differentiates_each():
    x = fathom.tensor(numbers(2, ties=True)[0])
    gradient = fathom.func.grad(lambda a: F.max_pool2d(a, 3, 2, 1).square().sum())
    assert fathom.allclose(fathom.func.vmap(gradient)(x), fathom.stack([gradient(a) for a in x]))


@pytest.mark.parametrize("n, arguments", [(1, {}), (2, {"stride": 3}), (3, {})])
def test_unpooling_puts_maxima_back(n, arguments):
    (x,) = numbers(n, ties=False)
    y, at = getattr(F, f"max_pool{n}d")(fathom.tensor(x), 2, return_indices=True, **arguments)
    whole = SIZES[n]
    same_function(
        lambda y: getattr(F, f"max_unpool{n}d")(y, at, 2, output_size=whole, **arguments),
        lambda y: getattr(TF, f"max_unpool{n}d")(
            y, torch.tensor(at.numpy()), 2, output_size=whole, **arguments
        ),
        [y.numpy()],
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n, arguments", AVG)
def test_average_pooling_and_its_gradient_are_pytorchs(n, arguments, dtype):
    same(f"avg_pool{n}d", numbers(n, False), dtype, dtype is np.float64, **arguments)


@pytest.mark.parametrize("n, p", [(1, 2.0), (2, 2.0), (2, 3.0), (3, 1.0)])
def test_power_average_pooling_is_pytorchs(n, p):
    same(
        f"lp_pool{n}d", numbers(n, False), norm_type=p, kernel_size=3, stride=2, second_order=False
    )


@pytest.mark.parametrize("batch", [True, False], ids=["batched", "unbatched"])
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_adaptive_pooling_is_pytorchs(n, size, batch):
    same(f"adaptive_avg_pool{n}d", numbers(n, False, batch), output_size=size)
    for ties in (False, True):
        same(f"adaptive_max_pool{n}d", numbers(n, ties, batch), output_size=size)
    (x,) = numbers(n, True, batch)
    _, at = getattr(F, f"adaptive_max_pool{n}d")(fathom.tensor(x), size, return_indices=True)
    _, expected = getattr(TF, f"adaptive_max_pool{n}d")(torch.tensor(x), size, return_indices=True)
    np.testing.assert_array_equal(at.numpy(), expected.numpy())


def test_none_keeps_a_size():
    same("adaptive_avg_pool2d", numbers(2, False), output_size=(None, 3))


def test_an_empty_batch_stays_empty():
    x = fathom.ones(0, 3, 8, 8)
    assert (
        F.max_pool2d(x, 2).shape
        == F.avg_pool2d(x, 2).shape
        == F.adaptive_avg_pool2d(x, 4).shape
        == (0, 3, 4, 4)
    )


LAYERS = [
    ("MaxPool1d", (2,), {}), ("MaxPool2d", (3, 2), {"padding": 1, "ceil_mode": True}), ("MaxPool2d", ((2, 3),), {}),
    ("MaxPool3d", (2,), {"dilation": 2}), ("AvgPool1d", (2,), {}),
    ("AvgPool2d", (3,), {"count_include_pad": False, "padding": 1}),
    ("AvgPool3d", (2, 1), {"divisor_override": 3}), ("LPPool1d", (2, 3), {}), ("LPPool2d", (2, 3), {"stride": 2}),
    ("LPPool3d", (2, 2), {}), ("AdaptiveAvgPool1d", (3,), {}), ("AdaptiveAvgPool2d", ((None, 2),), {}),
    ("AdaptiveAvgPool3d", (2,), {}), ("AdaptiveMaxPool1d", (2,), {}), ("AdaptiveMaxPool2d", (3,), {}),
    ("AdaptiveMaxPool3d", ((1, 2, 3),), {}),
]  # fmt: skip


@pytest.mark.parametrize("name, sizes, arguments", LAYERS)
def test_a_layer_prints_and_computes_what_pytorchs_does(name, sizes, arguments):
    ours, theirs = (getattr(lib, name)(*sizes, **arguments) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    same_function(ours, theirs, numbers(int(name[-2]), False))


def test_an_unpooling_layer_prints_and_computes_what_pytorchs_does():
    ours, theirs = nn.MaxUnpool2d(2), torch.nn.MaxUnpool2d(2)
    assert repr(ours) == repr(theirs)
    y, at = nn.MaxPool2d(2, return_indices=True)(fathom.arange(16.0).reshape(1, 4, 4))
    expected = theirs(torch.tensor(y.numpy()), torch.tensor(at.numpy()))
    np.testing.assert_array_equal(ours(y, at).numpy(), expected.numpy())


@pytest.mark.parametrize("call, message", [
    (lambda: F.max_pool2d(ones(4, 4), 2),
     r"max_pool2d: expected an input \(N, C, H, W\) or \(C, H, W\), got 2-d \(4, 4\)"),
    (lambda: F.max_pool2d(ones(1, 2, 2), 3), r"a window of \(3, 3\) does not fit into the input's \(2, 2\)"),
    (lambda: F.max_pool2d(ones(1, 4, 4), 2, padding=2), "padding .* must be at most half the kernel"),
    (lambda: F.avg_pool2d(ones(1, 4, 4), 2, divisor_override=0), "divisor_override must not be 0"),
    (lambda: F.avg_pool1d(ones(1, 4), (2, 2)), "kernel_size must be one or 1 whole numbers"),
    (lambda: F.adaptive_avg_pool2d(ones(1, 4, 4), (1, 2, 3)),
     "output_size must be one or 2 whole numbers or None"),
    (lambda: F.max_unpool1d(ones(1, 2), fathom.zeros(1, 3, dtype=fathom.int64), 2),
     "indices .* must have the shape of x"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        call()


def test_an_error_inside_a_layer_names_the_layer_once():
    message = r"^MaxPool2d\(.*\): expected an input \(N, C, H, W\) or \(C, H, W\), got 2-d \(4, 4\)"
    with pytest.raises(ValueError, match=message):
        nn.MaxPool2d(2)(ones(4, 4))
