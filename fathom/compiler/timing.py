"""How long each kernel of a program takes, beside what this computer can do at most."""

from __future__ import annotations

import math
import time

import numpy as np

from fathom.compiler.fuse import Kernel
from fathom.compiler.peak import peak
from fathom.compiler.program import Program
from fathom.compiler.reads import loads
from fathom.compiler.threads import one_thread
from fathom.compiler.types import dtype_of
from fathom.core.loop import Call, Expr, Load, Reduce
from fathom.core.tracing import Graph, Symbol

RUNS, SECONDS = 200, 0.5  # as many runs as fit into this time, and not more


def time_table(graph: Graph, width: int, halves: bool) -> str:
    """A line for each kernel of a graph's program: milliseconds in a run on one thread, arithmetic and memory traffic
    a second, and both as a part of what this computer can do. It runs on numbers of its own."""
    limits = peak()
    timed = Program(graph, timed=True, width=width, halves=halves)
    cycles, seconds, runs = measured(timed)
    lines = ["kernel        ms   GFLOP/s   of peak      GB/s   of peak   what"]
    total = 0.0
    for name, kernel in timed.source.functions.items():
        spent = cycles[name] / limits.cycles / runs
        total += spent
        flops, size = operations(kernel), traffic(timed, kernel)
        array = timed.source.array(kernel.output)
        lines.append(
            f"{name:<8} {1e3 * spent:>7.4f} {rate(flops, spent, limits.flops)}"
            f" {rate(size, spent, limits.bytes)}   {array.name} {kernel.output.shape}"
        )
    return "\n".join(
        [
            *lines,
            f"{'all':<8} {1e3 * total:>7.4f}   of {1e3 * seconds / runs:.3f} ms for a run from Python",
            f"on one thread, whose peak is {limits.flops / 1e9:.0f} GFLOP/s of float32 in registers and"
            f" {limits.bytes / 1e9:.1f} GB/s to and from memory (above that: from a cache)",
        ]
    )


def measured(program: Program) -> tuple[dict[str, int], float, int]:
    """The cycles of each kernel, the seconds, and the number of runs."""
    inputs = [numbers(x) for x in program.graph.inputs]
    with one_thread():
        program.run(inputs)
        before = program.cycles()
        begun, runs = time.perf_counter(), 0
        while runs < RUNS and time.perf_counter() - begun < SECONDS:
            program.run(inputs)
            runs += 1
        seconds = time.perf_counter() - begun
        after = program.cycles()
    return {name: after[name] - before[name] for name in after}, seconds, runs


def numbers(x: Symbol) -> np.ndarray:
    """An array for an input: noise, or zeros where whole numbers may be places in another array."""
    if x.dtype.kind in "fc":
        return np.random.default_rng(0).standard_normal(x.shape).astype(x.dtype)
    return np.zeros(x.shape, x.dtype)


def operations(kernel: Kernel) -> int:
    """How many functions of real numbers a kernel computes; a multiply-add is two."""
    return math.prod(i.size for i in kernel.out) * arithmetic(kernel.body)


def arithmetic(e: Expr) -> int:
    """The functions of real numbers in an expression."""
    match e:
        case Reduce():
            return math.prod(k.size for k in e.over) * (arithmetic(e.body) + is_real(e))
        case Call():
            own = is_real(e) and e.name not in ("cast", "where")
            return own + sum(map(arithmetic, e.args))
    return 0


def is_real(e: Expr) -> bool:
    dtype = dtype_of(e)
    return dtype is not None and dtype.kind == "f"


def traffic(program: Program, kernel: Kernel) -> int:
    """The bytes that a kernel has to read and write, each once."""
    read: dict[str, Load] = {load.array.name: load for load in loads(kernel.body)}
    arrays = [*(load.array for load in read.values()), program.source.array(kernel.output)]
    return sum(math.prod(a.shape) * a.dtype.itemsize for a in arrays)


def rate(amount: float, seconds: float, limit: float) -> str:
    """10^9 a second, and what part of the limit that is."""
    reached = amount / seconds if seconds else 0.0
    return f"{reached / 1e9:>9.1f} {reached / limit:>9.0%}"
