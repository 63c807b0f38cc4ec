"""Whether a model learns what it should: its losses, and its gradients after the first step, beside those of a run in
float64.

Where rounding grows (batch norm, rectifiers at zero, Adam where a gradient is almost zero), no library comes
as near as the bounds ask. There a library agrees if it comes about as near as PyTorch does, or if what it computes in
float64 is the same: then the difference is rounding, and not another function.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LOSSES, GRADIENTS = 1e-5, 1e-4  # relative
ROUNDED = 1e-3, 0.1  # a loss and a gradient that are further away are no rounding
EXACT = 1e-8, 1e-7  # in float64
ALIKE = 5  # as many times another library's distance is about as near: rounding is a matter of luck
SMALL = (
    0.01  # a gradient that is smaller than this part of all of them is measured against that part
)


@dataclass(frozen=True)
class Distance:
    """How far a run is from the one in float64: the largest relative difference of a loss, and its step (from 1); of
    a parameter's gradient, and its name."""

    loss: float
    step: int
    gradient: float
    parameter: str

    def disagreement(self, other: Distance) -> str | None:
        """What is too far from float64, `other` being how far another library is; None if nothing is."""
        found = []
        if not self.loss <= max(LOSSES, ALIKE * other.loss):  # so written, NaN is too far
            found.append(f"loss {self.loss:.0e} from float64 at step {self.step}")
        if not self.gradient <= max(GRADIENTS, ALIKE * other.gradient):
            found.append(f"gradient of {self.parameter} {self.gradient:.0e} from float64")
        return " and ".join(found) or None

    def within(self, bounds: tuple[float, float]) -> bool:
        """Whether loss and gradient are no further away than these."""
        return self.loss <= bounds[0] and self.gradient <= bounds[1]


def distance(
    losses: list[float], true_losses: list[float], gradients: Path, true_gradients: Path
) -> Distance:
    """Compare losses, step by step, and files of gradients, parameter by parameter.

    The difference of a gradient is relative to its norm. Some gradients are zero but for rounding (of a bias before
    batch norm, say); such are held to a part of the norm of all gradients together.
    """
    differences = [apart(a, b) for a, b in zip(losses, true_losses, strict=True)]
    step = max(range(len(differences)), key=lambda k: rank(differences[k]))
    found = dict(np.load(gradients, allow_pickle=False))
    expected = dict(np.load(true_gradients, allow_pickle=False))
    if found.keys() != expected.keys():
        names = ", ".join(sorted(found.keys() ^ expected.keys()))
        raise ValueError(f"distance: only one of the two has gradients of {names}")
    whole = math.sqrt(sum(squares(g) for g in expected.values()))
    errors = {
        name: math.sqrt(squares(found[name] - g)) / max(math.sqrt(squares(g)), SMALL * whole)
        for name, g in expected.items()
    }
    worst = max(errors, key=lambda name: rank(errors[name]))
    return Distance(differences[step], step + 1, errors[worst], worst)


def apart(a: float, b: float) -> float:
    """The relative difference of two losses."""
    return 0.0 if a == b else abs(a - b) / abs(b)


def squares(x: np.ndarray) -> float:
    return float(np.square(x, dtype=np.float64).sum())


def rank(difference: float) -> float:
    """For choosing the worst: NaN is worse than anything."""
    return math.inf if math.isnan(difference) else difference
