"""What this machine can do at most: arithmetic a second, and bytes to and from memory a second.

The first is measured by a loop of vector multiply-adds that never leaves the registers (fathom/compiler/peak.py); the
second by NumPy copying and adding arrays that fit in no cache. Both on as many threads as are asked for, and
the best of several tries counts: a limit is what nothing has ever exceeded.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable

import numpy as np

from fathom.compiler.engine import built, lanes
from fathom.compiler.peak import CHAINS, program

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
    width = lanes()
    engine = built(program(width))
    signature = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)
    sums = signature(engine.get_function_address("chains"))
    # b = a b + c stays 1: neither overflow nor numbers so small that they slow a processor down
    numbers = [np.repeat(np.array([0.5, 0.5, 0], np.float32), width) for _ in range(threads)]
    seconds = best(lambda k: sums(loops, numbers[k].ctypes.data), threads, tries, clock)
    return 2 * width * CHAINS * loops * threads / seconds / 1e9


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
