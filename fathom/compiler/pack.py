"""Copies that put an operand in the order in which a sum of products reads it.

    y[n, j] = sum_k x[n, k] w[j, k]   ->   p[k, j] = w[j, k];   y[n, j] = sum_k x[n, k] p[k, j]

With j in the vector lanes a read of w jumps through memory, one of its copy p does not. The copy costs as much as it
has elements, the sum as much as it has products: where there are many products for each element it is worth it. The
rule sees only reads and strides: it serves linear layers, attention and contractions of any other form.
"""

from __future__ import annotations

import math
from dataclasses import replace

from fathom.compiler.affine import Affine, simplify
from fathom.compiler.fuse import Host, Kernel, Loop, reads_inside
from fathom.compiler.regions import Phase, Plan, stored
from fathom.compiler.scatter import scattered
from fathom.compiler.schedule import (
    Flat,
    address,
    choices,
    depends,
    loads,
    position,
    stride,
    top_reduction,
)
from fathom.compiler.split import split, substituted
from fathom.core.loop import Array, Call, Expr, Index, Load, Reduce
from fathom.core.tracing import Symbol

COPY = 5.0  # what copying an element across takes, in products of whole vectors


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
    """Whether a kernel runs by itself on arrays in row-major order."""
    return (
        isinstance(item, Kernel)
        and item.lane is None
        and item.time is None
        and scattered(item) is None
        and not any(isinstance(r, Flat) for r in loads(item.body))
    )


def with_copies(
    kernel: Kernel, names: dict[Symbol, str], lanes: int
) -> tuple[list[Kernel], Kernel]:
    """The copies that a kernel should read, and the kernel that reads them."""
    store = kernel.store or position(kernel.out, kernel.output.shape)
    out, body, store, parts = split(kernel.out, kernel.body, store, lanes)
    vector, reads = worth_copying(out, body, store, lanes)
    if vector is None:
        return [], kernel
    copies, copied = [], {}
    for read in reads:
        at = [*(i for i in (*out, *reduced(body)) if depends(read, i) and i is not vector), vector]
        fresh = {i: Index(i.size) for i in at}
        y = Symbol(
            kernel.output.level,
            tuple(i.size for i in at),
            read.array.dtype,
            kernel.output.graph,
        )
        names[y] = f"packed{len(names)}"
        copies.append(Kernel(y, tuple(fresh.values()), simplify(substituted(read, fresh))))
        copied[read] = Array(names[y], y.shape, y.dtype)[at]
    body = simplify(substituted(moved(body, copied), parts))
    return copies, replace(kernel, body=body)


def worth_copying(
    out: tuple[Index, ...], body: Expr, store: Affine, lanes: int
) -> tuple[Index | None, list[Load]]:
    """The index that should fill the lanes and the reads to copy for it; None and nothing if no copy pays."""
    reduction = top_reduction(body)
    if reduction is None:
        return None, []
    steps = math.prod(i.size for i in (*out, *reduction.over)) / lanes
    least = min((price for price, _, _ in choices(out, body, store, lanes)), default=0.0) * steps
    best: tuple[Index | None, list[Load]] = None, []
    for i in out:
        reads = [r for r in dict.fromkeys(loads(reduction.body)) if is_across(r, i)]
        if not reads or i.size < lanes // 2 or not all(map(reads_inside, reads)):
            continue
        elements = sum(
            math.prod(k.size for k in (*out, *reduction.over) if depends(r, k)) for r in reads
        )
        rest = [price for price, across, k in choices(out, body, store, lanes, reads) if k is i]
        price = rest[0] * steps + COPY * elements
        if price < least:
            least, best = price, (i, reads)
    return best


def is_across(read: Load, i: Index) -> bool:
    """Whether neighbours along i are apart in memory."""
    return stride(address(read), i) not in (0, 1)


def reduced(body: Expr) -> tuple[Index, ...]:
    reduction = top_reduction(body)
    return () if reduction is None else reduction.over


def moved(e: Expr, copied: dict[Load, Load]) -> Expr:
    """The expression with reads of copies in place of the reads that were copied."""
    match e:
        case Load():
            return copied.get(e, e)
        case Reduce():
            return Reduce(e.name, e.over, moved(e.body, copied))
        case Call():
            return Call(e.name, tuple(moved(a, copied) for a in e.args), e.dtype)
    return e
