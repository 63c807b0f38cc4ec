"""What every explanation must hold: its formulas parse, its arithmetic is right, its gradients are the tape's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fathom.explain import Explanation
from fathom.explain.mathml import parse
from fathom.explain.parts import Figures
from tests.explain.arithmetic import claims


def formulas(e: Explanation) -> Iterator[str]:
    """Every formula that an explanation shows."""
    for o in e.operations:
        yield from (f for f in (o.formula, *o.worked, *o.letters) if f)
        for p in o.pulls:
            yield from (f for f in (p.formula, p.partial, *p.worked) if f)
    yield from (v.added for v in e.values if v.added)


def check(e: Explanation) -> int:
    """All of it; the number of lines of arithmetic that were computed again."""
    for formula in formulas(e):
        parse(formula)
    lines = 0
    for o in e.operations:
        lines += sum(is_right(line, o.output.figures) for line in o.worked)
        for p in o.pulls:
            lines += sum(is_right(line, p.product) for line in p.worked)
            if p.check is not None and not p.check.kink:
                assert p.check.error < 1e-4, (o.primitive, p.check)
    for v in e.values:
        if v.added:
            lines += is_right(f"g = {v.added}", v.gradient)
    return lines


def is_right(line: str, figures: Figures | None) -> bool:
    """Whether a line's arithmetic gives its result, and its result is the tensor's element."""
    assert figures is not None and figures.values is not None
    for at, computed, result, slack in claims(line):
        exact = float(figures.values[at]) if at else float(figures.values.reshape(-1)[0])
        assert abs(computed - result) <= slack, (line, computed)
        assert abs(result - exact) <= 5.1e-4 * abs(exact) + 1e-30, (line, exact)
    return True


def gradient(e: Explanation, name: str) -> np.ndarray:
    """The gradient shown at a small value."""
    figures = e.value(name).gradient
    assert figures is not None and figures.values is not None
    return figures.values
