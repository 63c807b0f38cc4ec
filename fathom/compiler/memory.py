"""Memory of a program: arrays that are never needed at the same time share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LINE = 64  # bytes of a cache line, and of the widest vector


@dataclass(frozen=True)
class Span:
    """An array of so many bytes that is needed from step `first` to step `last`."""

    first: int
    last: int
    size: int


def arranged(spans: Sequence[Span]) -> tuple[list[int], int]:
    """An offset for each span, and the bytes of all: the largest first, each at the lowest place that is free
    for as long as it is needed."""
    offsets = [0] * len(spans)
    done: list[int] = []
    total = 0
    for k in sorted(range(len(spans)), key=lambda k: -spans[k].size):
        a = spans[k]
        size = -(-a.size // LINE) * LINE
        taken = sorted(
            (offsets[j], offsets[j] + -(-spans[j].size // LINE) * LINE)
            for j in done
            if spans[j].first <= a.last and a.first <= spans[j].last
        )
        at = 0
        for low, high in taken:
            if at + size <= low:
                break
            at = max(at, high)
        offsets[k] = at
        total = max(total, at + size)
        done.append(k)
    return offsets, total


def aligned(size: int) -> np.ndarray:
    """That many bytes, from the start of a cache line."""
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size]
