"""Rates by a function of the epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from fathom.optim.lr_scheduler.scheduler import LRScheduler, Rate, checked, one_for_each
from fathom.optim.optimizer import Optimizer

Factor = Callable[[int], float]


class FunctionScheduler(LRScheduler):
    """What schedules by the user's functions share: one function for each group."""

    not_saved = (*LRScheduler.not_saved, "lr_lambdas")

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas = one_for_each("lr_lambda", checked(optimizer), lr_lambda)
        for factor in self.lr_lambdas:
            if not callable(factor):
                raise TypeError(f"lr_lambda should be a function, but got {type(factor).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """The state; of callable objects the attributes, None in the place of plain functions."""
        kept = [None if isinstance(f, FunctionType) else dict(vars(f)) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for factor, kept in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if kept is not None:
                vars(factor).update(kept)


class LambdaLR(FunctionScheduler):
    r"""$\eta_t = \eta_0 f(t)$, with a function of your own (one, or one for each group).

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> scheduler = fathom.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def get_lr(self) -> list[Rate]:
        return [
            rate * f(self.last_epoch)
            for f, rate in zip(self.lr_lambdas, self.base_lrs, strict=True)
        ]


class MultiplicativeLR(FunctionScheduler):
    r"""$\eta_t = \eta_{t-1} f(t)$, with a function of your own (one, or one for each group)."""

    def get_lr(self) -> list[Rate]:
        if self.starting:
            return self.current()
        groups = self.optimizer.param_groups
        return [
            group["lr"] * f(self.last_epoch)
            for f, group in zip(self.lr_lambdas, groups, strict=True)
        ]
