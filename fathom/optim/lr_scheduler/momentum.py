"""The momentum that goes down while the rate goes up, for the schedules that turn both."""

from __future__ import annotations

from typing import Any

from fathom.optim.lr_scheduler.scheduler import one_for_each
from fathom.optim.optimizer import Optimizer


def prepare(optimizer: Optimizer, base: Any, most: Any, begin: bool) -> None:
    """Give each group its "base_momentum" and "max_momentum", and begin with the highest.

    Raises ValueError for an optimizer that has neither "momentum" nor "betas".
    """
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            f"{type(optimizer).__name__} has neither momentum nor betas to cycle;"
            " use cycle_momentum=False"
        )
    lows = one_for_each("base_momentum", optimizer, base)
    highs = one_for_each("max_momentum", optimizer, most)
    if begin:
        for group, low, high in zip(optimizer.param_groups, lows, highs, strict=True):
            assign_momentum(group, high)
            group["base_momentum"], group["max_momentum"] = low, high


def assign_momentum(group: dict[str, Any], value: float) -> None:
    """Set the group's momentum; Adam's is the first of its betas."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value
