"""Several threads run one program in step.

Each kernel is cut into tiles, and threads claim tiles from a counter, so that a thread that the system has put
aside holds nobody up unless it holds a tile. The counters of a call are its own memory: a thread that comes late
finds all tiles claimed and leaves.

    phase p:   next[p]  tiles claimed so far        done[p]  tiles finished
    claim a tile; run it; when none is left, wait until all are done; go on to phase p + 1
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable

_count = [
    max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
]


def get_num_threads() -> int:
    """How many threads a compiled program runs on."""
    return _count[0]


def set_num_threads(n: int) -> None:
    """Let compiled programs run on n threads."""
    if n < 1:
        raise RuntimeError(f"set_num_threads: expected a positive number, got {n}")
    _count[0] = int(n)


class Workers:
    """Threads that wait for something to run. They are made when first needed, again after a fork, and die
    with the process."""

    def __init__(self) -> None:
        self.process = 0
        self.waiting: queue.SimpleQueue = queue.SimpleQueue()
        self.alive = 0

    def help(self, work: Callable[[], None], count: int) -> None:
        """Let `count` other threads run `work`, whenever they come to it."""
        if self.process != os.getpid():  # threads do not survive a fork
            self.process, self.alive, self.waiting = os.getpid(), 0, queue.SimpleQueue()
        while self.alive < count:
            threading.Thread(target=serve, args=(self.waiting,), name="fathom", daemon=True).start()
            self.alive += 1
        for _ in range(count):
            self.waiting.put(work)


def serve(waiting: queue.SimpleQueue) -> None:
    while True:
        waiting.get()()


workers = Workers()


def main_text(name: str, kernels: list[tuple[str, list[int], int]], tiles: int) -> str:
    """The function that every thread runs: the kernels one after the other, by tiles.

    kernels: for each its name, the numbers of its arrays in the table, and the size of its outermost loop.
    state: for each kernel two counters, 64 bytes apart. tiles: how many pieces a kernel is cut into.
    """
    lines = [
        f"define void @{name}(ptr %table, ptr %state, ptr %yield) {{",
        "entry:",
        "  br label %phase0",
    ]
    for p, (kernel, arrays, size) in enumerate(kernels):
        pieces = min(tiles, size)
        chunk = -(-size // pieces)
        pieces = -(-size // chunk)
        lines += [f"phase{p}:"]
        for k, array in enumerate(arrays):
            lines += [
                f"  %s{p}_{k} = getelementptr ptr, ptr %table, i64 {array}",
                f"  %a{p}_{k} = load ptr, ptr %s{p}_{k}",
            ]
        pointers = "".join(f"ptr %a{p}_{k}, " for k in range(len(arrays)))
        lines += [
            f"  %next{p} = getelementptr i8, ptr %state, i64 {128 * p}",
            f"  %done{p} = getelementptr i8, ptr %state, i64 {128 * p + 64}",
            f"  br label %claim{p}",
            f"claim{p}:",
            f"  %t{p} = atomicrmw add ptr %next{p}, i64 1 monotonic",
            f"  %some{p} = icmp slt i64 %t{p}, {pieces}",
            f"  br i1 %some{p}, label %run{p}, label %wait{p}",
            f"run{p}:",
            f"  %low{p} = mul i64 %t{p}, {chunk}",
            f"  %end{p} = add i64 %low{p}, {chunk}",
            f"  %high{p} = call i64 @llvm.smin.i64(i64 %end{p}, i64 {size})",
            f"  call void @{kernel}({pointers}i64 %low{p}, i64 %high{p})",
            f"  %d{p} = atomicrmw add ptr %done{p}, i64 1 release",
            f"  br label %claim{p}",
            f"wait{p}:",
            f"  %spins{p} = phi i64 [ 0, %claim{p} ], [ %more{p}, %again{p} ]",
            f"  %finished{p} = load atomic i64, ptr %done{p} acquire, align 8",
            f"  %all{p} = icmp sge i64 %finished{p}, {pieces}",
            f"  br i1 %all{p}, label %phase{p + 1}, label %spin{p}",
            f"spin{p}:",
            f"  %more{p} = add i64 %spins{p}, 1",
            f"  %rest{p} = and i64 %more{p}, 1023",
            f"  %long{p} = icmp eq i64 %rest{p}, 0",
            f"  br i1 %long{p}, label %give{p}, label %again{p}",
            f"give{p}:",
            "  call i32 %yield()",
            f"  br label %again{p}",
            f"again{p}:",
            f"  br label %wait{p}",
        ]
    lines += [f"phase{len(kernels)}:", "  ret void", "}", ""]
    return "\n".join(lines)
