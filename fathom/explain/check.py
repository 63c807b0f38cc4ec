"""A gradient held against a finite difference: does the output change as the rule says it does?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fathom.core.primitive import Primitive
from fathom.explain.parts import Check

LARGEST = (
    1 << 16
)  # elements of an input: a difference costs three times the operation, in double precision
STEP, COARSE = 1e-5, 1e-2


def checked(primitive: Primitive, arrays: Sequence[Any], k: int, g: Any, gx: Any) -> Check | None:
    """The gradient gx of input k against a central difference along one random direction.

    None where the input is large, or the operation cannot be computed in double precision.
    """
    if any(
        not isinstance(x, np.ndarray) or x.dtype.kind not in "fiub" or x.size > LARGEST
        for x in (*arrays, g)
    ):
        return None
    if arrays[k].dtype.kind != "f" or not arrays[k].size:
        return None
    exact = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays]
    rng = np.random.default_rng(k)
    direction = rng.standard_normal(exact[k].shape)

    def output(step: float) -> np.ndarray:
        xs = [x + step * direction if position == k else x for position, x in enumerate(exact)]
        with np.errstate(all="ignore"):
            return np.asarray(primitive.eager(np, *xs))

    def along(step: float) -> float:
        with np.errstate(all="ignore"):
            return float(np.sum(output(step) * np.asarray(g, np.float64)))

    try:
        rounded = output(0.0).dtype.itemsize < 8  # a cast, whose steps are coarse
    except NotImplementedError:  # a user's own function, recorded as it was
        return None
    step = (COARSE if rounded else STEP) * max(1.0, float(np.abs(exact[k]).max()))
    # where gradients cancel, what is left of them is rounding: a hundredth of what arrived is the measure
    size = max(float(np.linalg.norm(gx)), 1e-2 * float(np.linalg.norm(g))) or 1.0
    return compared(along, float(np.sum(gx * direction)), step, size)


def compared(
    along: Callable[[float], float], claimed: float, step: float, size: float
) -> Check | None:
    """A slope that is claimed at 0 against the differences of `along`; None where these are not finite.

    size  what an error is measured by: the norm of the gradient
    """
    if not np.isfinite(step):
        return None
    here, ahead, behind = along(0.0), along(step), along(-step)
    slopes = (ahead - here) / step, (here - behind) / step
    error = abs(claimed - (ahead - behind) / (2 * step)) / size
    if not np.isfinite(error):
        return None
    return Check(error, kink=error > 1e-3 and abs(slopes[0] - slopes[1]) > 1e-2 * size)
