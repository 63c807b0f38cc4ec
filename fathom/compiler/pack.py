"""Copies that put an operand in the order in which a sum of products reads it.

    y[n, j] = sum_k x[n, k] w[j, k]   ->   p[k, j] = w[j, k];   y[n, j] = sum_k x[n, k] p[k, j]

With j in the vector lanes a read of w jumps through memory, one of its copy p does not. The copy costs as much as it
has elements, the sum as much as it has products: where there are many products for each element it is worth it. The
rule sees only reads and strides: it serves linear layers, attention and contractions of any other form.

A large operand is copied in panels, p[j // 64, k, j % 64]: what a block of sums reads of it is one run of memory.
The rows of a matrix are far apart, and often by a power of two, so that they share few places of a cache. For the same
reason weights that a sum over output channels reads, with samples in the lanes, are copied: w[o, c, i] -> p[c, o, i].

A result that the lanes would scatter is written as they have it, and turned around by a copy afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fathom.compiler.affine import simplify
from fathom.compiler.amx import by_tiles
from fathom.compiler.fuse import Host, Kernel, Loop, reads_inside
from fathom.compiler.memory import LINE
from fathom.compiler.reads import address, depends, loads, position, stride
from fathom.compiler.regions import Phase, Plan, stored
from fathom.compiler.scatter import scattered
from fathom.compiler.schedule import choices, stripped, top_reduction, worth_copying
from fathom.compiler.split import split
from fathom.compiler.types import dtype_of
from fathom.core.loop import Array, Const, Expr, Index, Load, Reduce, rewritten, substituted
from fathom.core.tracing import Symbol

PANEL = 4  # vectors side by side: the widest block of sums that has several rows
LARGE = 1 << 17  # bytes of a matrix that is copied in panels: the nearest cache is smaller
AGAIN = 512  # times that an element is read, for a copy that only brings its rows together
REPEATED = 128  # the same, for a copy of weights whose terms lie apart
APART = 1024  # bytes between terms of a sum, for a copy of weights that brings them together


def packed(plan: Plan, lanes: int) -> Plan:
    """The plan with copies before the kernels that are faster with them."""
    phases: list[Phase | Host] = []
    for phase in plan.phases:
        if isinstance(phase, Host):
            phases.append(phase)
        elif all(map(is_plain, phase.items)):
            (kernel,) = phase.kernels
            before, kernel = with_copies(kernel, plan.names, lanes)
            phases += [Phase([stored(k)]) for k in before] + [Phase([kernel])]
        else:
            before, items = with_tables(phase, plan.names)
            phases += [Phase([stored(k)]) for k in before] + [replace(phase, items=items)]
    return Plan(phases, plan.names, plan.places)


def is_plain(item: Kernel | Loop) -> bool:
    """Whether a kernel runs by itself, with no samples in its lanes, and is written by the schedule's rules."""
    return (
        isinstance(item, Kernel)
        and item.lane is None
        and item.time is None
        and scattered(item) is None
        and not by_tiles(item)
    )


def with_copies(
    kernel: Kernel, names: dict[Symbol, str], lanes: int
) -> tuple[list[Kernel], Kernel]:
    """The copies that a kernel should read and the sums that it should finish; and the kernel that reads them."""
    store = kernel.store or position(kernel.out, kernel.output.shape)
    out, body, store, parts = split(kernel.out, kernel.body, store, lanes)
    reduction = top_reduction(body)
    if reduction is None:
        return [], kernel
    _, vector, reads = worth_copying(out, body, store, lanes)
    if vector is None:
        found = choices(out, body, store, lanes)
        _, across, vector = min(found, key=lambda choice: choice[0], default=(0, True, None))
        reads = [] if across else far(out, reduction, vector, lanes)
    copies, copied = [], {}
    for read in reads:
        around = [i for i in out if depends(read, i) and i is not vector]
        reduced = [k for k in reduction.over if depends(read, k)]
        copy, copied[read] = copy_of(read, around, reduced, vector, kernel.output, names, lanes)
        copies.append(copy)
    if copies:
        kernel = reading(kernel, body, copied, parts)
    if vector in kernel.out and stride(store, vector) not in (0, 1) and is_large(kernel.output):
        sums, kernel = turned_after(kernel, vector, names)
        copies.append(sums)
    return copies, kernel


def reading(
    kernel: Kernel, body: Expr, copied: Mapping[Load, Load], parts: dict[Index, Expr]
) -> Kernel:
    """The kernel with copies in the place of what they are of; `parts`: what indices of its body were before."""
    body = rewritten(body, lambda read: copied.get(read, read))
    return replace(kernel, body=simplify(substituted(body, parts)))


def is_large(y: Symbol) -> bool:
    """Whether an array is larger than the nearest cache."""
    return math.prod(y.shape) * y.dtype.itemsize >= LARGE


