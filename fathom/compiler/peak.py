"""What one thread of this computer can do at most: arithmetic and memory traffic a second, measured when asked for.

The first by a loop of multiply-adds that never leaves the registers, the second by copying an array that fits in no
cache. The best of several tries counts: a limit is what was never exceeded.
"""

from __future__ import annotations

import ctypes
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fathom.compiler.engine import built, lanes

CHAINS = 12  # sums side by side: a multiply-add takes four cycles, and two begin in each
LOOPS = 500_000
TRIES = 15
COPIED = 1 << 26  # bytes


@dataclass(frozen=True)
class Peak:
    """Rates a second of one thread, and how fast the counter of cycles counts."""

    flops: float  # float32 additions and multiplications
    bytes: float  # read and written
    cycles: float


@functools.cache
def peak() -> Peak:
    """This computer's rates; they are measured once, in about half a second.

    >>> from fathom.compiler.peak import peak
    >>> peak().flops > 1e8
    True
    """
    engine = built(program(lanes()))
    chains = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(
        engine.get_function_address("chains")
    )
    clock = ctypes.CFUNCTYPE(ctypes.c_int64)(engine.get_function_address("clock"))
    numbers = np.repeat(np.array([0.5, 0.5, 0], np.float32), lanes())  # 0.5 s + 0.5 stays 1
    begun, started = time.perf_counter(), clock()
    arithmetic = best(lambda: chains(LOOPS, numbers.ctypes.data))
    source, copy = np.ones(COPIED, np.uint8), np.ones(COPIED, np.uint8)
    copying = best(lambda: np.copyto(copy, source))
    cycles = (clock() - started) / (time.perf_counter() - begun)
    return Peak(2 * CHAINS * LOOPS * lanes() / arithmetic, 2 * COPIED / copying, cycles)


def best(work: Callable[[], object]) -> float:
    """The least seconds of several tries."""
    seconds = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def program(lanes: int) -> str:
    """LLVM assembly of `chains(loops, numbers)`, sums s <- s a + b side by side, and of `clock()`.

    numbers: a, b, and room for the total, each `lanes` long; it is written so that no sum can be left out.
    """
    vector, each = f"<{lanes} x float>", range(CHAINS)
    starts = ["<" + ", ".join([f"float {k + 1}.0"] * lanes) + ">" for k in each]
    fma = f"{vector} @llvm.fma.v{lanes}f32"
    lines = [
        f"declare {fma}({vector}, {vector}, {vector})",
        "declare i64 @llvm.readcyclecounter()",
        "define i64 @clock() {",
        "  %now = call i64 @llvm.readcyclecounter()",
        "  ret i64 %now",
        "}",
        f'define void @chains(i64 %loops, ptr %numbers) "prefer-vector-width"="{32 * lanes}" {{',
        "entry:",
        f"  %at_b = getelementptr {vector}, ptr %numbers, i64 1",
        f"  %at_total = getelementptr {vector}, ptr %numbers, i64 2",
        f"  %a = load {vector}, ptr %numbers, align 4",
        f"  %b = load {vector}, ptr %at_b, align 4",
        # each sum begins elsewhere: equal ones would be computed once
        *[f"  %c{k} = fmul {vector} %b, {starts[k]}" for k in each],
        "  br label %loop",
        "loop:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]",
        *[f"  %s{k} = phi {vector} [ %c{k}, %entry ], [ %t{k}, %loop ]" for k in each],
        *[f"  %t{k} = call {fma}({vector} %s{k}, {vector} %a, {vector} %b)" for k in each],
        "  %next = add i64 %i, 1",
        "  %more = icmp slt i64 %next, %loops",
        "  br i1 %more, label %loop, label %end",
        "end:",
        f"  %u0 = fadd {vector} %t0, %b",
        *[f"  %u{k} = fadd {vector} %u{k - 1}, %t{k}" for k in each if k],
        f"  store {vector} %u{CHAINS - 1}, ptr %at_total, align 4",
        "  ret void",
        "}",
    ]
    return "\n".join(lines) + "\n"
