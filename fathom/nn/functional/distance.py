"""How far apart vectors are, and losses made of it. Letters: N vectors, D their length."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fathom.nn.functional.activations import log1p_exp, logsigmoid
from fathom.nn.functional.losses import reduced, spoken
from fathom.ops.comparison import minimum, where
from fathom.ops.norms import vector_norm

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    r"""$y = x / \max(\|x\|_p, \epsilon)$ along `dim`."""
    return input / vector_norm(input, p, dim, keepdim=True).clamp(min=eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    r"""$y = \frac{a \cdot b}{\max(\|a\|, \epsilon)\,\max(\|b\|, \epsilon)}$ along `dim`; the others broadcast."""
    a = x1 / vector_norm(x1, 2, dim, keepdim=True).clamp(min=eps)
    b = x2 / vector_norm(x2, 2, dim, keepdim=True).clamp(min=eps)
    return (a * b).sum(dim)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    r"""$y = \|a - b + \epsilon\|_p$ along the last dim. a (N, D), b (N, D) -> (N)."""
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


# ---- losses --------------------------------------------------------------------------------------


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = 1 - \cos(a, b)$ where $t = 1$, $\max(0, \cos(a, b) - m)$ where $t = -1$. a, b (N, D), t (N)."""
    tiny = 1e-12
    dots = (input1 * input2).sum(-1)
    lengths = ((input1 * input1).sum(-1) + tiny) * ((input2 * input2).sum(-1) + tiny)
    cosine = dots / lengths.sqrt()
    losses = where(target == 1, 1 - cosine, 0.0) + where(
        target == -1, (cosine - margin).clamp(min=0), 0.0
    )
    return reduced(losses, spoken(size_average, reduce, reduction))


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = x$ where $t = 1$, $\max(0, m - x)$ where $t = -1$."""
    losses = where(target != -1, input, 0.0) + where(
        target != 1, (margin - input).clamp(min=0), 0.0
    )
    return reduced(losses, spoken(size_average, reduce, reduction))


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = \max(0, -t\,(a - b) + m)$: a should rank above b where $t = 1$, below where $t = -1$."""
    losses = (margin - target * (input1 - input2)).clamp(min=0)
    return reduced(losses, spoken(size_average, reduce, reduction))


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = \max(0, d(a, p) - d(a, n) + m)$: the positive should be nearer than the negative, by a margin."""

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    reduction = spoken(size_average, reduce, reduction)
    return triplets(anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of your own (`pairwise_distance` by default)."""
    distance = pairwise_distance if distance_function is None else distance_function
    return triplets(anchor, positive, negative, distance, margin, swap, reduction)


def triplets(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Callable,
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    if margin <= 0:
        raise ValueError(f"triplet_margin_loss: margin must be greater than 0, got {margin}")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:  # the negative may be nearer to the positive than to the anchor
        far = minimum(far, distance(positive, negative))
    return reduced((near - far + margin).clamp(min=0), reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = \log(1 + e^{-t x})$ of targets 1 and -1, with no overflow."""
    return reduced(log1p_exp(-target * input), spoken(size_average, reduce, reduction))


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = -\frac1C \sum_c t_c \log \sigma(x_c) + (1 - t_c) \log \sigma(-x_c)$. input, target (N, C) -> (N)."""
    terms = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    terms = terms if weight is None else terms * weight
    return reduced(terms.mean(-1), spoken(size_average, reduce, reduction))
