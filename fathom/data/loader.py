"""DataLoader: a dataset in batches, in a chosen order, made here or by workers ahead of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from typing import Any, Generic, TypeVar

from fathom.core.random import Generator, default_generator
from fathom.data.collate import default_collate, default_convert
from fathom.data.dataset import Dataset, IterableDataset, length
from fathom.data.pool import Pool
from fathom.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from fathom.data.worker import Plan, fetch, iterable_batches
from fathom.ops.creation import tensor
from fathom.ops.randomness import randint

Sample = TypeVar("Sample", covariant=True)
WORKER_KINDS = ("process", "thread")
AHEAD = 2  # batches that each worker makes ahead of time, unless prefetch_factor says otherwise


class DataLoader(Generic[Sample]):
    r"""Iterates over a dataset in batches; every `for` loop over it is a new pass.

    Arguments are PyTorch's. What differs, or surprises:

    - A TensorDataset (and its Subsets) with the default collate is indexed by whole batches.
    - The order depends on the generator alone, not on num_workers, and so do the random numbers
      that a worker process's dataset draws (from fathom, `random` and `numpy.random`): they are
      seeded anew for each batch.
    - worker_kind "process" (as in PyTorch) gives each worker a copy of the dataset, in a process
      started by spawning: dataset, collate_fn and worker_init_fn must be defined in a module, and a
      script must start its work under `if __name__ == "__main__":`. worker_kind "thread" needs
      neither, and is the faster where the work is done by NumPy or by reading files; its workers
      share one dataset and the generators, so the dataset must be safe to use from many threads.
    - timeout is in seconds; a worker that dies is a RuntimeError at once, with any timeout.
    - `state_dict()` is where a pass stands; a loader that loads it goes on with the next batch.
    - pin_memory and pin_memory_device are taken for PyTorch's sake; memory here is never pinned.

    >>> from fathom.data import TensorDataset
    >>> rows = TensorDataset(fathom.arange(5), fathom.arange(5) * 10)
    >>> for x, y in DataLoader(rows, batch_size=2):
    ...     print(x, y)
    tensor([0, 1]) tensor([ 0, 10])
    tensor([2, 3]) tensor([20, 30])
    tensor([4]) tensor([40])
    """

    def __init__(
        self,
        dataset: Dataset[Sample],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable | None = None,
        batch_sampler: Iterable | None = None,
        num_workers: int = 0,
        collate_fn: Callable | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        worker_kind: str = "process",
    ) -> None:
        self.iterable = isinstance(dataset, IterableDataset)
        check_order(self.iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        check_workers(num_workers, timeout, prefetch_factor, persistent_workers, worker_kind)
        if batch_sampler is not None:
            batch_size = None
        elif not self.iterable:
            if sampler is None and shuffle:
                sampler = RandomSampler(dataset, generator=generator)  # type: ignore[arg-type]
            elif sampler is None:
                sampler = SequentialSampler(dataset)  # type: ignore[arg-type]
            if batch_size is not None:
                batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        whole = batch_size is not None or batch_sampler is not None
        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn or (default_collate if whole else default_convert)
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = prefetch_factor or (AHEAD if num_workers else None)
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.worker_kind = worker_kind
        self.pool: Pool | None = None
        self.served = 0
        self.began: list | None = None  # the generators' states before the pass under way
        self.loaded: dict | None = None

    def __len__(self) -> int:
        """Batches in a pass (samples, with batch_size=None)."""
        if self.iterable:
            count, size = length(self.dataset), self.batch_size
            if size is None:
                return count
            return count // size if self.drop_last else -(-count // size)
        return length(self.sampler if self.batch_sampler is None else self.batch_sampler)

    def __iter__(self) -> Iterator[Any]:
        """A new pass; or, after `load_state_dict`, the rest of the one that was saved."""
        state, self.loaded = self.loaded, None
        present = default_generator.get_state()
        if state is not None:
            self.set_generator_states(state["generators"])
        self.began = began = self.generator_states()
        seed = int(randint(0, 1 << 62, (1,), generator=self.generator).item())
        rows = repeat(None) if self.iterable else self.rows()
        if state is not None and state["generators"][0] is not None:
            default_generator.set_state(present)  # what it drew for this pass it had drawn before
        self.served = 0 if state is None else state["served"]
        return self.batches(rows, seed, self.served, began)

    def rows(self) -> Iterator[Any]:
        """The numbers of each batch; a generator that a sampler draws from is drawn from now."""
        rows = iter(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]
        return ahead_by_one(rows)

    def batches(self, rows: Iterator[Any], seed: int, first: int, began: list) -> Iterator[Any]:
        """The batches from number `first` on, counted while no other pass has begun meanwhile."""
        if not self.iterable:
            rows = islice(rows, first, None)  # the others are not made again
        batches = self.by_workers(rows, seed, first) if self.num_workers else self.made_here(rows)
        if self.iterable:
            batches = islice(batches, first, None)
        for batch in batches:
            if began is self.began:
                self.served += 1
            yield batch
        if began is self.began:
            self.began, self.served = None, 0

    def made_here(self, rows: Iterator[Any]) -> Iterator[Any]:
        if self.iterable:
            return iterable_batches(self.dataset, self.collate_fn, self.batch_size, self.drop_last)
        return (fetch(self.dataset, each, self.collate_fn) for each in rows)

    def by_workers(self, rows: Iterator[Any], seed: int, first: int) -> Iterator[Any]:
        pool, self.pool = self.pool, None  # another pass meanwhile has workers of its own
        pool = pool or Pool(self.plan(), self.worker_kind, self.multiprocessing_context)
        number = 0 if self.iterable else first
        try:
            yield from pool.batches(rows, number, seed, self.prefetch_factor or AHEAD, self.timeout)
        except Exception:
            pool.stop()
            raise
        finally:  # also when the loop is left early and its iterator forgotten, and on Ctrl-C
            if self.persistent_workers and pool.workers and self.pool is None:
                self.pool = pool
            else:
                pool.stop()

    def plan(self) -> Plan:
        return Plan(
            self.dataset,
            self.collate_fn,
            self.batch_size,
            self.drop_last,
            self.worker_init_fn,
            id=0,
            num_workers=self.num_workers,
            own_process=self.worker_kind == "process",
        )

    def __del__(self) -> None:
        pool = getattr(self, "pool", None)  # none where __init__ raised
        if pool is not None:
            pool.stop()

    # ---- where a pass stands -------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Where the pass under way stands, as JSON can hold it.

        served      batches that were given out; 0 between passes
        generators  the states, when the pass began, of the default generator (None between passes),
                    of this loader's and of its samplers'

        The default generator's own present state is the program's to save. An iterable dataset is
        walked through again up to where it stood.
        """
        if self.loaded is not None:
            return self.loaded
        if self.began is None:
            return {"served": 0, "generators": [None, *self.generator_states()[1:]]}
        return {"served": self.served, "generators": self.began}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Makes the next `for` loop go on where `state_dict` was taken."""
        known = len(self.generator_states())
        if set(state) != {"served", "generators"} or len(state["generators"]) != known:
            raise ValueError(
                f"DataLoader.load_state_dict: expected 'served' and the states of {known} "
                f"generators, got {state}; was it saved by a loader with other samplers?"
            )
        self.loaded = state

    def generators(self) -> list[Generator]:
        """Every generator that decides on the order, the default one first."""
        inner = getattr(self.batch_sampler, "sampler", None)
        holders = (self, self.sampler, self.batch_sampler, inner)
        found = [default_generator]
        for holder in holders:
            generator = getattr(holder, "generator", None)
            if isinstance(generator, Generator) and all(generator is not each for each in found):
                found.append(generator)
        return found

    def generator_states(self) -> list[list[int] | None]:
        return [generator.get_state().tolist() for generator in self.generators()]

    def set_generator_states(self, states: list) -> None:
        for generator, state in zip(self.generators(), states, strict=True):
            if state is not None:
                generator.set_state(tensor(state))


def ahead_by_one(items: Iterator[Any]) -> Iterator[Any]:
    """The same items, the first of them taken now."""
    first = list(islice(items, 1))

    def all_items() -> Iterator[Any]:
        yield from first
        yield from items

    return all_items()


def check_order(
    iterable: bool,
    batch_size: int | None,
    shuffle: bool | None,
    sampler: Iterable | None,
    batch_sampler: Iterable | None,
    drop_last: bool,
) -> None:
    if iterable:
        if shuffle or sampler is not None or batch_sampler is not None:
            raise ValueError(
                "DataLoader: an IterableDataset decides on its own order; leave out shuffle, "
                "sampler and batch_sampler"
            )
    elif sampler is not None and shuffle:
        raise ValueError("DataLoader: sampler and shuffle exclude each other; give one of them")
    if batch_sampler is not None and (
        batch_size != 1 or shuffle or sampler is not None or drop_last
    ):
        raise ValueError(
            "DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last"
        )
    if batch_size is None and drop_last:
        raise ValueError("DataLoader: batch_size=None makes no batches, so drop_last means nothing")
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size <= 0):
        raise ValueError(f"DataLoader: batch_size must be an int above 0, got {batch_size!r}")


def check_workers(
    num_workers: int,
    timeout: float,
    prefetch_factor: int | None,
    persistent_workers: bool,
    worker_kind: str,
) -> None:
    if num_workers < 0:
        raise ValueError(f"DataLoader: num_workers must be 0 or more, got {num_workers}")
    if timeout < 0:
        raise ValueError(f"DataLoader: timeout must be 0 or more seconds, got {timeout}")
    if prefetch_factor is not None and (not num_workers or prefetch_factor < 1):
        raise ValueError(
            f"DataLoader: prefetch_factor={prefetch_factor} needs num_workers above 0, and must be "
            "at least 1"
        )
    if persistent_workers and not num_workers:
        raise ValueError("DataLoader: persistent_workers needs num_workers above 0")
    if worker_kind not in WORKER_KINDS:
        raise ValueError(
            f"DataLoader: worker_kind must be one of {WORKER_KINDS}, got {worker_kind!r}"
        )
