"""The threads that run one program in step: how many there are, and how they are woken. tiles.py has what they run."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator

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


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Programs run on this thread alone."""
    before = _count[0]
    _count[0] = 1
    try:
        yield
    finally:
        _count[0] = before


class Turn:
    """A lock that one thread holds at a time, and may take again while it does. In a process that was forked while
    another thread held it, it is free: that thread does not exist there."""

    def __init__(self) -> None:
        self.process, self.lock = os.getpid(), threading.RLock()

    def __enter__(self) -> None:
        if self.process != os.getpid():
            self.process, self.lock = os.getpid(), threading.RLock()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


class Workers:
    """Threads that wait for something to run. They are made when first needed, again after a fork, and die
    with the process."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.waiting: queue.SimpleQueue = queue.SimpleQueue()
        self.alive = 0
        self.turn = Turn()

    def run(self, native: Callable[[], None], helpers: int) -> None:
        """Run native code on this thread, and let `helpers` others run it too, whenever they come to it.

        It runs to its end whatever happens: what others have begun must not go on in memory that the caller has
        left. So Ctrl-C is heard before or after it: nothing of Python stands between the `finally` and `native`.
        """
        try:
            if helpers:
                self.call(native, helpers)
        finally:
            native()

    def call(self, native: Callable[[], None], helpers: int) -> None:
        """Wake the helpers. Who did not come to an earlier call yet is late, and not called again."""
        with self.turn:
            if self.process != os.getpid():  # threads do not survive a fork
                self.process, self.alive, self.waiting = os.getpid(), 0, queue.SimpleQueue()
            while self.alive < helpers:
                thread = threading.Thread(
                    target=serve, args=(self.waiting,), name="fathom", daemon=True
                )
                thread.start()
                self.alive += 1
        for _ in range(helpers - self.waiting.qsize()):
            self.waiting.put(native)


def serve(waiting: queue.SimpleQueue) -> None:
    """What a helper does."""
    while True:
        native = waiting.get()
        native()
        del native  # with its memory, not only when the next one comes


workers = Workers()
