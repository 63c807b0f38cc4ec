"""Whole numbers near each element: floor, ceil, trunc, round, and the fraction that is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core import loop
from fathom.core.primitive import Elementwise

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class Floor(Elementwise):
    """y = the largest integer <= x."""

    reads_inputs = False

    def eager(self, xp, x):
        return xp.floor(x)

    def partials(self, y, x):
        return (0,)

    def scalar(self, x):
        return loop.floor(x)


@dataclass(frozen=True)
class Round(Elementwise):
    """y = the nearest integer; halves go to the even one."""

    reads_inputs = False

    def eager(self, xp, x):
        return xp.rint(x)

    def partials(self, y, x):
        return (0,)

    def scalar(self, x):
        return loop.round(x)


def floor(input: Tensor) -> Tensor:
    """The largest integer not above each element."""
    return input if input.dtype.kind == "int" else Floor()(input)


def ceil(input: Tensor) -> Tensor:
    """The smallest integer not below each element."""
    return input if input.dtype.kind == "int" else -Floor()(-input)


def trunc(input: Tensor) -> Tensor:
    """Each element with its fraction cut off."""
    return input if input.dtype.kind == "int" else input.sign() * Floor()(input.abs())


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integer (to `decimals` decimal places); halves go to the even one."""
    if input.dtype.kind == "int":
        return input
    if decimals == 0:
        return Round()(input)
    return Round()(input * 10.0**decimals) / 10.0**decimals


def frac(input: Tensor) -> Tensor:
    """The fraction of each element, with its sign."""
    return input - trunc(input)
