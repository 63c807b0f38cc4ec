"""Activations against PyTorch: values, first and second gradients, the text they print."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn
from tests.nn.against_torch import same_function, same_layer

DTYPES = [np.float32, np.float64]

FUNCTIONS = [
    ("relu", {}),
    ("relu6", {}),
    ("hardtanh", {}),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.2}),
    ("rrelu", {}),
    ("threshold", {"threshold": 0.3, "value": -2.0}),
    ("hardshrink", {}),
    ("softshrink", {"lambd": 0.7}),
    ("hardsigmoid", {}),
    ("hardswish", {}),
    ("sigmoid", {}),
    ("logsigmoid", {}),
    ("tanh", {}),
    ("tanhshrink", {}),
    ("softsign", {}),
    ("softplus", {}),
    ("softplus", {"beta": 2.0, "threshold": 3.0}),
    ("elu", {}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 1.5}),
    ("selu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("mish", {}),
    ("glu", {"dim": 0}),
    ("softmax", {"dim": 1}),
    ("log_softmax", {"dim": -1}),
    ("softmin", {"dim": 0}),
    ("normalize", {"dim": 1}),
]


def numbers(seed: int = 0, scale: float = 3.0, at_zero: float = 0.0) -> np.ndarray:
    """Some normal numbers, and some that are special: 0, large, very large."""
    x = np.random.default_rng(seed).normal(size=(4, 6)) * scale
    x[0, :4] = at_zero, 12.5, -12.5, 60
    return x


def hardsigmoid(x: torch.Tensor) -> torch.Tensor:
    """PyTorch's own, without the single-precision 1/6 of its backward."""
    return TF.relu6(x + 3) / 6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), FUNCTIONS)
def test_a_function_agrees_with_pytorch_to_second_order(name, options, dtype):
    theirs = hardsigmoid if name == "hardsigmoid" else getattr(TF, name)

    def check(at_zero, second_order):
        arrays = [numbers(at_zero=at_zero)]
        same_function(
            lambda x: getattr(F, name)(x, **options),
            lambda x: theirs(x, **options),
            arrays,
            dtype,
            second_order,
        )

    check(0.0, second_order=False)
    check(0.1, second_order=True)  # at a kink the second derivative is a matter of taste


@pytest.mark.parametrize("dtype", DTYPES)
def test_prelu_learns_one_slope_or_one_for_each_channel(dtype):
    same_function(F.prelu, TF.prelu, [numbers(at_zero=0.1), np.array([0.2])], dtype)
    same_function(F.prelu, TF.prelu, [numbers(at_zero=0.1), np.linspace(0, 1, 6)], dtype)
    x = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    same_function(F.prelu, TF.prelu, [x, np.array([0.1, 0.2, 0.3])], dtype)


MODULES = [
    "CELU()", "CELU(0.5, inplace=True)", "ELU()", "ELU(2.0)", "GELU()", "GELU('tanh')", "GLU()", "GLU(0)",
    "Hardshrink()", "Hardshrink(0.2)", "Hardsigmoid()", "Hardswish()", "Hardtanh()", "Hardtanh(-2, 2)",
    "Hardtanh(-2.0, 2.5, inplace=True)", "LeakyReLU()", "LeakyReLU(0.2, inplace=True)", "LeakyReLU(0.0)",
    "LogSigmoid()", "LogSoftmax(dim=1)", "Mish()", "PReLU()", "PReLU(6)", "RReLU().eval()", "ReLU()",
    "ReLU(inplace=True)", "ReLU6()", "ReLU6(inplace=True)", "SELU()", "SiLU()", "Sigmoid()", "Softmax(dim=-1)",
    "Softmin(dim=1)", "Softplus()", "Softplus(2, 10)", "Softshrink()", "Softsign()", "Tanh()", "Tanhshrink()",
    "Threshold(0.1, 20)",
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", MODULES)
def test_a_module_agrees_with_pytorch(text, dtype):
    ours, theirs = eval(f"nn.{text}"), eval(f"torch.nn.{text}")  # noqa: S307 - the table above
    if "inplace" in text:
        assert repr(ours) == repr(theirs)
        ours.inplace = theirs.inplace = False
    if text == "Hardsigmoid()":  # its backward has a single-precision 1/6 in float64 too
        dtype = np.float32
    same_layer(ours, theirs, [numbers()], dtype)


def test_softmax2d_works_on_channels():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    same_layer(nn.Softmax2d(), torch.nn.Softmax2d(), [x])
    with pytest.raises(ValueError, match="expected input to be 3D or 4D, got 2D"):
        nn.Softmax2d()(fathom.ones(2, 3))


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "hardtanh", "selu", "celu", "relu6"])
def test_inplace_writes_into_the_input_and_keeps_the_gradient(name):
    x = fathom.tensor([-1.0, 0.5, 3.0], requires_grad=True)
    hidden = x * 2
    y = getattr(F, name)(hidden, inplace=True)
    assert y is hidden
    y.sum().backward()
    t = torch.tensor([-1.0, 0.5, 3.0], requires_grad=True)
    getattr(TF, name)(t * 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), rtol=1e-6)


