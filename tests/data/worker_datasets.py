"""Datasets for the tests of workers: in a module of their own, so that a new process finds them."""

import os
import random
import signal
import sys
import time

import numpy as np

import fathom
from fathom.data import Dataset, IterableDataset, get_worker_info


class Numbers(Dataset):
    """i -> i, for `count` of them."""

    def __init__(self, count=12):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return index


class WorkerOfEach(Numbers):
    def __getitem__(self, index):
        info = get_worker_info()
        return index, info.id, info.num_workers, info.dataset is self, os.getpid()


class Draws(Numbers):
    """Random numbers from every source that a dataset may use."""

    def __getitem__(self, index):
        return fathom.rand(()).item(), random.random(), float(np.random.rand())


class Trouble(Numbers):
    """Does `what` at index 5."""

    def __init__(self, what, count=12):
        super().__init__(count)
        self.what = what

    def __getitem__(self, index):
        if index == 5:
            self.what()
        return index


class OddlyMadeError(Exception):
    def __init__(self, number, *, reason):
        super().__init__(f"number {number}: {reason}")


def raises_value_error():
    raise ValueError("five is too much")


def raises_key_error():
    raise KeyError("five")


def raises_odd_error():
    raise OddlyMadeError(5, reason="odd")


def raises_local_error():
    class LocalError(Exception):
        pass

    raise LocalError("made on the spot")


def exits():
    sys.exit(3)


def exits_at_once():
    os._exit(7)


def is_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def hangs():
    time.sleep(600)


class Unsendable(Numbers):
    def __getitem__(self, index):
        return (each for each in range(index))


def as_they_are(samples):
    return samples


class Share(IterableDataset):
    """0 ... count-1, each worker its share."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(first, self.count, step))

    def __len__(self):
        return self.count


class Broken(IterableDataset):
    def __iter__(self):
        yield 0
        raise ValueError("no more where that came from")


def shift_dataset(worker):
    get_worker_info().dataset.count += 100 * (worker + 1)


def cannot_prepare(worker):
    raise RuntimeError(f"worker {worker} is not in the mood")


class Length(Numbers):
    def __getitem__(self, index):
        return self.count
