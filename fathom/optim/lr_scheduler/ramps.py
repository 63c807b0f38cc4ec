"""Rates that go from one value to another in a given number of epochs, and stay there."""

from __future__ import annotations

from fathom.optim.lr_scheduler.scheduler import LRScheduler, Rate
from fathom.optim.optimizer import Optimizer


class ConstantLR(LRScheduler):
    r"""$\eta_t = c\,\eta_0$ for the first total_iters epochs, then $\eta_0$; c is `factor`.

    Raises ValueError where the factor is not in (0, 1].
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < factor <= 1:  # a rate of 0 could not be scaled back
            raise ValueError(f"ConstantLR: factor must be above 0 and at most 1, got {factor}")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        if self.last_epoch == 0:
            return self.scaled(self.factor)
        return (
            self.scaled(1 / self.factor) if self.last_epoch == self.total_iters else self.current()
        )

    def closed_form(self) -> list[Rate]:
        factor = 1 if self.last_epoch >= self.total_iters else self.factor
        return [rate * factor for rate in self.base_lrs]


class LinearLR(LRScheduler):
    r"""$\eta_t = (a + (b - a)\,t/T)\,\eta_0$ up to epoch T, then $b\,\eta_0$.

    a is start_factor, in (0, 1]; b end_factor, in [0, 1]; T total_iters.

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> scheduler = fathom.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> scheduler.get_last_lr()
    [0.5]
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.75]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0,
        total_iters: int = 5, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if not 0 < start_factor <= 1:
            raise ValueError(
                f"LinearLR: start_factor must be above 0 and at most 1, got {start_factor}"
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be between 0 and 1, got {end_factor}")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """What epoch's rate is of the first."""
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * min(epoch, self.total_iters) / self.total_iters

    def get_lr(self) -> list[Rate]:
        if self.last_epoch == 0:
            return self.scaled(self.start_factor)
        if self.starting or self.last_epoch > self.total_iters:
            return self.current()
        return self.scaled(self.factor(self.last_epoch) / self.factor(self.last_epoch - 1))

    def closed_form(self) -> list[Rate]:
        return [rate * self.factor(self.last_epoch) for rate in self.base_lrs]


class PolynomialLR(LRScheduler):
    r"""$\eta_t = (1 - t/T)^p\,\eta_0$ up to epoch T, then 0; T is total_iters, p power."""

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def left(self, epoch: int) -> float:
        """The part of the way that is left at epoch."""
        return 1 - min(epoch, self.total_iters) / self.total_iters

    def get_lr(self) -> list[Rate]:
        if self.starting or self.last_epoch > self.total_iters:
            return self.current()
        return self.scaled(
            (self.left(self.last_epoch) / self.left(self.last_epoch - 1)) ** self.power
        )

    def closed_form(self) -> list[Rate]:
        return [rate * self.left(self.last_epoch) ** self.power for rate in self.base_lrs]
