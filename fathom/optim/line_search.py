r"""How far to go along a direction: a line search for the strong Wolfe conditions.

f(t) is the loss at a distance t along the direction d, slope(t) = f'(t) = g(t) . d its derivative.
A distance is good if the loss fell in proportion, and the slope became flat in proportion:

    f(t) <= f(0) + c1 t slope(0)        |slope(t)| <= c2 |slope(0)|
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fathom.tensors import Tensor

SUFFICIENT_DECREASE, FLATNESS = 1e-4, 0.9  # c1 and c2, as usual for quasi-Newton directions


@dataclass(frozen=True)
class Place:
    """A distance t along the direction, and what was found there."""

    t: float
    f: float
    g: Tensor
    slope: float


def strong_wolfe(
    at: Callable[[float], Place],
    origin: Place,
    t: float,
    size: float,
    smallest: float,
    evaluations: int,
) -> tuple[Place, int]:
    """A place that satisfies the conditions, or the best one found; and how often f was evaluated.

    at(t) evaluates; t is the first distance to try; `size` is the largest element of d; a bracket
    shorter than `smallest` (times size) is not divided; `evaluations` bounds the refinements.
    (Nocedal and Wright 2006, "Numerical Optimization", Algorithms 3.5 and 3.6, with cubic
    interpolation.)
    """
    bracket, count, found = bracketed(at, origin, t, evaluations)
    if found:
        return bracket[0], count + 1
    low, high = sorted(bracket, key=lambda place: place.f)
    stuck = False
    while count < evaluations and abs(high.t - low.t) * size >= smallest:
        first, last = sorted((low, high), key=lambda place: place.t)
        t = cubic_minimum(first, last, first.t, last.t)
        t, stuck = away_from_ends(t, first.t, last.t, stuck)
        place = at(t)
        count += 1
        if not decreases(place, origin) or place.f >= low.f:
            low, high = sorted((low, place), key=lambda p: p.f)
            continue
        if flat(place, origin):
            return place, count + 1
        if (
            place.slope * (high.t - low.t) >= 0
        ):  # the minimum lies between the new place and the old low
            high = low
        low = place
    return low, count + 1


def bracketed(
    at: Callable[[float], Place], origin: Place, t: float, evaluations: int
) -> tuple[tuple[Place, ...], int, bool]:
    """Go out until a good place is met (True), or two places with one between them (False)."""
    before, place = origin, at(t)
    for count in range(evaluations):
        if not decreases(place, origin) or (count > 1 and place.f >= before.f):
            return (before, place), count, False
        if flat(place, origin):
            return (place,), count, True
        if place.slope >= 0:
            return (before, place), count, False
        nearest, farthest = place.t + 0.01 * (place.t - before.t), 10 * place.t
        t = cubic_minimum(before, place, nearest, farthest)
        before, place = place, at(t)
    return (origin, place), max(evaluations, 0), False


def decreases(place: Place, origin: Place) -> bool:
    """Whether the loss fell in proportion to the distance."""
    return not place.f > origin.f + SUFFICIENT_DECREASE * place.t * origin.slope


def flat(place: Place, origin: Place) -> bool:
    """Whether the slope became flat."""
    return abs(place.slope) <= -FLATNESS * origin.slope


def cubic_minimum(a: Place, b: Place, least: float, most: float) -> float:
    """Where the cubic through both places, with their slopes, is lowest; kept in [least, most]."""
    a, b = (a, b) if a.t <= b.t else (b, a)
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:  # the cubic has no minimum (or is not finite)
        return (least + most) / 2
    d2 = square**0.5
    above, below = b.slope + d2 - d1, b.slope - a.slope + 2 * d2
    if below == 0:  # a straight line is lowest at an end
        return most if above < 0 else least
    return min(max(b.t - (b.t - a.t) * above / below, least), most)


def away_from_ends(t: float, first: float, last: float, stuck: bool) -> tuple[float, bool]:
    """t moved a tenth into the bracket, where it was close to an end twice or lies on it."""
    margin = 0.1 * (last - first)
    if min(last - t, t - first) >= margin:
        return t, False
    if not stuck and first < t < last:
        return t, True
    return (last - margin if abs(t - last) < abs(t - first) else first + margin), False
