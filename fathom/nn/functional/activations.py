"""Activation functions: the nonlinearities between layers, element by element.

With inplace=True the result is written into the input, which is returned. Branches that are not chosen
are kept finite (a clamp before the exp), because 0 times infinity would put NaN into the gradient.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from fathom.core import dtypes
from fathom.core import inplace as writing
from fathom.core.composite import composite
from fathom.core.errors import ShapeError
from fathom.core.random import Generator
from fathom.ops import (
    arithmetic,
    comparison,
    exponential,
    randomness,
    special,
)
from fathom.ops import (
    softmax as softmaxes,
)
from fathom.ops.axes import one_axis
from fathom.ops.comparison import where

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def source(input: Tensor, inplace: bool) -> Tensor:
    """What the formula reads: the input, or what it is before it is written to."""
    return writing.alias(input) if inplace else input


def result(input: Tensor, y: Tensor, inplace: bool) -> Tensor:
    """y, or the input with y written into it."""
    return writing.assign(input, y) if inplace else y


# ---- piecewise linear ----------------------------------------------------------------------------


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""$y = \max(x, 0)$; the gradient at 0 is 0.

    >>> fathom.nn.functional.relu(fathom.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return result(input, comparison.relu(source(input, inplace)), inplace)


def relu_(input: Tensor) -> Tensor:
    """`relu`, written into the input."""
    return relu(input, True)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    r"""$y = x$ where $x > \text{threshold}$, else `value`."""
    x = source(input, inplace)
    return result(input, where(x <= threshold, value, x), inplace)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x between min_val and max_val, and the nearer of them outside; no gradient there, nor at the two ends."""
    if min_val > max_val:
        raise ValueError(
            f"hardtanh: min_val must not be above max_val, got {min_val} and {max_val}"
        )
    x = source(input, inplace)
    return result(input, where(x <= min_val, min_val, where(x >= max_val, max_val, x)), inplace)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh`, written into the input."""
    return hardtanh(input, min_val, max_val, True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    r"""$y = \min(\max(x, 0), 6)$."""
    return hardtanh(input, 0.0, 6.0, inplace)


@composite
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    r"""$y = x$ where $x > 0$, else $x$ times `negative_slope`."""
    x = source(input, inplace)
    return result(input, where(x > 0, x, x * negative_slope), inplace)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu`, written into the input."""
    return leaky_relu(input, negative_slope, True)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    r"""$y = x$ where $x > 0$, else $w x$: leaky_relu with a slope that is learnt.

    x (N, C, *), weight (1) or one slope for each channel, (C).
    """
    x, w = input, weight
    if w.ndim == 1 and w.shape[0] != 1:
        channels = x.shape[1] if x.ndim > 1 else 1
        if w.shape[0] != channels:
            raise ShapeError(
                f"prelu: weight has {w.shape[0]} slopes, the input {tuple(x.shape)} has {channels} channels"
            )
        w = w.reshape((1, channels) + (1,) * (x.ndim - 2))
    elif w.numel() == 1:
        w = w.reshape(())
    return where(x > 0, x, w * x)


def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """leaky_relu with a slope drawn from [lower, upper) for each element in training, else their mean."""
    x = source(input, inplace)
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slope = randomness.rand_like(x.detach(), generator=generator) * (upper - lower) + lower
    return result(input, where(x > 0, x, x * slope), inplace)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    r"""$y = 0$ where $|x| \le \lambda$, else $x$."""
    return where(input.abs() <= lambd, 0.0, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    r"""$y = x - \lambda\,\mathrm{sgn}\,x$ where $|x| > \lambda$, else 0."""
    if lambd < 0:
        raise RuntimeError(
            f"softshrink: lambda must be greater or equal to 0, but found to be {lambd}"
        )
    return where(input > lambd, input - lambd, where(input < -lambd, input + lambd, input * 0.0))


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    r"""$y = \min(\max(x / 6 + 1/2, 0), 1)$."""
    x = source(input, inplace)
    return result(input, hardtanh(x + 3, 0.0, 6.0) / 6, inplace)


@composite
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    r"""$y = x \min(\max(x + 3, 0), 6) / 6$."""
    x = source(input, inplace)
    return result(input, where(x <= -3, 0.0, where(x >= 3, x, x * (x + 3) / 6)), inplace)


# ---- exponential ---------------------------------------------------------------------------------


def log1p_exp(x: Tensor) -> Tensor:
    r"""$\log(1 + e^x)$: no overflow, exact far below 0, and right derivatives of every order, at 0 too."""
    distance = where(x > 0, x, -x)
    return comparison.relu(x) + (-distance).exp().log1p()


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    r"""$y = \frac1\beta \log(1 + e^{\beta x})$, a smooth relu; x itself where $\beta x$ is above the threshold."""
    scaled = input * beta
    return where(scaled > threshold, input, log1p_exp(scaled) / beta)


def sigmoid(input: Tensor) -> Tensor:
    r"""$y = 1 / (1 + e^{-x})$."""
    return exponential.sigmoid(input)


def logsigmoid(input: Tensor) -> Tensor:
    r"""$y = \log\frac{1}{1 + e^{-x}}$, exact where the sigmoid underflows."""
    return -log1p_exp(-input)


def tanh(input: Tensor) -> Tensor:
    r"""$y = \tanh x$."""
    return exponential.tanh(input)


def tanhshrink(input: Tensor) -> Tensor:
    r"""$y = x - \tanh x$."""
    return input - exponential.tanh(input)


def softsign(input: Tensor) -> Tensor:
    r"""$y = x / (1 + |x|)$."""
    return input / (1 + input.abs())


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    r"""$y = x$ where $x > 0$, else $\alpha (e^x - 1)$."""
    x = source(input, inplace)
    return result(input, where(x > 0, x, x.clamp(max=0).expm1() * alpha), inplace)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu`, written into the input."""
    return elu(input, alpha, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    r"""$y = x$ where $x > 0$, else $\alpha (e^{x / \alpha} - 1)$: an elu with a continuous derivative."""
    x = source(input, inplace)
    return result(input, where(x > 0, x, (x.clamp(max=0) / alpha).expm1() * alpha), inplace)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, written into the input."""
    return celu(input, alpha, True)


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""$y = s x$ where $x > 0$, else $s \alpha (e^x - 1)$.

    s = 1.0507... and alpha = 1.6733... keep mean 0 and variance 1 (Klambauer et al. 2017).
    """
    return result(input, elu(source(input, inplace), SELU_ALPHA) * SELU_SCALE, inplace)


def selu_(input: Tensor) -> Tensor:
    """`selu`, written into the input."""
    return selu(input, True)


@composite
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    r"""$y = x\,\Phi(x) = \frac x2 (1 + \mathrm{erf}\frac{x}{\sqrt2})$.

    That is x times the chance that a standard normal number is below x.
    approximate="tanh": $\frac x2 (1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715 x^3)))$.

    >>> fathom.nn.functional.gelu(fathom.tensor([-1., 0., 1.]))
    tensor([-0.1587,  0.0000,  0.8413])
    """
    x = input
    if approximate == "none":
        return 0.5 * x * (1 + special.erf(x * math.sqrt(0.5)))
    if approximate == "tanh":
        return (
            0.5 * x * (1 + exponential.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))))
        )
    raise RuntimeError(
        f"gelu: approximate argument must be either none or tanh, got {approximate!r}"
    )


