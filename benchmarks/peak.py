"""What this machine can do at most: arithmetic a second, and bytes to and from memory a second.

The first is measured by a loop of vector multiply-adds that never leaves the registers, written in LLVM assembly; the
second by NumPy copying and adding arrays that fit in no cache. Both on as many threads as are asked for, and
the best of several tries counts: a limit is what nothing has ever exceeded.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable

import numpy as np

CHAINS = 12  # sums side by side: a multiply-add takes four cycles, and two begin in each
LOOPS = 2_000_000
TRIES = 7
NUMBERS = 1 << 25  # float32 of each array of each thread: 128 MiB


CLOCKS = {"wall": time.perf_counter, "cpu": time.thread_time}


def peak(threads: int, clock: str = "wall") -> dict[str, float]:
    """Both rates, in 10^9 operations (an addition or a multiplication) and in 10^9 bytes a second; by the time that
    passes, or by that in which the threads run ("cpu")."""
    return {"gflops": arithmetic(threads, clock), "gbytes": bandwidth(threads, clock)}


def arithmetic(threads: int, clock: str, loops: int = LOOPS, tries: int = TRIES) -> float:
    """10^9 float32 operations a second; a multiply-add is two."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    lanes = 16 if features.get("avx512f") else 8 if features.get("avx2") else 4
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=2
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(assembly(lanes)), machine)
    engine.finalize_object()
    signature = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)
    sums = signature(engine.get_function_address("sums"))
    # b = a b + c stays 1: neither overflow nor numbers so small that they slow a processor down
    numbers = [np.repeat(np.array([0.5, 0.5, 0], np.float32), lanes) for _ in range(threads)]
    seconds = best(lambda k: sums(loops, numbers[k].ctypes.data), threads, tries, clock)
    return 2 * lanes * CHAINS * loops * threads / seconds / 1e9


def assembly(lanes: int) -> str:
    """void sums(int64 loops, float *numbers): CHAINS sums s <- s a + b, and their total after a and b, so that none
    can be left out. numbers: a, b and the total, each `lanes` long."""
    vector = f"<{lanes} x float>"
    each = range(CHAINS)
    lines = [
        f"declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})",
        'define void @sums(i64 %loops, ptr %numbers) "prefer-vector-width"="512" {',
        "entry:",
        f"  %at_b = getelementptr {vector}, ptr %numbers, i64 1",
        f"  %at_total = getelementptr {vector}, ptr %numbers, i64 2",
        f"  %a = load {vector}, ptr %numbers, align 4",
        f"  %b = load {vector}, ptr %at_b, align 4",
        "  br label %loop",
        "loop:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]",
        *[f"  %s{k} = phi {vector} [ %b, %entry ], [ %t{k}, %loop ]" for k in each],
        *[
            f"  %t{k} = call {vector} @llvm.fma.v{lanes}f32({vector} %s{k}, {vector} %a, {vector} %b)"
            for k in each
        ],
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
    return "\n".join(lines)


def bandwidth(threads: int, clock: str, numbers: int = NUMBERS, tries: int = TRIES) -> float:
    """10^9 bytes a second, read and written together: the better of c = a and c = a + b."""
    a, b, c = ([np.ones(numbers, np.float32) for _ in range(threads)] for _ in range(3))
    copied = best(lambda k: np.copyto(c[k], a[k]), threads, tries, clock)
    added = best(lambda k: np.add(a[k], b[k], out=c[k]), threads, tries, clock)
    size = 4 * numbers * threads
    return max(2 * size / copied, 3 * size / added) / 1e9


def best(work: Callable[[int], object], threads: int, tries: int, clock: str) -> float:
    """The seconds in which as many threads, begun together, each run work(their number); the least of all tries."""
    now = CLOCKS[clock]
    ready = threading.Barrier(threads)
    times: list[list[tuple[float, float]]] = [[] for _ in range(tries)]

    def repeat(k: int) -> None:
        for of_this_try in times:
            ready.wait()
            begin = now()
            work(k)
            of_this_try.append((begin, now()))

    helpers = [threading.Thread(target=repeat, args=(k,)) for k in range(threads)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    if (
        clock == "wall"
    ):  # from the first begin: threads that ran one after the other were not together
        return min(max(end for _, end in t) - min(begin for begin, _ in t) for t in times)
    return min(max(end - begin for begin, end in t) for t in times)
