"""A process that trains one model in one library, a turn at a time: `python -m benchmarks.worker PEER MODEL THREADS`.

It reads requests, a line of JSON each, and answers each with a line: `{"do": "turn", "seconds": 0.5}` and
`{"ms": [...]}`. benchmarks/turns.py is the other end.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import time
from typing import Any, TextIO

import numpy as np

from benchmarks import memory
from benchmarks.models.case import Case
from benchmarks.models.catalogue import CASES
from benchmarks.peers import PEERS, Peer
from benchmarks.training import InJax, OnTorchApi
from benchmarks.work import bytes_moved, operations

BATCHES = 4  # different ones, by turns
WARM = 2  # steps at the beginning of a turn that are not timed: others had the caches
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
LEAST, MOST = 3, 200  # timed steps of a turn


class Worker:
    """What is asked of the process; a method for each request."""

    def __init__(self, peer: Peer, case: Case, threads: int):
        self.peer, self.case, self.threads = peer, case, threads
        rng = np.random.default_rng(0)
        self.arrays = [case.batch(rng) for _ in range(BATCHES)]
        self.steps = 0

    def load(self, start: str | None, double: bool = False) -> dict:
        """Import the library; make the model, in float64 if `double`, with the weights in a file, or its own."""
        if self.peer.package == "jax" and hasattr(os, "sched_setaffinity"):
            # JAX takes a thread for each core that it sees
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self.threads])
        importlib.import_module(self.peer.package)
        self.before = memory.resident()
        weights = None if start is None else dict(np.load(start, allow_pickle=False))
        if self.peer.package == "jax":
            assert weights is not None  # JAX's models are functions and make none
            self.training: Any = InJax(self.case, weights)
        else:
            self.training = OnTorchApi(self.peer, self.case, self.threads, weights, double)
        self.batches = [self.training.taken(arrays) for arrays in self.arrays]
        return {}

    def describe(self, weights: str) -> dict:
        """Write the weights to a file; what a step has to do (fathom as it is only)."""
        values = self.training.weights()
        np.savez(weights, **values)
        parameters = sum(p.numel() for p in self.training.model.parameters())
        return {
            "parameters": parameters,
            "flops": operations(self.step),
            "bytes": bytes_moved(4 * parameters, sum(array.nbytes for array in self.arrays[0])),
        }

    def first(self) -> dict:
        """The first steps, with all that is compiled for them: an optimizer's state is new in the first of them only,
        so that there may be two programs."""
        return self.timed(2)

    def agree(self, steps: int, gradients: str) -> dict:
        """The losses of so many steps, a file with the gradients of the first, and the time of the first two."""
        answer = self.timed(1)
        np.savez(gradients, **self.training.first_gradients(*self.batches[0]))
        second = self.timed(1)
        answer["seconds"] += second["seconds"]
        answer["losses"] += second["losses"] + self.timed(steps - 2)["losses"]
        return answer

    def timed(self, steps: int) -> dict:
        """So many steps: how long they take, and their losses."""
        begin = time.perf_counter()
        losses = [self.step().item() for _ in range(steps)]
        return {"seconds": time.perf_counter() - begin, "losses": losses}

    def turn(self, seconds: float, clock: str) -> dict:
        """Steps for about so long, each timed, in milliseconds."""
        now = CLOCKS[clock]
        for _ in range(WARM):
            self.step()
        times: list[float] = []
        end = time.perf_counter() + seconds
        while len(times) < LEAST or (len(times) < MOST and time.perf_counter() < end):
            begin = now()
            self.step()
            times.append((now() - begin) * 1e3)
        return {"ms": times}

    def step(self) -> Any:
        """One step, on the next batch."""
        batch = self.batches[self.steps % BATCHES]
        self.steps += 1
        return self.training.step(*batch)

    def forget_peak(self) -> dict:
        """From now on memory is what training takes; what compiling took is over."""
        memory.forget_peak()
        return {}

    def memory(self) -> dict:
        """The largest memory of the process in MB, and how much of it came after the library was imported."""
        peak = memory.peak()
        return {"peak": peak, "training": peak - self.before}


def serve(worker: Worker, requests: TextIO, answers: TextIO) -> None:
    """Answer each request until there are no more; an error is an answer too, and the last."""
    for line in requests:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # whatever a model or a library raises is reported, not hidden
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def die_with_parent() -> None:
    """On Linux: when the process that asks is killed, this one is ended too, even if it is stopped then."""
    if sys.platform == "linux":
        request_at_death = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(request_at_death, signal.SIGKILL)


def main() -> None:
    die_with_parent()
    peer, case, threads = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    serve(Worker(PEERS[peer], CASES[case], int(threads)), sys.stdin, answers)


if __name__ == "__main__":
    main()
