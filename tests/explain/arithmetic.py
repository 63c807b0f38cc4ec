"""Reads a printed line of arithmetic back, and computes it: does it say what it claims?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.special

from fathom.explain.mathml import Atom, Bar, Fence, Fraction, Root, Row, Script, Space, parse

ROUNDED = 5.1e-4  # the most by which a number of four digits is off, relatively
FUNCTIONS = {
    "log": math.log, "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "tan": math.tan, "erf": math.erf,
    "sgn": lambda x: float(np.sign(x)), "round": lambda x: float(np.rint(x)), "erfc": math.erfc,
    "ψ": lambda x: float(scipy.special.digamma(x)),
}  # fmt: skip

SEVERAL = {"max": max, "min": min, "atan2": math.atan2}


def claims(line: str) -> Iterator[tuple[tuple[int, ...], float, float, float]]:
    """(index, the arithmetic's value, the result as printed, how far rounding can put them apart)."""
    sides = split(parse(line).parts, "=")
    left, result = sides[0], value(sides[-1], Nudge(None))
    numbers = Nudge(None)
    computed = value(sides[1], numbers)
    slack = ROUNDED * abs(result) + 1e-12
    for k in range(numbers.seen):
        slack += abs(value(sides[1], Nudge(k)) - computed)
    yield index_of(left), computed, result, 1.5 * slack


class Nudge:
    """Counts the numbers of an expression, and moves one of them by as much as rounding can."""

    def __init__(self, which: int | None):
        self.which, self.seen = which, 0

    def __call__(self, x: float) -> float:
        moved = x * (1 + ROUNDED) if self.seen == self.which else x
        self.seen += 1
        return moved


def index_of(left: tuple) -> tuple[int, ...]:
    """(0, 1) of y_{0, 1}."""
    (name,) = [part for part in left if not isinstance(part, Space)]
    if isinstance(name, (Atom, Bar)):
        return ()
    parts = name.below.parts if isinstance(name.below, Row) else (name.below,)
    return tuple(int(part.text) for part in parts if isinstance(part, Atom) and part.kind == "mn")


def split(parts: tuple, sign: str) -> list[tuple]:
    """The parts between the signs."""
    pieces: list[list] = [[]]
    for part in parts:
        if part == Atom("mo", sign):
            pieces.append([])
        else:
            pieces[-1].append(part)
    return [tuple(piece) for piece in pieces]


def value(part: Any, nudge: Nudge) -> float:
    """The number that a part of a formula is."""
    match part:
        case Atom("mn", text):
            return nudge(float(text))
        case Row(parts):
            return value(parts, nudge)
        case tuple():
            return total([p for p in part if not isinstance(p, Space)], nudge)
        case Fraction(over, under):
            return value(over, nudge) / value(under, nudge)
        case Root(inside):
            return math.sqrt(value(inside, nudge))
        case Fence("|", inside, _):
            return abs(value(inside, nudge))
        case Fence("⌊", inside, _):
            return math.floor(value(inside, nudge))
        case Fence(_, inside, _):
            return value(inside, nudge)
        case Script(Atom("mi", "e"), None, above):
            return math.exp(value(above, nudge))
        case Script(base, None, above):
            return value(base, nudge) ** value(above, nudge)
    raise AssertionError(f"no arithmetic: {part!r}")


def total(parts: list, nudge: Nudge) -> float:
    """Sums of products of factors, read from left to right."""
    at = 0

    def factor() -> float:
        nonlocal at
        part = parts[at]
        at += 1
        if part == Atom("mo", "−"):
            return -product()
        if part == Atom("mo", "⌊"):
            end = parts.index(Atom("mo", "⌋"), at)
            inside, at = parts[at:end], end + 1
            return math.floor(total(inside, nudge))
        if isinstance(part, Atom) and part.text in SEVERAL:
            inside = parts[at].inside
            at += 1
            items = split(inside.parts if isinstance(inside, Row) else (inside,), ",")
            return SEVERAL[part.text](*[value(item, nudge) for item in items])
        if part == Atom("mi", "log") and parts[at] == Atom("mi", "Γ"):
            at += 2
            return math.lgamma(value(parts[at - 1], nudge))
        if isinstance(part, Script) and part.base == Atom("mi", "erf"):
            at += 1
            return float(scipy.special.erfinv(value(parts[at - 1], nudge)))
        if isinstance(part, Atom) and part.text in FUNCTIONS:
            at += 1
            return FUNCTIONS[part.text](value(parts[at - 1], nudge))
        return value(part, nudge)

    def product() -> float:
        nonlocal at
        result = factor()
        while at < len(parts) and parts[at] not in (Atom("mo", "+"), Atom("mo", "−")):
            if parts[at] == Atom("mo", "mod"):
                at += 1
                result = result % factor()
                continue
            if parts[at] == Atom("mo", "/"):
                at += 1
                result /= factor()
                continue
            if parts[at] in (Atom("mo", "×"), Atom("mo", "·")):
                at += 1
            result *= factor()
        return result

    result = product()
    while at < len(parts):
        sign = parts[at]
        at += 1
        result += product() if sign == Atom("mo", "+") else -product()
    return result
