"""Cases of `scan`: loops over time, beside the same loops written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fathom.testing.case import COMPLEX, Case, case, normal, truth


def looped(lib: Any, f: Callable, init: Any, xs: Any, reverse: bool = False) -> tuple:
    """fathom's scan; in a library that has none, a loop. xs is an array or a tuple of arrays."""
    if hasattr(lib, "scan"):
        return lib.scan(f, init, xs, reverse=reverse)
    arrays = xs if isinstance(xs, tuple) else (xs,)
    state, ys = init, []
    for t in sorted(range(len(arrays[0])), reverse=reverse):
        rows = tuple(x[t] for x in arrays)
        state, y = f(state, rows if isinstance(xs, tuple) else rows[0])
        ys.append(y)
    ys = ys[::-1] if reverse else ys
    return state, lib.stack(ys) if ys else arrays[0][:0]  # of no steps, like the first of the xs


def sigmoid(lib: Any, x: Any) -> Any:
    return 1 / (1 + lib.exp(-x))


def rnn(lib: Any, h: Any, x: Any, w: Any, reverse: bool = False) -> tuple:
    """h' = tanh(x + h w)."""

    def step(h, x):
        h = lib.tanh(x + h @ w)
        return h, h

    return looped(lib, step, h, x, reverse)


def gru(lib: Any, h: Any, x: Any, w: Any) -> tuple:
    """Two gates, and an output that is not the state."""

    def step(h, x):
        gates = sigmoid(lib, x + h @ w)
        r, z = gates[:, :3], gates[:, 3:]
        return z * h + (1 - z) * lib.tanh(r * h), r * h

    return looped(lib, step, h, x)


def growth(lib: Any, h: Any, x: Any, reverse: bool = False) -> tuple:
    """h' = h x: a body of one product."""
    return looped(lib, lambda h, x: (h * x, h), h, x, reverse)


def lstm(lib: Any, h: Any, c: Any, x: Any) -> tuple:
    """Two tensors in the state, of one shape or of two that broadcast."""

    def step(state, x):
        h, c = state
        c = c * sigmoid(lib, x + h.sum())
        return (h + lib.tanh(c).sum(), c), c

    return looped(lib, step, (h, c), x)


def held(lib: Any, h: Any, x: Any, going: Any) -> tuple:
    """A state that moves only where a mask lets it."""

    def step(h, inputs):
        x, going = inputs
        return lib.where(going, h + x, h), h

    return looped(lib, step, h, (x, going))


def still(lib: Any, h: Any, x: Any) -> tuple:
    """A state that nothing moves, and an output that does not read it."""
    return looped(lib, lambda h, x: (h, x * x), h, x)


def scan_case(f: Callable, *draws: Any, note: str = "", **options: Any) -> Case:
    """A case of scan: f(library, *draws)."""
    return case(
        "scan", *draws, note=f"{f.__name__} {note}".strip(), call=f,
        numpy=lambda *args: f(np, *args), **options,
    )  # fmt: skip


def reversed_of(f: Callable) -> Callable:
    """f, from the last step to the first."""

    def backwards(lib: Any, *args: Any) -> tuple:
        return f(lib, *args, reverse=True)

    backwards.__name__ = f"{f.__name__} reverse"
    return backwards


CASES = [
    scan_case(rnn, normal(2, 3), normal(4, 2, 3), normal(3, 3)),
    scan_case(reversed_of(rnn), normal(2, 3), normal(4, 2, 3), normal(3, 3)),
    scan_case(gru, normal(2, 3), normal(4, 2, 6), normal(3, 6)),
    scan_case(growth, normal(3), normal(4, 3)),
    scan_case(growth, normal(), normal(3)),
    scan_case(growth, normal(3), normal(4, 3), dtypes=COMPLEX),
    scan_case(reversed_of(growth), normal(3), normal(1, 3), note="of one step"),
    scan_case(growth, normal(3), normal(0, 3), note="of no steps"),
    scan_case(lstm, normal(3), normal(3), normal(4, 3)),
    scan_case(lstm, normal(2), normal(3), normal(4, 3), note="of two shapes"),
    scan_case(held, normal(2, 3), normal(4, 2, 3), truth(4, 2, 1)),
    scan_case(still, normal(2), normal(4, 3)),
]
