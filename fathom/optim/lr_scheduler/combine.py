"""Several schedules at once, or one after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from fathom.optim.lr_scheduler.plateau import ReduceLROnPlateau
from fathom.optim.lr_scheduler.scheduler import LRScheduler, assign, values_of
from fathom.optim.optimizer import Optimizer


class Combined(LRScheduler):
    """What the schedules made of schedules share: the parts, their check, their saving."""

    not_saved = (*LRScheduler.not_saved, "_schedulers")

    def __init__(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        if not schedulers:
            raise ValueError(f"{name}: expects at least one scheduler, got none")
        self.optimizer = optimizer or schedulers[0].optimizer
        for k, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(
                    f"{name}: scheduler {k} is a {type(scheduler).__name__}, not a scheduler"
                )
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name}: scheduler {k} is a ReduceLROnPlateau, whose step() needs a metric;"
                    " step it yourself"
                )
            if scheduler.optimizer is not self.optimizer:
                raise ValueError(
                    f"{name}: scheduler {k} belongs to another optimizer; all must share one"
                )
        self._schedulers = list(schedulers)

    def state_dict(self) -> dict[str, Any]:
        """The state, with the parts' own."""
        parts = [scheduler.state_dict() for scheduler in self._schedulers]
        return {**super().state_dict(), "_schedulers": parts}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for scheduler, kept in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(kept)

    def undo_first_step(self) -> None:
        """Take back the step that every schedule makes when it is made."""
        for scheduler in self._schedulers:
            if isinstance(scheduler, Combined):
                scheduler.undo_first_step()
            else:
                scheduler.last_epoch -= 1


class ChainedScheduler(Combined):
    """All schedules step together, each from the rate that the one before it left.

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> halve = fathom.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> drop = fathom.optim.lr_scheduler.StepLR(optimizer, step_size=2)
    >>> scheduler = fathom.optim.lr_scheduler.ChainedScheduler([halve, drop])
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.025]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        super().__init__(optimizer, schedulers)
        self._last_lr = values_of(self.optimizer, "lr")

    def begin(self) -> None:
        for scheduler in self._schedulers:
            scheduler.begin()
        self._last_lr = values_of(self.optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Step all of them."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = values_of(self.optimizer, "lr")

    def set_rates(self, epoch: int | None) -> None:
        for scheduler in self._schedulers:
            scheduler.set_rates(epoch)
        self._last_lr = values_of(self.optimizer, "lr")


class SequentialLR(Combined):
    """One schedule after the other: schedule k + 1 begins at epoch milestones[k].

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> warm = fathom.optim.lr_scheduler.ConstantLR(optimizer, factor=0.1, total_iters=10)
    >>> fall = fathom.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> scheduler = fathom.optim.lr_scheduler.SequentialLR(optimizer, [warm, fall], milestones=[2])
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print(scheduler.get_last_lr())
    [0.1]
    [1.0]
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        super().__init__(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedulers need {len(schedulers) - 1} milestones"
                f" between them, got {len(milestones)}"
            )
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:  # every part has set the rates; the first begins anew
            assign(group, "lr", group["initial_lr"])
        self.undo_first_step()
        self._schedulers[0].begin()
        self._last_lr = self._schedulers[0].get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Step the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler.set_rates(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()
