"""class LRScheduler: a learning rate that changes with the epoch.

A schedule is a function of the number of epochs, stated twice where it has both forms:

    get_lr()         this epoch's rates from the last epoch's, so that schedules can be chained
    closed_form()    this epoch's rates from the first ones, so that one can jump to an epoch

"Epoch" is whatever passes between two calls of `step()`; for some schedules that is one batch.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

from fathom.core.base import TensorBase
from fathom.optim.optimizer import Optimizer

Rate = Any  # a float, or a 0-d tensor where the optimizer has one


class LRScheduler:
    """Sets each group's "lr" when made and at every `step()`; call it after `optimizer.step()`.

    last_epoch: -1 to begin; else the epoch after which to go on, for groups that have an
    "initial_lr". Raises TypeError for what is no Optimizer, KeyError where "initial_lr" is missing.

    A schedule of one's own states `get_lr`:

    >>> class Halving(fathom.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [rate / 2 ** self.last_epoch for rate in self.base_lrs]
    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    not_saved: tuple[str, ...] = ("optimizer", "starting", "steps_before")

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(optimizer)
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: parameter group {k} has no 'initial_lr', which is"
                    f" needed to go on after epoch {last_epoch}; load the optimizer's state_dict"
                    " first, or begin with last_epoch=-1"
                )
        self.base_lrs = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        self.begin()

    def begin(self) -> None:
        """Set the rates of the first epoch."""
        self._step_count = 0
        self.steps_before = self.optimizer.steps_taken
        self.starting = True
        self.step()
        self.starting = False

    # ---- what a subclass states ----

    def get_lr(self) -> list[Rate]:
        """This epoch's rate of each group, from the rates that the groups have."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr()")

    def closed_form(self) -> list[Rate]:
        """This epoch's rate of each group, from `base_lrs`."""
        return self.get_lr()

    # ---- stepping ----

    def step(self, epoch: int | None = None) -> None:
        """The next epoch's rates; or those of `epoch`, by the closed form where there is one."""
        if self._step_count == 1 and self.optimizer.steps_taken == self.steps_before:
            warnings.warn(
                f"{type(self).__name__}: `lr_scheduler.step()` was called before"
                " `optimizer.step()`, so the first rate of the schedule is skipped; call them in"
                " the opposite order",
                stacklevel=2,
            )
        self._step_count += 1
        self.set_rates(epoch)

    def set_rates(self, epoch: int | None) -> None:
        """Go to the next epoch, or to `epoch`, and give its rates to the optimizer."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        rates = self.get_lr() if epoch is None else self.closed_form()
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            assign(group, "lr", rate)
        self._last_lr = values_of(self.optimizer, "lr")

    def get_last_lr(self) -> list[Rate]:
        """The rate that each group was given last."""
        return self._last_lr

    def current(self) -> list[Rate]:
        """The rate that each group has now."""
        return values_of(self.optimizer, "lr")

    def scaled(self, factor: float) -> list[Rate]:
        """The rate that each group has now, times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    # ---- saving ----

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule is and where it stands, without the optimizer."""
        return {name: value for name, value in vars(self).items() if name not in self.not_saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where `state_dict()` was taken; names that this schedule lacks are left out."""
        known = vars(self).keys() - set(self.not_saved)
        vars(self).update(
            {name: copy.deepcopy(state_dict[name]) for name in known & state_dict.keys()}
        )


def checked(optimizer: Optimizer) -> Optimizer:
    """The optimizer, if it is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"a scheduler takes an Optimizer, got {type(optimizer).__name__}")
    return optimizer


def copied(value: Rate) -> Rate:
    return value.clone() if isinstance(value, TensorBase) else value


def values_of(optimizer: Optimizer, name: str) -> list[Rate]:
    """One option of each group; a copy where it is a tensor, which will change."""
    return [copied(group[name]) for group in optimizer.param_groups]


def assign(group: dict[str, Any], name: str, value: Rate) -> None:
    """Set an option; a tensor keeps its place, so that who holds it sees the change."""
    if isinstance(group[name], TensorBase):
        group[name].fill_(float(value))
    else:
        group[name] = value


def one_for_each(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A value for each group: the list given, or the same for all."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in range(count)]
    if len(value) != count:
        raise ValueError(
            f"{name}: expected one for each of the {count} parameter groups, got {len(value)}"
        )
    return [copied(item) for item in value]
