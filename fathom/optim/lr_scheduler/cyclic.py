"""Rates that go up and down between two bounds, again and again."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType
from typing import Any

from fathom.optim.lr_scheduler import momentum
from fathom.optim.lr_scheduler.scheduler import LRScheduler, Rate, assign, checked, one_for_each
from fathom.optim.optimizer import Optimizer

MODES = ("triangular", "triangular2", "exp_range")


class CyclicLR(LRScheduler):
    r"""$\eta_t = \eta_{base} + (\eta_{max} - \eta_{base})\, h(t)\, s$: triangles between two rates.

    The triangle h goes from 0 to 1 and back: it rises for step_size_up batches and falls for
    step_size_down (the same if None). The scale s of cycle c: 1 ("triangular"), $2^{1-c}$
    ("triangular2"), $\gamma^t$ ("exp_range"), or scale_fn of c or t, as scale_mode ("cycle" or
    "iterations") says. With cycle_momentum the momentum does the opposite, from max_momentum to
    base_momentum and back. (Smith 2017, "Cyclical Learning Rates for Training Neural Networks".)

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0, momentum=0.9)
    >>> scheduler = fathom.optim.lr_scheduler.CyclicLR(optimizer, 1.0, max_lr=3.0, step_size_up=2)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print(scheduler.get_last_lr())
    [2.0]
    [3.0]
    [2.0]
    """

    not_saved = (*LRScheduler.not_saved, "custom_scale")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if scale_fn is None and mode not in MODES:
            raise ValueError(f"CyclicLR: mode must be one of {', '.join(MODES)}, got {mode!r}")
        base_lrs = one_for_each("base_lr", checked(optimizer), base_lr)
        self.max_lrs = one_for_each("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                assign(group, "lr", rate)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self.custom_scale = mode, gamma, scale_fn
        self.scale_mode = (
            scale_mode if scale_fn else "iterations" if mode == "exp_range" else "cycle"
        )
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            momentum.prepare(optimizer, base_momentum, max_momentum, last_epoch == -1)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs  # not the "initial_lr" of schedulers before

    def scale_fn(self, x: float) -> float:
        """The height of the triangle, at cycle or iteration x."""
        if self.custom_scale:
            return self.custom_scale(x)
        return {"triangular": 1.0, "triangular2": 2.0 ** (1 - x), "exp_range": self.gamma**x}[
            self.mode
        ]

    def height(self) -> float:
        """Where between the bounds the rate is: 0 at the base, 1 at the top."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        rising = x <= self.step_ratio
        triangle = x / self.step_ratio if rising else (x - 1) / (self.step_ratio - 1)
        return triangle * self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)

    def get_lr(self) -> list[Rate]:
        height = self.height()
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                high, low = group["max_momentum"], group["base_momentum"]
                momentum.assign_momentum(group, high - (high - low) * height)
        return [
            base + (most - base) * height
            for base, most in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """The state; of a scale function the attributes, None where it is a plain function."""
        custom = self.custom_scale
        kept = None if custom is None or isinstance(custom, FunctionType) else dict(vars(custom))
        return {**super().state_dict(), "custom_scale": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        if self.custom_scale and state_dict.get("custom_scale") is not None:
            vars(self.custom_scale).update(state_dict["custom_scale"])
