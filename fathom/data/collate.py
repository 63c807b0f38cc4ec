"""Samples to a batch: tensors stacked, numbers to tensors, inside tuples, lists and mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fathom.core import dtypes
from fathom.ops.creation import as_tensor, from_numpy, tensor
from fathom.ops.shaping import stack
from fathom.tensors import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Puts N samples of one structure together along a new first axis.

    tensors, NumPy arrays (..)   -> tensor (N, ..)       float, int, bool  -> tensor (N)
    str, bytes                   -> as they come         tuple, list       -> list, entry by entry
    mapping                      -> mapping of the same kind; a named tuple stays one

    Python floats become float64, as in PyTorch. Raises TypeError for other kinds, ValueError where
    samples differ in shape or length.

    >>> default_collate([(1, 0.5), (2, 1.5)])
    [tensor([1, 2]), tensor([0.5000, 1.5000], dtype=fathom.float64)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        check_shapes([tuple(sample.shape) for sample in batch])
        return stack(list(batch))
    if isinstance(first, np.ndarray | np.generic):
        check_shapes([np.shape(sample) for sample in batch])
        return from_numpy(np.stack(batch))
    if isinstance(first, bool | int):
        return tensor(list(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=dtypes.float64)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return collate_mappings(batch)
    if isinstance(first, Sequence):
        return collate_sequences(batch)
    raise TypeError(
        "default_collate: a batch is made of tensors, NumPy arrays, numbers, text, tuples, lists "
        f"and mappings; got {type(first).__name__}; pass your own collate_fn"
    )


def collate_mappings(batch: Sequence[Mapping]) -> Any:
    for number, sample in enumerate(batch):
        if sample.keys() != batch[0].keys():
            raise ValueError(
                f"default_collate: sample 0 has the keys {list(batch[0])}, sample {number} "
                f"{list(sample)}"
            )
    collated = {key: default_collate([sample[key] for sample in batch]) for key in batch[0]}
    kind: Any = type(batch[0])
    return collated if kind is dict else kind(collated)


def collate_sequences(batch: Sequence[Sequence]) -> Any:
    for number, sample in enumerate(batch):
        if len(sample) != len(batch[0]):
            raise ValueError(
                f"default_collate: sample 0 has {len(batch[0])} entries, sample {number} has "
                f"{len(sample)}"
            )
    entries = [default_collate(entry) for entry in zip(*batch)]
    kind: Any = type(batch[0])
    return kind(*entries) if hasattr(kind, "_fields") else entries


def check_shapes(shapes: list[tuple[int, ...]]) -> None:
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ValueError(
                f"default_collate: sample 0 has the shape {shapes[0]}, sample {number} {shape}; "
                "pad them to one shape, or pass your own collate_fn"
            )


def default_convert(sample: Any) -> Any:
    """A sample as it is, its NumPy arrays as tensors; what DataLoader does with batch_size=None."""
    if isinstance(sample, np.ndarray | np.generic) and sample.dtype.kind not in "SUO":
        return as_tensor(np.asarray(sample))
    if isinstance(sample, Mapping):
        return {key: default_convert(value) for key, value in sample.items()}
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*(default_convert(entry) for entry in sample))
    if isinstance(sample, list | tuple):
        return type(sample)(default_convert(entry) for entry in sample)
    return sample
