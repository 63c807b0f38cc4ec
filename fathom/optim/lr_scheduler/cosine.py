"""Rates that follow half a cosine down, once or again and again."""

from __future__ import annotations

import math

from fathom.optim.lr_scheduler.scheduler import LRScheduler, Rate
from fathom.optim.optimizer import Optimizer


def half_cosine(part: float) -> float:
    """1 at the start of the way (part 0), 0 at its end (part 1), level at both."""
    return (1 + math.cos(math.pi * part)) / 2


class CosineAnnealingLR(LRScheduler):
    r"""$\eta_t = \eta_{min} + (\eta_0 - \eta_{min}) (1 + \cos(\pi t / T))/2$.

    It falls for T_max epochs T, and then rises again. (Loshchilov and Hutter 2017, "SGDR:
    Stochastic Gradient Descent with Warm Restarts", without the restarts.)

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> scheduler = fathom.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print([round(rate, 3) for rate in scheduler.get_last_lr()])
    [0.5]
    [0.0]
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        if self.starting:
            return self.current()
        if self._step_count == 1 and self.last_epoch > 0:  # its state was set, not stepped to
            return self.closed_form()
        before, now = (
            half_cosine((self.last_epoch - 1) / self.T_max),
            half_cosine(self.last_epoch / self.T_max),
        )
        if (self.last_epoch - 1 - self.T_max) % (
            2 * self.T_max
        ) == 0:  # up from the bottom, where before = 0
            return [
                group["lr"] + (rate - self.eta_min) * now
                for group, rate in zip(self.optimizer.param_groups, self.base_lrs, strict=True)
            ]
        return [
            self.eta_min + (group["lr"] - self.eta_min) * (now / before)
            for group in self.optimizer.param_groups
        ]

    def closed_form(self) -> list[Rate]:
        left = half_cosine(self.last_epoch / self.T_max)
        return [self.eta_min + (rate - self.eta_min) * left for rate in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Half a cosine from $\eta_0$ to eta_min, then again from the top, each T_mult times as long.

    The first takes T_0 epochs. `step(epoch)` takes fractions of epochs too: epoch + batch /
    batches. (Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts".)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(T_0, int) or T_0 < 1:
            raise ValueError(
                f"CosineAnnealingWarmRestarts: T_0 must be an int of at least 1, got {T_0}"
            )
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(
                f"CosineAnnealingWarmRestarts: T_mult must be an int of at least 1, got {T_mult}"
            )
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        self.T_cur: float = last_epoch
        self.T_i = T_0
        super().__init__(optimizer, last_epoch)

    def set_rates(self, epoch: float | None) -> None:
        if epoch is None:
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
            super().set_rates(None)
            return
        if epoch < 0:
            raise ValueError(f"CosineAnnealingWarmRestarts: epoch must be at least 0, got {epoch}")
        self.T_cur, self.T_i = epoch, self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        super().set_rates(math.floor(epoch))

    def get_lr(self) -> list[Rate]:
        left = half_cosine(self.T_cur / self.T_i)
        return [self.eta_min + (rate - self.eta_min) * left for rate in self.base_lrs]
