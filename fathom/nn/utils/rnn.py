"""Sequences of different lengths in one tensor: padded to the longest, or packed step by step.

Letters: B sequences, T steps of the longest, * the sizes of one element.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fathom.core.base import TensorBase, new
from fathom.core.errors import ShapeError
from fathom.ops.shaping import cat, narrow, stack

if TYPE_CHECKING:
    from fathom.tensors import Tensor


class PackedSequence(NamedTuple):
    """The elements of all sequences, step after step: at each step those sequences that still go on.

    data (sum of lengths, *); batch_sizes (T), how many sequences each step has; and, where the sequences
    were not given in the order of falling length, the permutation that sorts them and its inverse (B).
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With the data in another dtype or on another device."""
        return self._replace(data=self.data.to(*args, **kwargs))


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | Sequence[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Pack padded sequences. input (T, B, *), or (B, T, *) with batch_first; lengths (B), each from 1 to T.

    With enforce_sorted the lengths must not rise; otherwise the sequences are sorted here.

    >>> padded = fathom.tensor([[1, 2, 3], [4, 0, 0]])
    >>> packed = fathom.nn.utils.rnn.pack_padded_sequence(padded, [3, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """
    x = input.transpose(0, 1) if batch_first else input  # (T, B, *)
    n = whole_numbers(lengths)
    steps, batch = x.shape[:2]
    if n.shape != (batch,):
        raise ShapeError(
            f"pack_padded_sequence: got {n.size} lengths for {batch} sequences of x {tuple(input.shape)}"
        )
    if n.size and (n.min() < 1 or n.max() > steps):
        raise ValueError(
            f"pack_padded_sequence: lengths must be from 1 to {steps}, the number of steps of x {tuple(input.shape)};"
            f" got {n.min()} to {n.max()}"
        )
    order = None
    if enforce_sorted:
        if (n[1:] > n[:-1]).any():
            raise RuntimeError(
                "pack_padded_sequence: lengths must be sorted in decreasing order when enforce_sorted=True;"
                " pass enforce_sorted=False to have them sorted"
            )
    else:
        order = np.argsort(-n, kind="stable")
        n, x = n[order], x.index_select(1, x.new_tensor(order))
    going = np.arange(steps)[:, None] < n  # (T, B)
    going = going[: n.max(initial=0)]
    rows = x.new_tensor(np.flatnonzero(going))
    data = x.reshape((steps * batch, *x.shape[2:])).index_select(0, rows)
    sizes = new(going.sum(1))
    if order is None:
        return PackedSequence(data, sizes)
    permutation = x.new_tensor(order)
    return PackedSequence(data, sizes, permutation, invert_permutation(permutation))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """(padded sequences, their lengths): the inverse of pack_padded_sequence; T becomes total_length if given.

    >>> packed = fathom.nn.utils.rnn.pack_sequence([fathom.tensor([1, 2]), fathom.tensor([3])])
    >>> fathom.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    data = sequence.data
    sizes = sequence.batch_sizes.numpy()
    steps, batch = len(sizes), int(sizes[0])
    total = steps if total_length is None else total_length
    if total < steps:
        raise ValueError(
            f"pad_packed_sequence: total_length {total} is less than {steps}, the longest sequence's"
        )
    rows = np.full((total, batch), len(data))  # the row of the filling
    going = np.arange(batch) < sizes[:, None]
    rows[:steps][going] = np.arange(len(data))
    filling = data.new_full((1, *data.shape[1:]), padding_value)
    padded = cat([data, filling], 0).index_select(0, data.new_tensor(rows.reshape(-1)))
    padded = padded.reshape((total, batch, *data.shape[1:]))
    lengths = new(going.sum(0))
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        lengths = lengths.index_select(0, sequence.unsorted_indices.cpu())
    return (padded.transpose(0, 1) if batch_first else padded), lengths


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (T_b, *) in one tensor (T, B, *), or (B, T, *) with batch_first, filled up with padding_value.

    >>> fathom.nn.utils.rnn.pad_sequence([fathom.tensor([1, 2]), fathom.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if padding_side not in ("left", "right"):
        raise ValueError(
            f"pad_sequence: padding_side must be 'left' or 'right', got {padding_side!r}"
        )
    xs = list(sequences)
    if not xs:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    longest = max(x.shape[0] for x in xs)
    full = []
    for x in xs:
        filling = x.new_full((longest - x.shape[0], *x.shape[1:]), padding_value)
        full.append(cat([x, filling] if padding_side == "right" else [filling, x], 0))
    return stack(full, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False
) -> list[Tensor]:
    """The sequences without their padding: the inverse of pad_sequence.

    >>> fathom.nn.utils.rnn.unpad_sequence(fathom.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [narrow(row, 0, 0, int(n)) for row, n in zip(x, whole_numbers(lengths), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences (T_b, *).

    >>> fathom.nn.utils.rnn.pack_sequence([fathom.tensor([1, 2]), fathom.tensor([3])]).data
    tensor([1, 3, 2])
    """
    return pack_padded_sequence(
        pad_sequence(sequences), [len(x) for x in sequences], enforce_sorted=enforce_sorted
    )


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The list of sequences: the inverse of pack_sequence.

    >>> rnn = fathom.nn.utils.rnn
    >>> rnn.unpack_sequence(rnn.pack_sequence([fathom.tensor([1, 2]), fathom.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences))


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one.

    >>> fathom.nn.utils.rnn.invert_permutation(fathom.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else permutation.argsort()


def whole_numbers(lengths: Tensor | Sequence[int]) -> np.ndarray:
    if isinstance(lengths, TensorBase):
        return lengths.numpy().astype(np.int64)
    return np.array([int(n) for n in lengths], np.int64)
