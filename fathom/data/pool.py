"""The workers of a DataLoader as its process sees them: tasks go in, answers come out in order.

Each worker has pipes or queues of its own, shared with no other, so one that is killed while it
writes leaves no lock taken and spoils nobody else's messages; its pipe ends, and that tells.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from fathom.data.worker import Batch, Failure, Finished, Plan, Task, failure, work

START_METHOD = "spawn"  # fork would copy the locks of this process's threads, held for ever
GRACE = 3.0  # seconds that workers have to finish the batch they are at
PATIENCE = 1.0  # seconds between two looks at Ctrl-C where waiting hides it (Windows)


class Gone:
    """The last message of a worker that ended."""


class ProcessWorker:
    """A worker that is a process of its own, with a copy of the dataset."""

    def __init__(self, plan: Plan, start_method: Any) -> None:
        context = start_method
        if start_method is None or isinstance(start_method, str):
            context = multiprocessing.get_context(start_method or START_METHOD)
        self.id = plan.id
        self.answered = False
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        tasks_end, self.tasks = context.Pipe(duplex=False)
        self.reading_end, answers_end = context.Pipe(duplex=False)
        self.process = context.Process(
            target=serve, args=(plan, tasks_end, answers_end), daemon=True
        )
        try:
            self.process.start()
        except Exception as error:
            self.tasks.close()
            self.reading_end.close()
            raise RuntimeError(
                f"DataLoader cannot send its dataset to a worker process ({error}); define the "
                "dataset, collate_fn and worker_init_fn at the top level of a module, or use "
                "worker_kind='thread'"
            ) from error
        finally:  # the worker has its own; with ours open its pipe would never end
            tasks_end.close()
            answers_end.close()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Moves answers from the pipe to memory, so that the worker need not wait for us."""
        while True:
            try:
                answer = self.reading_end.recv()
            except (EOFError, OSError):
                break
            except Exception as error:  # made there of something that cannot be made here
                answer = failure(-1, error)
            self.answers.put(answer)
        self.answers.put(Gone())

    def give(self, task: Task) -> None:
        try:
            self.tasks.send(task)
        except OSError:  # it ended; `take` finds that out, and says so
            return

    def how_it_ended(self) -> str:
        self.process.join(GRACE)
        code = self.process.exitcode
        how = "is still running but closed its pipe" if code is None else f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by {signal.Signals(-code).name}"
        hint = ""
        if not self.answered:
            hint = (
                "; it ended before its first batch: a script must start its work under "
                "`if __name__ == '__main__':`, and a notebook's own classes need "
                "worker_kind='thread'"
            )
        return (
            f"DataLoader worker {self.id} (pid {self.process.pid}) exited unexpectedly: {how}{hint}"
        )

    def ask_to_stop(self) -> None:
        self.tasks.close()

    def stop(self, until: float) -> None:
        """Waits for it to end, and ends it at the time `until`."""
        self.process.join(max(0.0, until - time.monotonic()))
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(GRACE / 2)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(GRACE)
        self.reader.join(GRACE)
        self.reading_end.close()
        self.process.close()


def serve(
    plan: Plan,
    tasks: multiprocessing.connection.Connection,
    answers: multiprocessing.connection.Connection,
) -> None:
    """The whole life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the loader's to hear; it stops us
    work(plan, received(tasks), answers.send)


def received(tasks: multiprocessing.connection.Connection) -> Iterator[Task]:
    """Tasks until the other end closes, also by dying."""
    while True:
        try:
            yield tasks.recv()
        except (EOFError, OSError):
            return


class ThreadWorker:
    """A worker that is a thread: no copies, nothing to send, one dataset shared by all."""

    def __init__(self, plan: Plan) -> None:
        self.id = plan.id
        self.answered = False
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(plan,), daemon=True)
        self.thread.start()

    def run(self, plan: Plan) -> None:
        try:
            work(plan, self.given(), self.answers.put)
        finally:
            self.answers.put(Gone())

    def given(self) -> Iterator[Task]:
        for task in iter(self.tasks.get, None):
            if self.stopping.is_set():
                return
            yield task

    def give(self, task: Task) -> None:
        self.tasks.put(task)

    def how_it_ended(self) -> str:
        return f"DataLoader worker {self.id} (a thread) exited unexpectedly"

    def ask_to_stop(self) -> None:
        self.stopping.set()
        self.tasks.put(None)

    def stop(self, until: float) -> None:
        """Waits for it to end; a thread cannot be ended, but no thread outlives the program."""
        self.thread.join(max(0.0, until - time.monotonic()))


class Pool:
    """The workers of one loader."""

    def __init__(self, plan: Plan, kind: str, start_method: Any) -> None:
        self.workers: list[ProcessWorker | ThreadWorker] = []
        self.turn = 0
        try:
            for number in range(plan.num_workers):
                own = replace(plan, id=number, own_process=kind == "process")
                self.workers.append(
                    ThreadWorker(own) if kind == "thread" else ProcessWorker(own, start_method)
                )
        except BaseException:
            self.stop()
            raise

    def batches(
        self, rows: Iterable[Any], first: int, seed: int, ahead: int, timeout: float
    ) -> Iterator[Any]:
        """The batch of each of `rows`, in order, each worker being up to `ahead` tasks ahead.

        Task after task goes to worker after worker, and answers are taken in that order too, so
        the order is the same whichever worker is faster.
        """
        self.turn += 1  # answers to an abandoned pass are told by their turn, and passed over
        tasks = (Task(self.turn, number, seed, each) for number, each in enumerate(rows, first))
        waiting: deque[ProcessWorker | ThreadWorker] = deque()
        for task in islice(tasks, ahead * len(self.workers)):
            worker = self.workers[len(waiting) % len(self.workers)]
            worker.give(task)
            waiting.append(worker)
        while waiting:
            worker = waiting.popleft()
            answer = self.take(worker, timeout)
            if isinstance(answer, Finished):
                continue
            for task in islice(tasks, 1):
                worker.give(task)
                waiting.append(worker)
            yield answer.value

    def take(self, worker: ProcessWorker | ThreadWorker, timeout: float) -> Batch | Finished:
        """The worker's next answer in this pass; raises what it raised, or that it is gone."""
        until = time.monotonic() + timeout if timeout else float("inf")
        while True:
            try:
                answer = worker.answers.get(timeout=min(PATIENCE, max(0, until - time.monotonic())))
            except queue.Empty:
                if time.monotonic() < until:
                    continue
                raise RuntimeError(
                    f"DataLoader timed out after {timeout:g} seconds of waiting for worker "
                    f"{worker.id}; pass a longer timeout, or 0 for none"
                ) from None
            if isinstance(answer, Gone):
                raise RuntimeError(worker.how_it_ended())
            worker.answered = True
            if isinstance(answer, Failure) and answer.turn in (self.turn, -1):
                raise answer.error(worker.id)
            if answer.turn == self.turn:
                return answer

    def stop(self) -> None:
        """Ends all workers, within a few seconds."""
        for worker in self.workers:
            worker.ask_to_stop()
        until = time.monotonic() + GRACE
        for worker in self.workers:
            worker.stop(until)
        self.workers = []
