"""What a training step has to do at least: its arithmetic, and the memory that it must touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any


def operations(step: Callable[..., Any], *batch: Any) -> int:
    """The multiplications and additions that the matrix products and convolutions of one step of fathom's need.

    Both are the primitive `Contract`, and backward it takes one of the same size for each operand that has a gradient.
    A sum over k of products counts 2 k. What is done element by element is not counted, nor what is computed again.
    """
    from fathom import is_grad_enabled
    from fathom.core.base import is_plain
    from fathom.core.watch import watching

    found = 0

    def seen(primitive: Any, inputs: tuple, output: Any) -> None:
        nonlocal found
        # forward, that is; and no symbol, of which a loop makes its body
        if is_grad_enabled() and is_plain(output):
            shapes = [x.shape for x in inputs]
            found += products(primitive, shapes, [x.requires_grad for x in inputs])

    with watching(seen):
        step(*batch)
    return found


def products(primitive: Any, shapes: Sequence[Sequence[int]], varied: Sequence[bool]) -> int:
    """What one application needs, forward and backward; varied: which inputs have a gradient."""
    from fathom.ops.contraction import Contract
    from fathom.ops.scan import Scan

    if isinstance(primitive, Contract):
        return 2 * prod(primitive.sizes(*shapes).values()) * (1 + sum(varied))
    if not isinstance(primitive, Scan):
        return 0
    body = primitive.body
    has_gradient = body.spread([any(varied), *varied[1:]])  # the state has, from the second step on
    each = [
        products(inner, [body.forms[k].shape for k in places], [has_gradient[k] for k in places])
        for inner, places in body.steps
    ]
    return primitive.length * sum(each)


def bytes_moved(weights: int, batch: int) -> int:
    """Each weight is read and written, the batch read; all else could stay in a cache."""
    return 2 * weights + batch


def limit(flops: float, moved: float, peak: dict[str, float]) -> dict[str, Any]:
    """The milliseconds below which no program can take this step on this machine, and what bounds it.

    peak  "gflops" and "gbytes", both a second, as benchmarks/peak.py measures them
    """
    arithmetic, memory = flops / peak["gflops"] / 1e6, moved / peak["gbytes"] / 1e6
    return {
        "ms": max(arithmetic, memory),
        "bound": "arithmetic" if arithmetic >= memory else "memory",
    }
