"""Samplers: in which order, and in which batches, a dataset's numbers are drawn.

All draws of a pass are made when it begins, from the sampler's generator or, without one, from the
default generator. So a generator's state before a pass is enough to have the same pass again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Generic, TypeVar

import numpy as np

from fathom.core import dtypes
from fathom.core.random import Generator
from fathom.ops.creation import as_tensor
from fathom.ops.randomness import multinomial, rand, randint, randperm

Drawn = TypeVar("Drawn", covariant=True)


class Sampler(Generic[Drawn]):
    """Numbers of samples in an order: write `__iter__()`, and `__len__()` where it is known."""

    def __iter__(self) -> Iterator[Drawn]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ...

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Every number once in random order, or `num_samples` drawn with replacement.

    Without replacement, more samples than the dataset has begin another shuffling.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if num_samples is not None and num_samples <= 0:
            raise ValueError(f"RandomSampler: num_samples must be at least 1, got {num_samples}")
        self.data_source = data_source
        self.replacement = replacement
        self.requested = num_samples
        self.generator = generator

    @property
    def num_samples(self) -> int:
        """How many are drawn in a pass: the dataset's length, unless chosen."""
        return len(self.data_source) if self.requested is None else self.requested

    def __iter__(self) -> Iterator[int]:
        count, drawn = len(self.data_source), self.num_samples
        if not count:
            return iter(())
        if self.replacement:
            return iter(randint(0, count, (drawn,), generator=self.generator).tolist())
        shufflings = [
            randperm(count, generator=self.generator).tolist() for _ in range(-(-drawn // count))
        ]
        return itertools.islice(itertools.chain(*shufflings), drawn)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given numbers in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = randperm(len(self.indices), generator=self.generator).tolist()
        return iter([self.indices[position] for position in order])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """`num_samples` numbers, number i with probability weights[i] / sum of weights.

    Without replacement a number comes at most once, so as many weights must be above 0.
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        self.weights = as_tensor(weights, dtype=dtypes.float64)
        if not isinstance(num_samples, int) or num_samples <= 0:
            raise ValueError(
                f"WeightedRandomSampler: num_samples must be at least 1, got {num_samples}"
            )
        if self.weights.dim() != 1:
            raise ValueError(
                f"WeightedRandomSampler: weights must be (N), got {tuple(self.weights.shape)}"
            )
        known = self.weights.numpy()
        if not (np.isfinite(known).all() and (known >= 0).all() and known.sum() > 0):
            raise ValueError("WeightedRandomSampler: weights must be finite, >= 0, and not all 0")
        if not replacement and (known > 0).sum() < num_samples:
            raise ValueError(
                f"WeightedRandomSampler: {(known > 0).sum()} weights above 0 do not give "
                f"{num_samples} samples without replacement"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        if not self.replacement:
            drawn = multinomial(self.weights, self.num_samples, False, generator=self.generator)
            return iter(drawn.tolist())
        # A draw falls between the running sums of two neighbours: N + num_samples steps of memory,
        # where comparing every draw with every sum would take their product.
        ends = np.cumsum(self.weights.numpy())
        draws = rand(self.num_samples, generator=self.generator, dtype=dtypes.float64).numpy()
        chosen = np.searchsorted(ends, draws * ends[-1], side="right")
        last = int(np.flatnonzero(self.weights.numpy())[-1])  # rounding must not fall off the end
        return iter(np.minimum(chosen, last).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Another sampler's numbers in lists of `batch_size`; a shorter last one may be dropped.

    >>> list(BatchSampler(SequentialSampler("abc"), batch_size=2, drop_last=False))
    [[0, 1], [2]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size <= 0:
            raise ValueError(f"BatchSampler: batch_size must be an int above 0, got {batch_size!r}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last must be True or False, got {drop_last!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        return self.batches(iter(self.sampler))  # draws now, not when the first batch is asked for

    def batches(self, numbers: Iterator[int]) -> Iterator[list[int]]:
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
