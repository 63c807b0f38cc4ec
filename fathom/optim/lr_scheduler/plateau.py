"""A rate that falls when a metric stops getting better."""

from __future__ import annotations

import math
from typing import Any, SupportsFloat

from fathom.optim.lr_scheduler.scheduler import (
    LRScheduler,
    assign,
    checked,
    one_for_each,
    values_of,
)
from fathom.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rates by `factor` when a metric has not improved for over `patience` epochs.

    `step(metric)` takes the epoch's metric: smaller is better ("min") or larger ("max"). It
    improved if it beats the best by the threshold: by that part of the best ("rel"), or by that
    much ("abs"). After a reduction `cooldown` epochs pass before bad ones are counted again. A rate
    does not fall below min_lr (one number, or one for each group), nor by less than eps. NaN is
    never an improvement.

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> scheduler = fathom.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     optimizer.step()
    ...     scheduler.step(loss)
    ...     print(scheduler.get_last_lr())
    [1.0]
    [1.0]
    [1.0]
    [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}"
            )
        self.optimizer = checked(optimizer)
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = one_for_each("min_lr", optimizer, min_lr)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._last_lr = values_of(optimizer, "lr")

    def step(  # type: ignore[override]
        self, metrics: SupportsFloat, epoch: int | None = None
    ) -> None:
        """Take the metric of the epoch that ended; reduce the rates if it was bad for too long."""
        current = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = values_of(self.optimizer, "lr")

    def reduce(self) -> None:
        """Multiply the rates by the factor, down to their least."""
        for group, least in zip(self.optimizer.param_groups, self.least_rates(), strict=True):
            before = float(group["lr"])
            after = max(before * self.factor, least)
            if before - after > self.eps:
                assign(group, "lr", after)

    def least_rates(self) -> list[Any]:
        """min_lr for each group, also for groups that came later."""
        groups = len(self.optimizer.param_groups)
        if groups > len(self.min_lrs) and len(set(self.min_lrs)) > 1:
            raise RuntimeError(
                f"ReduceLROnPlateau: the optimizer has {groups} parameter groups now, but min_lr"
                f" was given for {len(self.min_lrs)}; add the missing ones to scheduler.min_lrs"
            )
        return (self.min_lrs + self.min_lrs[-1:] * groups)[:groups]

    @property
    def in_cooldown(self) -> bool:
        """Whether bad epochs are not counted yet."""
        return self.cooldown_counter > 0

    def is_better(self, current: float, best: float) -> bool:
        """Whether `current` beats `best` by the threshold."""
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * current < sign * best - self.threshold
        return sign * current < sign * best * (1 - sign * self.threshold)
