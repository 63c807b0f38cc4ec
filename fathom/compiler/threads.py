"""The threads that run one program in step: how many there are, and how they are woken. tiles.py has what they run."""

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
