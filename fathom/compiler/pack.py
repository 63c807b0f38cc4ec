"""Copies that put an operand in the order in which a sum of products reads it.

    y[n, j] = sum_k x[n, k] w[j, k]   ->   p[k, j] = w[j, k];   y[n, j] = sum_k x[n, k] p[k, j]

With j in the vector lanes a read of w jumps through memory, one of its copy p does not. The copy costs as much as it
has elements, the sum as much as it has products: where there are many products for each element it is worth it. The
rule sees only reads and strides: it serves linear layers, attention and contractions of any other form.
"""

from __future__ import annotations

from dataclasses import replace

from fathom.compiler.affine import simplify
from fathom.compiler.fuse import Host, Kernel, Loop
from fathom.compiler.regions import Phase, Plan, stored
from fathom.compiler.scatter import scattered
from fathom.compiler.schedule import (
    Flat,
    depends,
    loads,
    position,
    top_reduction,
    worth_copying,
)
from fathom.compiler.split import split
from fathom.core.loop import Array, Expr, Index, rewritten, substituted
from fathom.core.tracing import Symbol


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
    _, vector, reads = worth_copying(out, body, store, lanes)
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
    body = simplify(substituted(rewritten(body, lambda read: copied.get(read, read)), parts))
    return copies, replace(kernel, body=body)


def reduced(body: Expr) -> tuple[Index, ...]:
    """The indices that the kernel's sum runs over."""
    reduction = top_reduction(body)
    return () if reduction is None else reduction.over
