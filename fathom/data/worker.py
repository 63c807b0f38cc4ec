"""What a DataLoader worker does, be it a process or a thread: take a Task, send an answer.

An answer is a Batch, a Failure, or Finished: an iterable dataset has no more.
"""

from __future__ import annotations

import random
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from fathom.core.random import manual_seed, mix
from fathom.data.collate import default_collate
from fathom.data.dataset import IterableDataset, whole_batch


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this is: `id` of `num_workers`, its `seed`, and the `dataset` it reads."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


here = threading.local()  # one value in each thread, and so in each process


def get_worker_info() -> WorkerInfo | None:
    """Which DataLoader worker is running this, None outside of workers."""
    return getattr(here, "info", None)


@dataclass(frozen=True)
class Plan:
    """What a worker has to know of its loader."""

    dataset: Any
    collate: Callable
    batch_size: int | None  # of an iterable dataset; None: its samples are served one by one
    drop_last: bool
    prepare: Callable[[int], None] | None
    id: int
    num_workers: int
    own_process: bool


@dataclass(frozen=True)
class Task:
    """Batch `number` of the pass `turn`: of these rows; of an iterable dataset, the next (None)."""

    turn: int
    number: int
    seed: int
    rows: Any


@dataclass(frozen=True)
class Batch:
    """What was asked for."""

    turn: int
    value: Any


@dataclass(frozen=True)
class Finished:
    """An iterable dataset came to its end."""

    turn: int


@dataclass(frozen=True)
class Failure:
    """An error in a worker: where its class is defined, what it says, its traceback."""

    turn: int
    module: str
    kind: str
    message: str
    traceback: str

    def error(self, worker: int) -> BaseException:
        """The error once more, in this process, with the worker's traceback in its message."""
        text = OneLineOrMany(
            f"{self.message}\n\nraised in DataLoader worker {worker}, where\n{self.traceback}"
        )
        kind = getattr(sys.modules.get(self.module), self.kind, RuntimeError)
        if isinstance(kind, type) and issubclass(kind, Exception):
            # not kind(text): an error may ask for other arguments than its message
            again = kind.__new__(kind, text)
            if text in str(again):
                return again
        return RuntimeError(f"{self.kind}: {text}")


class OneLineOrMany(str):
    """A text that also KeyError, which shows its key's repr, prints as it stands."""

    def __repr__(self) -> str:
        return str(self)


def failure(turn: int, error: BaseException) -> Failure:
    told = "".join(traceback.format_exception(error))
    return Failure(turn, type(error).__module__, type(error).__qualname__, str(error), told)


def work(plan: Plan, tasks: Iterator[Task], send: Callable[[Any], None]) -> None:
    """Answers every task, in order, until there are no more."""
    batches: Iterator[Any] = iter(())
    turn = None
    for task in tasks:
        try:
            if turn is None:
                enter(plan, task.seed)
            if turn != task.turn:
                turn = task.turn
                if isinstance(plan.dataset, IterableDataset):
                    batches = iterable_batches(
                        plan.dataset, plan.collate, plan.batch_size, plan.drop_last
                    )
            if plan.own_process:
                seed_everything(task.seed, task.number)
            answer: Batch | Finished | Failure = made(plan, task, batches)
        # SystemExit and KeyboardInterrupt too: whoever waits for this answer must hear of them
        except BaseException as error:
            answer = failure(task.turn, error)
        try:
            send(answer)
        except BrokenPipeError:  # whoever asked is gone
            return
        except Exception as error:  # the batch is of a kind that cannot go to another process
            send(failure(task.turn, error))


def made(plan: Plan, task: Task, batches: Iterator[Any]) -> Batch | Finished:
    """What the task asks for."""
    if task.rows is not None:
        return Batch(task.turn, fetch(plan.dataset, task.rows, plan.collate))
    for value in batches:
        return Batch(task.turn, value)
    return Finished(task.turn)


def enter(plan: Plan, seed: int) -> None:
    """Makes `get_worker_info` tell of this worker, and runs worker_init_fn."""
    here.info = WorkerInfo(plan.id, plan.num_workers, seed + plan.id, plan.dataset)
    if plan.own_process:
        seed_everything(seed, plan.id)
    if plan.prepare is not None:
        plan.prepare(plan.id)


def seed_everything(seed: int, number: int) -> None:
    """Random numbers for one batch: the same whichever worker makes it, however many there are."""
    mixed = mix((seed + number) % (1 << 64))
    manual_seed(mixed >> 1)
    random.seed(mixed)
    np.random.seed(mixed % (1 << 32))


def fetch(dataset: Any, rows: Any, collate: Callable) -> Any:
    """The batch of these rows; where `rows` is no list, that sample alone."""
    if not isinstance(rows, list | tuple):
        return collate(dataset[rows])
    if collate is default_collate and (batch := whole_batch(dataset, rows)) is not None:
        return batch
    if hasattr(dataset, "__getitems__"):
        return collate(dataset.__getitems__(rows))
    return collate([dataset[row] for row in rows])


def iterable_batches(
    dataset: Any, collate: Callable, batch_size: int | None, drop_last: bool
) -> Iterator[Any]:
    """The batches of an iterable dataset; its samples one by one where batch_size is None."""
    samples = iter(dataset)
    if batch_size is None:
        yield from map(collate, samples)
        return
    while batch := list(islice(samples, batch_size)):
        if len(batch) == batch_size or not drop_last:
            yield collate(batch)
