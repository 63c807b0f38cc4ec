"""Work that several Python threads do at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

WAIT = 60  # seconds


def in_threads(work: Callable[[int], None], count: int) -> None:
    """work(0), work(1), ... each in a thread of its own; what one of them raises is raised here."""
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work, k) for k in range(count)]:
            done.result(timeout=WAIT)
