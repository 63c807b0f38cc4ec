"""What a training step has to do at least: its arithmetic, and the memory that it must touch."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any


def operations(step: Callable[..., Any], *batch: Any) -> int:
    """The multiplications and additions in the matrix products and convolutions of one step of fathom's.

    Both are the primitive `Contract`, in the backward pass too. A sum over k of products counts 2 k; what is done
    element by element is not counted.
    """
    from fathom.core.watch import watching
    from fathom.ops.contraction import Contract

    found = 0

    def seen(primitive: Any, inputs: tuple, output: Any) -> None:
        nonlocal found
        if isinstance(primitive, Contract):
            found += 2 * prod(primitive.sizes(*[x.shape for x in inputs]).values())

    with watching(seen):
        step(*batch)
    return found


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
