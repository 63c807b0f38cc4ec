"""Copies that put an operand in the order in which a sum of products reads it.

    y[n, j] = sum_k x[n, k] w[j, k]   ->   p[k, j] = w[j, k];   y[n, j] = sum_k x[n, k] p[k, j]

With j in the vector lanes a read of w jumps through memory, one of its copy p does not. The copy costs as much as it
has elements, the sum as much as it has products: where there are many products for each element it is worth it. The
rule sees only reads and strides: it serves linear layers, attention and contractions of any other form.

A large operand is copied in panels, p[j // 64, k, j % 64]: what a block of sums reads of it is one run of memory.
The rows of a matrix are far apart, and often by a power of two, so that they share few places of a cache.
"""

from __future__ import annotations

import math
from dataclasses import replace

from fathom.compiler.affine import simplify
from fathom.compiler.fuse import Host, Kernel, Loop, reads_inside
from fathom.compiler.reads import address, depends, loads, position, stride
from fathom.compiler.regions import Phase, Plan, stored
from fathom.compiler.scatter import scattered
from fathom.compiler.schedule import choices, stripped, top_reduction, worth_copying
from fathom.compiler.split import split
from fathom.core.loop import Array, Const, Expr, Index, Load, Reduce, rewritten, substituted
from fathom.core.tracing import Symbol

PANEL = 4  # vectors side by side: the widest block of sums that has several rows
LARGE = 1 << 17  # bytes of a matrix that is copied in panels: the nearest cache is smaller
AGAIN = 512  # times that an element is read, for a copy that only brings its rows together


def packed(plan: Plan, lanes: int) -> Plan:
    """The plan with copies before the kernels that are faster with them."""
    phases: list[Phase | Host] = []
    for phase in plan.phases:
        if isinstance(phase, Host) or not all(map(is_plain, phase.items)):
            phases.append(phase)
        else:
            (kernel,) = phase.kernels
            copies, kernel = with_copies(kernel, plan.names, lanes)
            phases += [Phase([stored(k)]) for k in copies] + [Phase([kernel])]
    return Plan(phases, plan.names, plan.places)


def is_plain(item: Kernel | Loop) -> bool:
    """Whether a kernel runs by itself, with no samples in its lanes."""
    return (
        isinstance(item, Kernel)
        and item.lane is None
        and item.time is None
        and scattered(item) is None
    )


def with_copies(
    kernel: Kernel, names: dict[Symbol, str], lanes: int
) -> tuple[list[Kernel], Kernel]:
    """The copies that a kernel should read, and the kernel that reads them."""
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
        copy, place = copy_of(read, around, reduced, vector, kernel.output, lanes)
        names[copy.output] = f"packed{len(names)}"
        copies.append(copy)
        copied[read] = Array(names[copy.output], copy.output.shape, read.array.dtype)[place]
    if not copies:
        return [], kernel
    body = simplify(substituted(rewritten(body, lambda read: copied.get(read, read)), parts))
    return copies, replace(kernel, body=body)


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
    lanes: int,
) -> tuple[Kernel, list[Expr]]:
    """The kernel that copies what is read for all values of some indices, and where an element is then."""
    fresh = {i: Index(i.size) for i in (*around, *reduced, vector)}
    if in_panels(read, tuple(reduced), vector, lanes):
        wide = PANEL * lanes
        panel, column = Index(vector.size // wide), Index(wide)
        order = [*(fresh[i] for i in around), panel, *(fresh[k] for k in reduced), column]
        at = [*around, vector // Const(wide), *reduced, vector % Const(wide)]
        values = {**fresh, vector: panel * wide + column}
    else:
        order, at, values = list(fresh.values()), [*around, *reduced, vector], dict(fresh)
    shape = tuple(i.size for i in order)
    y = Symbol(output.level, shape, read.array.dtype, output.graph)
    return Kernel(y, tuple(order), simplify(substituted(read, values))), at
