"""Losses as modules: each is the function of the same name in nn/functional. They print no options, as in PyTorch.

Those of distances are in nn/distance.py.
"""

from __future__ import annotations

from typing import Any

from fathom.nn import functional as F
from fathom.nn.functional.losses import spoken
from fathom.nn.module import Module
from fathom.tensors import Tensor


class Loss(Module):
    """What the losses share: `reduction` is "mean", "sum" or "none"; the two older arguments say it too."""

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ):
        super().__init__()
        self.reduction = spoken(size_average, reduce, reduction)


class WeightedLoss(Loss):
    """A loss with weights, which are a buffer."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


# ---- regression ----------------------------------------------------------------------------------


class L1Loss(Loss):
    r"""Absolute error, $\ell = |x - t|$."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(Loss):
    r"""Squared error, $\ell = (x - t)^2$.

    >>> fathom.nn.MSELoss()(fathom.tensor([1., 2.]), fathom.tensor([1., 4.]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    r"""Squared error below beta, absolute error above."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    r"""Half the squared error up to delta, delta times the absolute error above."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.huber_loss(input, target, self.reduction, self.delta)


# ---- classes -------------------------------------------------------------------------------------


class CrossEntropyLoss(WeightedLoss):
    r"""$\ell = -w_t \log \mathrm{softmax}(x)_t$ of scores x and classes t, or of a distribution over the classes."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (N, C, *), t (N, *) -> ()."""
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(WeightedLoss):
    r"""$\ell = -w_t\,x_t$ of log-probabilities x and classes t."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (N, C, *), t (N, *) -> ()."""
        return F.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class MultiMarginLoss(WeightedLoss):
    """The right class should lead each other class by a margin."""

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (N, C), t (N) -> ()."""
        return F.multi_margin_loss(
            input, target, self.p, self.margin, self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(Loss):
    """Each right class should lead each wrong one by 1; t lists the right classes, then -1."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (N, C), t (N, C) -> ()."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """One logistic loss a class."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (N, C), t (N, C) of 0 and 1 -> ()."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class SoftMarginLoss(Loss):
    r"""$\ell = \log(1 + e^{-t x})$ of targets 1 and -1."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class CTCLoss(Loss):
    """The loss of sequences whose labels have no times (see `nn.functional.ctc_loss`)."""

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        """log-probabilities (T, N, C), targets (N, S), lengths (N) and (N) -> ()."""
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )


# ---- probabilities -------------------------------------------------------------------------------


class BCELoss(WeightedLoss):
    r"""$\ell = -w\,(t \log x + (1 - t) \log(1 - x))$ of probabilities x."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """Sigmoid and BCELoss in one, exact for large logits; pos_weight weighs the positive targets."""

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(Loss):
    r"""$\ell = t\,(\log t - x)$ of log-probabilities x; reduction="batchmean" gives the divergence."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(Loss):
    r"""$\ell = e^x - t x$: counts t from a Poisson distribution of log-rate x."""

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """x (*), t (*) -> ()."""
        return F.poisson_nll_loss(
            input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(Loss):
    r"""$\ell = \frac12 (\log v + (x - t)^2 / v)$: targets from a normal distribution of mean x, variance v."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """x (*), t (*), v (*) -> ()."""
        return F.gaussian_nll_loss(
            input, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )
