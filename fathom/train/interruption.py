"""Ctrl-C in a training: the step is finished first, so that what is saved is whole."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class TrainingInterrupted(KeyboardInterrupt):
    """A training that was asked to stop, and from which checkpoint it can go on (None: no such)."""

    def __init__(self, checkpoint: Path | None):
        where = f"; it can go on from {checkpoint}" if checkpoint else ""
        super().__init__(f"the training was interrupted{where}")
        self.checkpoint = checkpoint


class Wish:
    """Whether somebody asked to stop."""

    asked = False


@contextmanager
def ctrl_c_is_a_wish() -> Iterator[Wish]:
    """Inside, the first Ctrl-C only sets `asked`; a second one interrupts at once, as always."""
    wish = Wish()
    if threading.current_thread() is not threading.main_thread():  # signals go to that one only
        yield wish
        return

    def first(number: int, frame: Any) -> None:
        wish.asked = True
        signal.signal(signal.SIGINT, before)
        print("\nCtrl-C: finishing this step (once more to stop at once)", file=sys.stderr)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield wish
    finally:
        signal.signal(signal.SIGINT, before)
