"""Processes that take turns: one works while the others are stopped.

A library's threads go on spinning for a while after their work is done, and would take time from whoever is timed next;
a stopped process takes none. Where processes cannot be stopped (Windows), a pause lets the threads go to sleep.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

CAN_STOP = hasattr(signal, "SIGSTOP")
PAUSE = 0.5  # seconds, where processes cannot be stopped
REQUESTS = {  # in the words of a report
    "load": "making the model",
    "describe": "counting its operations",
    "first": "the first steps",
    "agree": "the first steps",
    "forget_peak": "looking at its memory",
    "turn": "a turn",
    "memory": "looking at its memory",
}
ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A worker raised, died, or took too long; the message says which."""


class Turns:
    """A worker process that works only while it is asked something.

    folder  where its libraries keep what they compile; log  the file that takes what it prints
    """

    def __init__(self, peer: str, case: str, threads: int, folder: Path, log: Path):
        self.log = log
        counts = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        caches = {
            "FATHOM_CACHE": folder / "fathom",
            "TORCHINDUCTOR_CACHE_DIR": folder / "torch",
            "JAX_COMPILATION_CACHE_DIR": folder / "jax",
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": 0,
        }
        settings = {name: str(value) for name, value in caches.items()}
        settings |= dict.fromkeys(counts, str(threads))
        command = [sys.executable, "-m", "benchmarks.worker", peer, case, str(threads)]
        with log.open("w") as printed:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                text=True,
                cwd=ROOT,
                env=os.environ | settings,
                # a group of its own: compilers that a library starts are stopped and ended with it
                process_group=0 if CAN_STOP else None,
            )
        self.answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self) -> None:
        """Hand on each answer, and an empty one at the end."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")

    def ask(self, do: str, timeout: float, **arguments: Any) -> dict:
        """The worker's answer; it is stopped before and after. Failed after `timeout` seconds."""
        assert self.process.stdin is not None
        self.signal("SIGCONT")
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.answers.get(timeout=timeout)
        except queue.Empty:
            raise Failed(f"{REQUESTS[do]} took longer than {timeout:.0f} s") from None
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"{REQUESTS[do]} ended the process: {self.last_words()}")
        self.signal("SIGSTOP")
        if not CAN_STOP:
            time.sleep(PAUSE)
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def last_words(self) -> str:
        """The end of what the process printed."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self.process.wait(timeout=10)}"

    def signal(self, name: str) -> None:
        """Send a signal to the process and those that it started."""
        if CAN_STOP:
            try:
                os.killpg(self.process.pid, getattr(signal, name))
            except ProcessLookupError:
                return  # it has ended; whoever asks next is told

    def end(self) -> None:
        """End the process, whatever it does."""
        if CAN_STOP:
            self.signal("SIGKILL")
        else:
            self.process.kill()
        self.process.wait(timeout=30)
        self.listener.join(timeout=30)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
