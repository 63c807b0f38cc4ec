"""Rates that fall by a constant factor: at every epoch, every so many, or at given ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from fathom.optim.lr_scheduler.scheduler import LRScheduler, Rate
from fathom.optim.optimizer import Optimizer


class ExponentialLR(LRScheduler):
    r"""$\eta_t = \gamma^t \eta_0$."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        return self.current() if self.starting else self.scaled(self.gamma)

    def closed_form(self) -> list[Rate]:
        return [rate * self.gamma**self.last_epoch for rate in self.base_lrs]


class StepLR(LRScheduler):
    r"""$\eta_t = \gamma^{\lfloor t / s \rfloor} \eta_0$: times gamma every step_size s epochs.

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> scheduler = fathom.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print(scheduler.get_last_lr())
    [1.0]
    [0.5]
    [0.5]
    [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self.current()
        return self.scaled(self.gamma)

    def closed_form(self) -> list[Rate]:
        return [rate * self.gamma ** (self.last_epoch // self.step_size) for rate in self.base_lrs]


class MultiStepLR(LRScheduler):
    r"""$\eta_t = \gamma^{n(t)} \eta_0$, with $n(t)$ the number of milestones up to epoch t.

    A milestone named twice counts twice.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        passed = self.milestones.count(self.last_epoch)
        return self.scaled(self.gamma**passed) if passed else self.current()

    def closed_form(self) -> list[Rate]:
        passed = bisect_right(self.milestones, self.last_epoch)
        return [rate * self.gamma**passed for rate in self.base_lrs]
