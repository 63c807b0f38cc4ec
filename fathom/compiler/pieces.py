"""Pieces: where an index decides which of several expressions an element is, each becomes a kernel of its own.

Arrays laid side by side (the gates of a recurrent layer, the channels of two branches) are one array whose
element is `where(i < 32, a, where(i < 64, b, c))`: written as it is read, every element pays for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fathom.compiler.affine import simplify
from fathom.compiler.choices import tests, turn
from fathom.compiler.fuse import Host, Kernel, measure
from fathom.core.loop import Index, substituted

SHORTEST = 8  # entries of a piece: a border of a few zeros is no expression of its own
MOST = 8  # pieces of a kernel
SMALLEST = 24  # nodes of an expression that is worth the cut


def in_pieces(kernels: Sequence[Kernel | Host]) -> list[Kernel | Host]:
    """The kernels, cut where that leaves each piece a simpler expression."""
    result: list[Kernel | Host] = []
    for kernel in kernels:
        cuts = cuts_of(kernel) if isinstance(kernel, Kernel) else None
        result += [kernel] if cuts is None else cut(kernel, *cuts)
    return result


def cuts_of(kernel: Kernel) -> tuple[Index, list[int]] | None:
    """An index, and where its range is to be cut."""
    if measure(kernel.body)[0] < SMALLEST:
        return None
    turns: dict[Index, set[int]] = {}
    for test in tests(kernel.body):
        for i, at in turn(test):
            if i in kernel.out and 0 < at < i.size:
                turns.setdefault(i, set()).add(at)
    for i, found in turns.items():
        ends = [0, *sorted(found), i.size]
        lengths = [b - a for a, b in zip(ends, ends[1:], strict=False)]
        if len(lengths) <= MOST and min(lengths) >= SHORTEST:
            return i, ends
    return None


def cut(kernel: Kernel, i: Index, ends: Sequence[int]) -> list[Kernel | Host]:
    """The kernel in pieces."""
    pieces: list[Kernel | Host] = []
    for low, high in zip(ends, ends[1:], strict=False):
        j = Index(high - low)
        at = tuple(simplify(substituted(e, {i: j + low})) for e in kernel.element())
        out = tuple(j if k is i else k for k in kernel.out)
        body = simplify(substituted(kernel.body, {i: j + low}))
        pieces.append(replace(kernel, out=out, at=at, body=body))
    return pieces
