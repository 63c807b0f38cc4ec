"""Rows of a table by number. Letters: V rows, D their length, * the shape of the numbers, B bags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.autograd import no_grad
from fathom.core.base import is_plain
from fathom.core.errors import DtypeError, ShapeError
from fathom.ops import comparison
from fathom.ops.gathering import Gather
from fathom.ops.norms import vector_norm

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    r"""$y_{*d} = W_{x_* d}$: the rows of the table that the numbers name. x (*), weight (V, D) -> (*, D).

    The row padding_idx gets no gradient. With max_norm, rows in use that are longer are first shortened
    to it, in the table itself. Gradients are dense: sparse=True changes nothing.

    >>> table = fathom.tensor([[0., 0.], [1., 10.]])
    >>> fathom.nn.functional.embedding(fathom.tensor([1, 0, 1]), table)
    tensor([[ 1., 10.],
            [ 0.,  0.],
            [ 1., 10.]])
    """
    rows = weight.shape[0]
    numbered("embedding", input, rows)
    if padding_idx is not None:
        padding_idx = padding_row(padding_idx, rows)
    if max_norm is not None:
        shorten(weight, input, max_norm, norm_type)
    y = Gather()(weight, input)
    if scale_grad_by_freq:
        y = gradient_divided(y, frequencies(input, rows))
    if padding_idx is None:
        return y
    padding = (input == padding_idx).unsqueeze(-1).expand(y.shape)
    return comparison.where(padding, y.detach(), y)


def numbered(name: str, input: Tensor, rows: int) -> None:
    """The numbers must be integers, from 0 to rows - 1."""
    if input.dtype.kind != "int":
        raise DtypeError(
            f"{name}: expected integers to look up, got {input.dtype}; convert with .long()"
        )
    if is_plain(input) and input.numel():
        low, high = int(input.array.min()), int(input.array.max())
        if low < 0 or high >= rows:
            raise IndexError(
                f"{name}: index {low if low < 0 else high} is out of range: the table has {rows} rows, 0 to {rows - 1}"
            )


def padding_row(padding_idx: int, rows: int) -> int:
    """padding_idx as a row of the table; negative numbers count from the end."""
    if not -rows <= padding_idx < rows:
        raise AssertionError(
            f"Padding_idx must be within num_embeddings: got {padding_idx} for {rows} rows"
        )
    return padding_idx % rows


def shorten(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows in use that are longer than max_norm to that length, in place."""
    with no_grad():
        used = input.reshape(-1).unique()
        chosen = weight[used]
        lengths = vector_norm(chosen, norm_type, -1, keepdim=True)
        weight[used] = comparison.where(
            lengths > max_norm, chosen * (max_norm / (lengths + 1e-7)), chosen
        )


def frequencies(input: Tensor, rows: int) -> Tensor:
    """How often each number of the input stands in it."""
    return input.reshape(-1).bincount(minlength=rows)[input]


def gradient_divided(y: Tensor, divisor: Tensor) -> Tensor:
    """y as it is, with a gradient that is divided row by row."""
    still = y.detach()
    return still + (y - still) / divisor.unsqueeze(-1).to(y.dtype)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or maxima of bags of rows. weight (V, D) -> (B, D).

    input (B, L): bags of one length. Or input (N) with offsets (B): where each bag begins. Rows that
    padding_idx names are left out; an empty bag gives 0.
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, got {mode!r}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            f"embedding_bag: per_sample_weights is only supported for mode='sum', got {mode!r}"
        )
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "embedding_bag: if input is 2D, then offsets has to be None, as each row of it is a bag"
            )
        bags, length = input.shape
        bag = input.new_tensor(range(bags)).repeat_interleave(length)
    elif input.ndim == 1:
        if offsets is None or offsets.ndim != 1:
            raise ValueError("embedding_bag: a 1-d input needs offsets (B), where each bag begins")
        starts = offsets[:-1] if include_last_offset else offsets
        bags = starts.shape[0]
        bag = (input.new_tensor(range(input.shape[0])).unsqueeze(-1) >= starts).sum(-1) - 1
    else:
        raise ShapeError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}"
        )
    numbers = input.reshape(-1)
    y = embedding(numbers, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)
    there = (
        numbers.new_ones(numbers.shape)
        if padding_idx is None
        else (numbers != padding_row(padding_idx, weight.shape[0])).long()
    )
    if mode == "max":
        return largest(y, bag, bags, there)
    shares = (
        there.to(y.dtype) if per_sample_weights is None else there * per_sample_weights.reshape(-1)
    )
    sums = y.new_zeros((bags, y.shape[-1])).index_add(0, bag, y * shares.unsqueeze(-1))
    if mode == "sum":
        return sums
    counts = there.new_zeros((bags,)).index_add(0, bag, there).clamp(min=1)
    return sums / counts.unsqueeze(-1).to(y.dtype)


def largest(y: Tensor, bag: Tensor, bags: int, there: Tensor) -> Tensor:
    """The maxima of each bag, element by element; 0 for an empty bag."""
    inside = (bag.unsqueeze(0) == bag.new_tensor(range(bags)).unsqueeze(-1)) & (there > 0)  # (B, N)
    candidates = comparison.where(inside.unsqueeze(-1), y.unsqueeze(0), -float("inf"))  # (B, N, D)
    top = candidates.max(1).values if y.shape[0] else y.new_full((bags, y.shape[-1]), -float("inf"))
    return comparison.where(inside.any(1).unsqueeze(-1), top, 0.0)
