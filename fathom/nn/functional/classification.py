"""Losses of scores for classes. Letters: N examples, C classes, * dims such as height and width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.core.base import is_plain
from fathom.core.composite import composite
from fathom.core.errors import DtypeError, ShapeError
from fathom.nn.functional.losses import reduced, spoken
from fathom.ops.comparison import where
from fathom.ops.softmax import log_softmax

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""$\ell = -w_t \log \frac{e^{x_t}}{\sum_c e^{x_c}}$: how unexpected the right class t is, given the scores x.

    input (N, C, *) or (C); target: classes (N, *) or (), or probabilities of the input's shape.
    The mean over classes is weighted, $\sum \ell / \sum w_t$; targets equal to ignore_index count nothing.
    label_smoothing s mixes the target with the uniform distribution: $(1 - s)\,t + s / C$.

    >>> scores = fathom.tensor([[2., 0.], [0., 0.]])
    >>> fathom.nn.functional.cross_entropy(scores, fathom.tensor([0, 1]), reduction="none")
    tensor([0.1269, 0.6931])
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if not input.ndim:
        raise ShapeError("cross_entropy: the input needs a dim of classes, got a 0-d tensor")
    reduction = spoken(size_average, reduce, reduction)
    axis = class_axis(input)
    if target.dtype.kind == "float":
        return soft_cross_entropy(input, target, weight, axis, reduction, label_smoothing)
    fit("cross_entropy", input, target, axis)
    in_classes(target, input.shape[axis], weight, ignore_index)
    return hard_cross_entropy(input, target, weight, ignore_index, axis, reduction, label_smoothing)


@composite
def hard_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    axis: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """Cross-entropy with one right class for each example."""
    logs = log_softmax(input, axis)
    hard = Picked(logs, target, weight, ignore_index, axis)
    if label_smoothing == 0:
        return hard.total(-hard.picked, reduction)
    every = logs if weight is None else logs * along(weight, axis, logs.ndim)
    smooth = hard.total(-every.sum(axis), reduction, weighted=False)
    share = label_smoothing / input.shape[axis]
    return (1 - label_smoothing) * hard.total(-hard.picked, reduction) + share * smooth


@composite
def soft_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    axis: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """Cross-entropy with a distribution over the classes as the target."""
    logs = log_softmax(input, axis)
    if target.shape != logs.shape:
        raise ShapeError(
            f"cross_entropy: a target of probabilities must have the input's shape {tuple(logs.shape)},"
            f" got {tuple(target.shape)}; classes must be integers (.long())"
        )
    classes = logs.shape[axis]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    terms = target * logs if weight is None else target * logs * along(weight, axis, logs.ndim)
    losses = -terms.sum(axis)
    return (
        losses.sum() / (logs.numel() / classes)
        if reduction == "mean"
        else reduced(losses, reduction)
    )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = -w_t\,x_t$ of log-probabilities x. input (N, C, *) or (C), target (N, *) or ()."""
    axis = class_axis(input)
    fit("nll_loss", input, target, axis)
    in_classes(target, input.shape[axis], weight, ignore_index)
    picked = Picked(input, target, weight, ignore_index, axis)
    return picked.total(-picked.picked, spoken(size_average, reduce, reduction))


class Picked:
    """The numbers at the target classes, with what each target counts."""

    def __init__(
        self, x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, axis: int
    ):
        self.ignored = target == ignore_index
        classes = target.long().masked_fill(self.ignored, 0)
        self.picked = x.gather(axis, classes.unsqueeze(axis)).squeeze(axis)
        self.weights = None if weight is None else weight[classes].masked_fill(self.ignored, 0)

    def total(self, losses: Tensor, reduction: str, weighted: bool = True) -> Tensor:
        """The losses, 0 where ignored, times the weights (if `weighted`); summed, or their weighted mean."""
        losses = losses.masked_fill(self.ignored, 0)
        if weighted and self.weights is not None:
            losses = losses * self.weights
        if reduction != "mean":
            return reduced(losses, reduction)
        counted = self.ignored.logical_not() if self.weights is None else self.weights
        return losses.sum() / counted.sum()


def class_axis(x: Tensor) -> int:
    return 0 if x.ndim == 1 else 1


def along(weight: Tensor, axis: int, ndim: int) -> Tensor:
    """One weight for each class, to be multiplied along the dim of classes."""
    return weight.reshape((1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


def fit(name: str, input: Tensor, target: Tensor, axis: int) -> None:
    if target.dtype.kind != "int":
        raise DtypeError(
            f"{name}: expected target classes to be integers, got {target.dtype}; convert with .long()"
        )
    if not input.ndim:
        raise ShapeError(f"{name}: the input needs a dim of classes, got a 0-d tensor")
    expected = tuple(input.shape[:axis]) + tuple(input.shape[axis + 1 :])
    if tuple(target.shape) != expected:
        raise ShapeError(
            f"{name}: input {tuple(input.shape)} has its classes along dim {axis}, so the target must be"
            f" {expected}, got {tuple(target.shape)}"
        )


def in_classes(
    classes: Tensor, count: int, weight: Tensor | None, ignored: int | None = None
) -> None:
    """Raise IndexError where a target is no class, ShapeError unless each class has one weight."""
    if weight is not None and tuple(weight.shape) != (count,):
        raise ShapeError(
            f"weight must have one number for each of {count} classes, got {tuple(weight.shape)}"
        )
    if is_plain(classes) and classes.numel():
        wrong = classes.array[(classes.array < 0) | (classes.array >= count)]
        wrong = wrong[wrong != ignored]
        if wrong.size:
            raise IndexError(
                f"Target {int(wrong[0])} is out of bounds: there are {count} classes, 0 to {count - 1}"
            )


# ---- margins -------------------------------------------------------------------------------------


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = \frac1C \sum_{c \ne t} w_t \max(0, m - x_t + x_c)^p$. input (N, C) or (C), target (N) or ()."""
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: only p == 1 and p == 2 supported, got {p}")
    axis = input.ndim - 1
    fit("multi_margin_loss", input, target, axis)
    in_classes(target, input.shape[axis], weight)
    right = target.unsqueeze(axis)
    excess = (margin - input.gather(axis, right) + input).clamp(min=0)
    terms = excess if p == 1 else excess * excess
    if weight is not None:
        terms = terms * weight[target].unsqueeze(axis)
    others = terms.scatter(axis, right, 0.0)
    return reduced(others.sum(axis) / input.shape[axis], spoken(size_average, reduce, reduction))


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""$\ell = \frac1C \sum_{t} \sum_{c \notin T} \max(0, 1 - x_t + x_c)$, over the right classes T.

    input (N, C) or (C); target the same shape: the right classes first, then -1.
    """
    if input.shape != target.shape:
        raise ShapeError(
            f"multilabel_margin_loss: target {tuple(target.shape)} must have the input's shape {tuple(input.shape)}"
        )
    count = input.shape[-1]
    listed = (target >= 0).long().cumprod(-1)  # 1 up to the first -1
    classes = (target * listed).long()
    right = classes.new_zeros(classes.shape).scatter_add(-1, classes, listed) > 0  # (*, C)
    scores = input.gather(-1, classes).unsqueeze(-1)  # (*, C, 1)
    excess = (1 - scores + input.unsqueeze(-2)).clamp(min=0)  # (*, C, C)
    counted = (listed > 0).unsqueeze(-1) & right.logical_not().unsqueeze(-2)
    losses = where(counted, excess, 0.0).sum((-2, -1)) / count
    return reduced(losses, spoken(size_average, reduce, reduction))