def turned_after(kernel: Kernel, vector: Index, names: dict[Symbol, str]) -> tuple[Kernel, Kernel]:
    """The kernel of the sums, written as the lanes have them, and the one that finishes them where they belong."""
    reduction = top_reduction(kernel.body)
    assert reduction is not None
    order = [*(i for i in kernel.out if i is not vector), vector]
    sums, read = kept(reduction, order, kernel.output, f"sums{len(names)}", names)
    return sums, replace(kernel, body=rewritten(kernel.body, found={id(reduction): read}))


def kept(
    e: Expr, order: Sequence[Index], like: Symbol, name: str, names: dict[Symbol, str]
) -> tuple[Kernel, Load]:
    """The kernel that keeps the values of an expression for all values of these indices, and the read of one."""
    fresh = {i: Index(i.size) for i in order}
    array = Array(name, tuple(i.size for i in order), dtype_of(e))
    y = Symbol(like.level, array.shape, array.dtype, like.graph)
    names[y] = name
    body = simplify(substituted(e, fresh))
    return Kernel(y, tuple(fresh.values()), body), array[order]


def with_tables(phase: Phase, names: dict[Symbol, str]) -> tuple[list[Kernel], list[Kernel | Loop]]:
    """The copies that kernels with samples in the lanes should read, and all kernels of the phase."""
    made = {names[k.output] for k in phase.kernels}
    copies, items = [], []
    for item in phase.items:
        if isinstance(item, Kernel) and item.lane is not None:
            copied = {}
            for read in far_tables(item):
                if read.array.name not in made:
                    copy, copied[read] = kept(
                        read, near(read, item), item.output, f"packed{len(names)}", names
                    )
                    copies.append(copy)
            if copied:
                item = reading(item, item.body, copied, {})
        items.append(item)
    return copies, items


def far_tables(kernel: Kernel) -> list[Load]:
    """The reads of weights, equal for all samples, whose next term is far away, and that are repeated often."""
    reduction = top_reduction(kernel.body)
    if reduction is None:
        return []
    found = []
    for read in dict.fromkeys(loads(reduction.body)):
        again = math.prod(i.size for i in kernel.out if not depends(read, i))
        if not all(isinstance(i, Index) for i in read.at) or again < REPEATED:
            continue
        if depends(read, kernel.lane) or depends(read, kernel.block):
            continue
        steps = [stride(address(read), k) or 0 for k in reduction.over]
        if max(steps) * read.array.dtype.itemsize >= APART and reads_inside(read):
            found.append(read)
    return found


def near(read: Load, kernel: Kernel) -> list[Index]:
    """The indices of a read, in the order of its copy: those of the sum next to the last few of the others, which fill
    a cache line."""
    reduction = top_reduction(kernel.body)
    assert reduction is not None
    own = [i for i in read.at if isinstance(i, Index) and i not in reduction.over]
    last, count = len(own), 1
    while last and count * own[last - 1].size <= LINE // read.array.dtype.itemsize:
        last -= 1
        count *= own[last].size
    return [*own[:last], *(k for k in reduction.over if depends(read, k)), *own[last:]]


def far(out: tuple[Index, ...], reduction: Reduce, vector: Index, lanes: int) -> list[Load]:
    """The reads that are contiguous in the lanes, of matrices whose rows lie far apart, and that are repeated so
    often that bringing their rows together costs nothing beside them."""
    if stripped(reduction, vector) is not None:
        return []
    return [
        r
        for r in dict.fromkeys(loads(reduction.body))
        if stride(address(r), vector) == 1
        and in_panels(r, reduction.over, vector, lanes)
        and math.prod(i.size for i in out if not depends(r, i)) >= AGAIN
        and reads_inside(r)
    ]


def in_panels(read: Load, over: tuple[Index, ...], vector: Index, lanes: int) -> bool:
    """Whether a copy of the read should be in panels."""
    rows = math.prod(k.size for k in over if depends(read, k))
    size = rows * vector.size * read.array.dtype.itemsize
    return size >= LARGE and vector.size > PANEL * lanes and vector.size % (PANEL * lanes) == 0


def copy_of(
    read: Load,
    around: list[Index],
    reduced: list[Index],
    vector: Index,
    output: Symbol,
    names: dict[Symbol, str],
    lanes: int,
) -> tuple[Kernel, Load]:
    """The kernel that copies what is read for all values of some indices, and the read of the copy."""
    name = f"packed{len(names)}"
    if not in_panels(read, tuple(reduced), vector, lanes):
        return kept(read, [*around, *reduced, vector], output, name, names)
    wide = PANEL * lanes
    panel, column = Index(vector.size // wide), Index(wide)
    whole = substituted(read, {vector: panel * wide + column})
    copy, there = kept(whole, [*around, panel, *reduced, column], output, name, names)
    at = {panel: vector // Const(wide), column: vector % Const(wide)}
    return copy, substituted(there, at)
