"""Losses of a prediction and a target, number by number, and their means and sums.

Letters: N examples, C classes, * any other dims. `reduction` is "mean", "sum" or "none".
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from fathom.core.base import TensorBase, is_plain
from fathom.core.errors import ShapeError
from fathom.nn.functional.activations import log1p_exp
from fathom.ops.broadcasting import broadcast_shapes
from fathom.ops.comparison import where

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """The losses as they are, their mean or their sum."""
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"{reduction} is not a valid value for reduction: choose mean, sum or none")


def spoken(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction; PyTorch's two older arguments say it too."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def alike(name: str, input: Tensor, target: Tensor) -> None:
    """Warn where the target's shape differs: broadcasting it is seldom what is meant."""
    if input.shape != target.shape:
        broadcast_shapes(input.shape, target.shape, name=name)
        warnings.warn(
            f"{name}: Using a target size ({tuple(target.shape)}) that is different to the input size"
            f" ({tuple(input.shape)}): it is broadcast, which will likely lead to incorrect results",
            stacklevel=3,
        )


# ---- regression ----------------------------------------------------------------------------------


def weighted_mean(losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """`reduced`, each loss multiplied by its weight; the mean is then divided by the sum of the weights."""
    if weight is None:
        return reduced(losses, reduction)
    weighted = losses * weight
    if reduction == "mean":
        return weighted.sum() / weight.expand(losses.shape).sum()
    return reduced(weighted, reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    r"""Squared error, $\ell = (x - t)^2$.

    >>> fathom.nn.functional.mse_loss(fathom.tensor([1., 2.]), fathom.tensor([1., 4.]))
    tensor(2.)
    """
    alike("mse_loss", input, target)
    error = input - target
    return weighted_mean(error * error, weight, spoken(size_average, reduce, reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    r"""Absolute error, $\ell = |x - t|$."""
    alike("l1_loss", input, target)
    return weighted_mean((input - target).abs(), weight, spoken(size_average, reduce, reduction))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    r"""$\ell = \frac{(x - t)^2}{2\beta}$ where $|x - t| < \beta$, else $|x - t| - \frac\beta2$."""
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    alike("smooth_l1_loss", input, target)
    error = input - target
    if beta == 0:
        return reduced(error.abs(), spoken(size_average, reduce, reduction))
    size = error.abs()
    losses = where(size < beta, error * error * (0.5 / beta), size - 0.5 * beta)
    return reduced(losses, spoken(size_average, reduce, reduction))


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    r"""$\ell = \frac12 (x - t)^2$ where $|x - t| \le \delta$, else $\delta (|x - t| - \frac\delta2)$."""
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be positive, got {delta}")
    alike("huber_loss", input, target)
    error = input - target
    size = error.abs()
    return weighted_mean(
        where(size <= delta, 0.5 * error * error, delta * (size - 0.5 * delta)), weight, reduction
    )


# ---- probabilities -------------------------------------------------------------------------------


def log_or_least(x: Tensor) -> Tensor:
    """log x, at least -100; without a gradient where x is 0."""
    none = x <= 0
    return where(none, -100.0, where(none, 1.0, x).log().clamp(min=-100.0))


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = -w\,(t \log x + (1 - t) \log(1 - x))$ of probabilities x; logarithms are at least -100.

    Where x is exactly 0 or 1 that logarithm has no gradient. Prefer logits, whose loss is exact everywhere:
    `binary_cross_entropy_with_logits`.
    """
    if input.shape != target.shape:
        raise ShapeError(
            f"binary_cross_entropy: Using a target size ({tuple(target.shape)}) that is different to the input"
            f" size ({tuple(input.shape)}) is deprecated. Please ensure they have the same size."
        )
    if is_plain(input) and not bool(((input.detach() >= 0) & (input.detach() <= 1)).all()):
        raise RuntimeError(
            "binary_cross_entropy: all elements of input should be between 0 and 1; of logits take"
            " binary_cross_entropy_with_logits"
        )
    losses = -(target * log_or_least(input) + (1 - target) * log_or_least(1 - input))
    return reduced(
        losses if weight is None else losses * weight, spoken(size_average, reduce, reduction)
    )


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""$\ell = -w\,(p\,t \log \sigma(x) + (1 - t) \log(1 - \sigma(x)))$ of logits x, with no overflow.

    Computed as $(1 - t)\,x + (1 + (p - 1)\,t) \log(1 + e^{-x})$; p is `pos_weight`, 1 by default.
    """
    if input.shape != target.shape:
        raise ShapeError(
            f"binary_cross_entropy_with_logits: Target size ({tuple(target.shape)}) must be the same as"
            f" input size ({tuple(input.shape)})"
        )
    x, t = input, target
    tail = log1p_exp(-x)
    losses = (1 - t) * x + (tail if pos_weight is None else (1 + (pos_weight - 1) * t) * tail)
    return reduced(
        losses if weight is None else losses * weight, spoken(size_average, reduce, reduction)
    )


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    r"""$\ell = t\,(\log t - x)$ of log-probabilities x; reduction="batchmean" divides the sum by N.

    That is the divergence; "mean" divides by the number of elements, and warns.
    """
    reduction = spoken(size_average, reduce, reduction)
    if log_target:
        losses = target.exp() * (target - input)
    else:
        some = target > 0
        losses = where(some, target * where(some, target, 1.0).log(), 0.0) - target * input
    if reduction == "batchmean":
        return losses.sum() / (input.shape[0] if input.ndim else 1)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            " 'batchmean' divides only by the batch size, and aligns with the KL div math definition.",
            stacklevel=3,
        )
    return reduced(losses, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = e^x - t x$ (of a log-rate x), or $x - t \log(x + \epsilon)$: counts t from a Poisson distribution.

    full=True adds Stirling's $t \log t - t + \frac12 \log(2 \pi t)$ where t > 1.
    """
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        many = target > 1
        t = where(many, target, 1.0)  # log of a count that is not used must not be infinite
        losses = losses + where(many, t * t.log() - t + 0.5 * (2 * math.pi * t).log(), 0.0)
    return reduced(losses, spoken(size_average, reduce, reduction))


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = \frac12 \left(\log v + \frac{(x - t)^2}{v}\right)$.

    Targets t from a normal distribution of mean x and variance v: a number, or a tensor (*), (*[:-1]) or (*, 1).
    v is at least eps (the gradient does not see that). full=True adds $\frac12 \log 2\pi$.
    """
    if not isinstance(var, TensorBase):
        var = input.detach().new_full(input.shape, var)
    if var.shape != input.shape:
        if tuple(var.shape) == tuple(input.shape[:-1]):
            var = var.unsqueeze(-1)
        elif var.ndim != input.ndim or var.shape[:-1] != input.shape[:-1] or var.shape[-1] != 1:
            raise ShapeError(
                f"gaussian_nll_loss: var is of incorrect size: {tuple(var.shape)} does not fit"
                f" the input {tuple(input.shape)}"
            )
    if is_plain(var) and bool((var.detach() < 0).any()):
        raise ValueError("gaussian_nll_loss: var has negative entry/entries")
    var = var + (var.detach().clamp(min=eps) - var.detach())
    error = input - target
    losses = 0.5 * (var.log() + error * error / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