@composite
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""$y = x\,\sigma(x)$."""
    x = source(input, inplace)
    return result(input, x * exponential.sigmoid(x), inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    r"""$y = x \tanh(\log(1 + e^x))$."""
    x = source(input, inplace)
    return result(input, x * exponential.tanh(log1p_exp(x)), inplace)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    r"""$y = a\,\sigma(b)$, where a and b are the two halves of the input along `dim`."""
    axis = one_axis(dim, input.ndim, "glu")
    if not input.ndim or input.shape[axis] % 2:
        raise ShapeError(
            f"glu: halving dimension must be even, but dim {axis} of {tuple(input.shape)} is not"
        )
    a, b = input.chunk(2, axis)
    return arithmetic.mul(a, exponential.sigmoid(b))


# ---- over a dim ----------------------------------------------------------------------------------


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None
) -> Tensor:
    r"""$y_i = e^{x_i} / \sum_j e^{x_j}$ along `dim`: positive numbers that sum to 1."""
    return softmaxes.softmax(input, chosen_dim("softmax", input, dim), dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None
) -> Tensor:
    r"""The logarithm of softmax, $y_i = x_i - \log \sum_j e^{x_j}$."""
    return softmaxes.log_softmax(input, chosen_dim("log_softmax", input, dim), dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None
) -> Tensor:
    """softmax of -x."""
    return softmaxes.softmax(-input, chosen_dim("softmin", input, dim), dtype)


def chosen_dim(name: str, input: Tensor, dim: int | None) -> int:
    """The dim that is given, or, with a warning, the one that PyTorch takes without."""
    if dim is not None:
        return dim
    taken = 0 if input.ndim in (0, 1, 3) else 1
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated: dim={taken} is taken; say dim= yourself",
        stacklevel=4,
    )
    return taken


def gumbel_softmax(
    logits: Tensor,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    generator: Generator | None = None,
) -> Tensor:
    r"""A random soft choice, $\mathrm{softmax}((x + g) / \tau)$ with Gumbel noise g (Jang et al. 2017).

    hard=True returns the choice as one-hot numbers, with the gradient of the soft ones. eps is not used.
    """
    uniform = randomness.rand_like(logits.detach(), generator=generator)
    noise = -(-(1 - uniform).log()).clamp(min=1e-38).log()  # 1 - u is in (0, 1]: its log is finite
    soft = softmaxes.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    top = soft.argmax(dim, keepdim=True)
    choice = soft.detach().new_zeros(soft.shape).scatter(dim, top, 1.0)
    return choice - soft.detach() + soft