def test_trailing_underscores_write_in_place():
    for name in ("relu_", "leaky_relu_", "elu_", "celu_", "selu_", "hardtanh_"):
        x = fathom.tensor([-2.0, 0.5])
        assert getattr(F, name)(x) is x
        np.testing.assert_allclose(
            x.numpy(), getattr(TF, name)(torch.tensor([-2.0, 0.5])).numpy(), rtol=1e-6
        )


def test_softmax_without_dim_warns_as_pytorch_does():
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        y = F.softmax(fathom.zeros(2, 4))
    assert y[0, 0].item() == 0.25


def test_rrelu_draws_slopes_between_its_bounds():
    x = -fathom.ones(1000)
    y = F.rrelu(x, 0.1, 0.3, training=True, generator=fathom.Generator().manual_seed(0))
    assert -0.3 <= y.min().item() < -0.29 and -0.11 < y.max().item() <= -0.1


def test_gumbel_softmax_draws_from_the_distribution():
    logits = fathom.tensor([[0.1, 0.2, 0.7]]).log().expand(4000, 3)
    y = F.gumbel_softmax(logits, hard=True, generator=fathom.Generator().manual_seed(3))
    assert bool((y.sum(1) == 1).all())
    np.testing.assert_allclose(y.mean(0).numpy(), [0.1, 0.2, 0.7], atol=0.02)


def test_gumbel_softmax_hard_has_the_gradient_of_the_soft_choice():
    def gradient(hard):
        x = fathom.tensor([0.5, -0.3, 0.1], requires_grad=True)
        y = F.gumbel_softmax(x, hard=hard, generator=fathom.Generator().manual_seed(1))
        (y * fathom.tensor([1.0, 2.0, 3.0])).sum().backward()
        return x.grad.numpy()

    np.testing.assert_allclose(gradient(True), gradient(False), rtol=1e-5)


def test_activations_map_over_examples_under_vmap():
    x = fathom.tensor(numbers())
    for name, options in FUNCTIONS:
        if "dim" in options:
            continue
        one_by_one = fathom.stack([getattr(F, name)(row, **options) for row in x])
        mapped = fathom.func.vmap(
            lambda row, name=name, options=options: getattr(F, name)(row, **options)
        )(x)
        np.testing.assert_allclose(mapped.numpy(), one_by_one.numpy(), rtol=1e-6, err_msg=name)


def test_wrong_arguments_say_what_is_wrong():
    with pytest.raises(RuntimeError, match="halving dimension must be even"):
        F.glu(fathom.ones(3))
    with pytest.raises(RuntimeError, match="either none or tanh"):
        F.gelu(fathom.ones(3), approximate="exact")
    with pytest.raises(RuntimeError, match="lambda must be greater or equal to 0"):
        F.softshrink(fathom.ones(3), -1.0)
    with pytest.raises(ValueError, match="weight has 2 slopes, the input .* has 3 channels"):
        F.prelu(fathom.ones(2, 3), fathom.ones(2))
    with pytest.raises(ValueError, match="min_val must not be above max_val"):
        F.hardtanh(fathom.ones(3), 2.0, 1.0)
