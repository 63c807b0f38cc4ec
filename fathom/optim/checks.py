"""The ranges of options, checked where an optimizer is made and where a group is added."""

from __future__ import annotations

from typing import Any

from fathom.core.base import TensorBase


def at_least_zero(owner: object, group: dict[str, Any], *names: str) -> None:
    """Raise ValueError where an option is negative or NaN, or a tensor of several numbers."""
    who = type(owner).__name__
    for name in names:
        value = group[name]
        if isinstance(value, TensorBase) and value.numel() != 1:
            raise ValueError(f"{who}: {name} must be one number, got a tensor of {value.numel()}")
        if not value >= 0:
            raise ValueError(f"{who}: {name} must be at least 0, got {value}")


def decay_rates(owner: object, group: dict[str, Any], name: str = "betas") -> None:
    """Raise ValueError where one of a pair of decay rates is not in [0, 1)."""
    for position, beta in enumerate(group[name]):
        if not 0 <= beta < 1:
            raise ValueError(
                f"{type(owner).__name__}: {name}[{position}] must be at least 0 and below 1,"
                f" got {beta}"
            )
