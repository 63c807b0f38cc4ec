"""Data sets: what can be indexed (Dataset) or walked through once (IterableDataset)."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from fathom.core.random import Generator
from fathom.ops.randomness import randperm
from fathom.tensors import Tensor

Sample = TypeVar("Sample", covariant=True)


class Dataset(Generic[Sample]):
    """Samples by number: write `__getitem__(index)` and `__len__()`.

    A dataset may also write `__getitems__(indices)`, a list of samples, where many at once are
    cheaper; DataLoader uses it.
    """

    def __getitem__(self, index: int) -> Sample:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Sample]):
    """Samples in a row: write `__iter__()`.

    With DataLoader workers each worker walks through a copy of its own; `get_worker_info()` tells
    which worker it is, so that each can take its share.
    """

    def __iter__(self) -> Iterator[Sample]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")

    def __add__(self, other: Dataset) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Rows of tensors of one length: sample i is (tensors[0][i], tensors[1][i], ...).

    >>> import fathom
    >>> rows = TensorDataset(fathom.tensor([[1.0], [2.0]]), fathom.tensor([0, 1]))
    >>> rows[1]
    (tensor([2.]), tensor(1))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset: give at least one tensor")
        sizes = [len(tensor) for tensor in tensors]
        if len(set(sizes)) > 1:
            raise ValueError(f"TensorDataset: the tensors must be of one length, got {sizes}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class ConcatDataset(Dataset[Sample]):
    """One dataset after the other."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: give at least one dataset")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise TypeError("ConcatDataset: IterableDatasets have no indices; use ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(map(length, self.datasets)))

    def __getitem__(self, index: int) -> Sample:
        position = row_number(index, len(self), "ConcatDataset")
        which = bisect.bisect_right(self.cumulative_sizes, position)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][position - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[Sample]):
    """One iterable dataset after the other."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[Sample]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise TypeError(f"ChainDataset: {type(dataset).__name__} is no IterableDataset")
            yield from dataset

    def __len__(self) -> int:
        return sum(map(length, self.datasets))


class Subset(Dataset[Sample]):
    """The samples of a dataset whose numbers are in `indices`, in that order."""

    def __init__(self, dataset: Dataset[Sample], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[each] for each in index]]  # type: ignore[index]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[Sample],
    lengths: Sequence[int | float],
    generator: Generator | None = None,
) -> list[Subset[Sample]]:
    """The samples dealt out at random into parts of these lengths, or of these fractions of all.

    Fractions that add up to 1 are rounded down, and what is left goes to the first parts, one each.

    >>> [len(part) for part in random_split(range(11), [0.5, 0.5])]
    [6, 5]
    """
    count = length(dataset)
    sizes = split_sizes(lengths, count)
    order = randperm(count, generator=generator).tolist()
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends)]


def split_sizes(lengths: Sequence[int | float], count: int) -> list[int]:
    if abs(sum(lengths) - 1) < 1e-9 and any(isinstance(each, float) for each in lengths):
        for fraction in lengths:
            if not 0 <= fraction <= 1:
                raise ValueError(f"random_split: fractions lie between 0 and 1, got {fraction}")
        sizes = [int(count * fraction) for fraction in lengths]
        for part in range(count - sum(sizes)):
            sizes[part % len(sizes)] += 1
        return sizes
    if sum(lengths) != count or any(each != int(each) or each < 0 for each in lengths):
        raise ValueError(
            f"random_split: lengths must add up to the dataset's {count} (or fractions to 1), "
            f"got {list(lengths)}"
        )
    return [int(each) for each in lengths]


def length(dataset: Any) -> int:
    """len(dataset), or a TypeError that says what to write."""
    if not hasattr(dataset, "__len__"):
        raise TypeError(f"{type(dataset).__name__} has no length; define __len__")
    return len(dataset)


def row_number(index: int, count: int, name: str) -> int:
    """The index from 0, negative ones counting from the end."""
    if not -count <= index < count:
        raise IndexError(f"{name}: index {index} is out of range for {count} samples")
    return index % count


def whole_batch(dataset: Any, indices: Sequence[int]) -> list[Tensor] | None:
    """The batch of these rows by one indexing of each tensor, where the dataset is tensors.

    What default_collate makes of the rows one by one, but many times faster. None for any other
    dataset, and for one that changes what a row is.
    """
    rows = np.asarray(indices)
    while type(dataset) is Subset and rows.ndim == 1:
        rows = np.asarray(dataset.indices)[rows]
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset:
        return None
    return [tensor[rows] for tensor in dataset.tensors]
