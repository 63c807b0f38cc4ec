"""One rise and one long fall of the rate over the whole training."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fathom.optim.lr_scheduler import momentum
from fathom.optim.lr_scheduler.cosine import half_cosine
from fathom.optim.lr_scheduler.scheduler import LRScheduler, Rate, checked, one_for_each
from fathom.optim.optimizer import Optimizer


@dataclass(frozen=True)
class Phase:
    """From one option of the group to another, for rate and momentum, up to the step `end`."""

    end: float
    rate: tuple[str, str]
    momentum: tuple[str, str]


class OneCycleLR(LRScheduler):
    r"""From max_lr / div_factor up to max_lr, then down to the start divided by final_div_factor.

    Step it after each batch, total_steps times (or epochs times steps_per_epoch). The rise takes
    the part pct_start of the steps; three_phase falls back to the start as fast as it rose, then to
    the end. The way is half a cosine ("cos") or straight ("linear"). With cycle_momentum the
    momentum does the opposite, from max_momentum to base_momentum and back. (Smith and Topin 2018,
    "Super-Convergence".)

    Raises ValueError for a missing or impossible number of steps, and for a step beyond the last.

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0, momentum=0.9)
    >>> scheduler = fathom.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print(scheduler.get_last_lr(), round(optimizer.param_groups[0]["momentum"], 3))
    [0.52] 0.9
    [1.0] 0.85
    """

    not_saved = (*LRScheduler.not_saved, "phases")

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.total_steps = steps_in_all(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be between 0 and 1, got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}"
            )
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        self.phases = phases(self.total_steps, pct_start, three_phase)
        max_lrs = one_for_each("max_lr", checked(optimizer), max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, max_lrs, strict=True):
                start = rate / div_factor
                group.update(initial_lr=start, max_lr=rate, min_lr=start / final_div_factor)
        if cycle_momentum:
            momentum.prepare(optimizer, base_momentum, max_momentum, last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def between(self, start: float, end: float, part: float) -> float:
        """The value at this part of the way from start to end."""
        left = half_cosine(part) if self.anneal_strategy == "cos" else 1 - part
        return end + (start - end) * left

    def get_lr(self) -> list[Rate]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"OneCycleLR: step {step}, but total_steps is {self.total_steps}")
        start = 0.0
        for phase in self.phases:  # the phase in which the step falls
            if step <= phase.end or phase is self.phases[-1]:
                break
            start = phase.end
        part = (step - start) / (phase.end - start) if phase.end != start else 1.0
        rates = []
        for group in self.optimizer.param_groups:
            first, last = phase.rate
            rates.append(self.between(group[first], group[last], part))
            if self.cycle_momentum:
                first, last = phase.momentum
                momentum.assign_momentum(group, self.between(group[first], group[last], part))
        return rates


def phases(total: int, rise: float, three: bool) -> list[Phase]:
    """The phases of a cycle of `total` steps, of which the part `rise` goes up."""
    up = Phase(rise * total - 1, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three:
        return [up, Phase(total - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    back = Phase(2 * rise * total - 2, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum"))
    return [up, back, Phase(total - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))]


def steps_in_all(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """The number of steps, given as such or as a product."""
    given = {"total_steps": total_steps}
    if total_steps is None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, value in given.items():
        if value is None:
            raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"OneCycleLR: {name} must be an int of at least 1, got {value}")
    return math.prod(given.values())  # type: ignore[type-var, return-value]
