"""Connectionist temporal classification (Graves et al. 2006): a loss where the times of the labels are not known.

Letters: T steps, N examples, C classes (one of them blank), S labels of the longest target, L = 2 S + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.base import TensorBase
from fathom.core.errors import ShapeError
from fathom.nn.functional.losses import reduced
from fathom.ops.comparison import where
from fathom.ops.reduction import logsumexp
from fathom.ops.shaping import cat, stack

if TYPE_CHECKING:
    from fathom.tensors import Tensor

NEVER = -1e30  # the logarithm of no chance: finite, because infinity minus infinity has no gradient


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    r"""$\ell = -\log \sum_\pi \prod_t p_t(\pi_t)$ over all paths $\pi$ that spell the target.

    A path names a class at each step; runs of one class count once, then blanks are left out. log_probs
    (T, N, C) or (T, C), logarithms of probabilities; targets (N, S), or all labels one after the other.
    A target that no path can spell gives infinity, or 0 with zero_infinity. "mean" divides each loss by its
    target's length and takes the mean.
    """
    single = log_probs.ndim == 2
    if single:
        log_probs = log_probs.unsqueeze(1)
    if log_probs.ndim != 3:
        raise ShapeError(
            f"ctc_loss: log_probs must be (T, N, C) or (T, C), got {tuple(log_probs.shape)}"
        )
    steps, examples, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError(
            f"ctc_loss: blank must be in label range, got {blank} of {classes} classes"
        )
    times, counts = whole(input_lengths), whole(target_lengths)
    if len(times) != examples or len(counts) != examples:
        raise RuntimeError(
            f"ctc_loss: input_lengths and target_lengths must be of size {examples}, got {len(times)} and {len(counts)}"
        )
    if examples and times.max() > steps:
        raise RuntimeError(
            f"ctc_loss: expected input_lengths to have value at most {steps}, got {times.max()}"
        )
    rows = padded(targets.numpy(), counts, blank)
    if rows.size and (rows.min() < 0 or rows.max() >= classes):
        raise IndexError(f"ctc_loss: targets must be classes from 0 to {classes - 1}")
    ways = chances(log_probs, rows, blank)  # (T, N, L)
    losses = -last(ways, times, counts)
    impossible = losses >= -NEVER / 2
    losses = where(impossible, 0.0 if zero_infinity else float("inf"), losses)
    if reduction == "mean":
        return (losses / losses.new_tensor(np.maximum(counts, 1))).mean()
    return reduced(losses.squeeze(0) if single else losses, reduction)


def whole(lengths: Tensor | Sequence[int]) -> np.ndarray:
    return np.atleast_1d(
        lengths.numpy() if isinstance(lengths, TensorBase) else np.asarray(lengths, np.int64)
    )


def padded(targets: np.ndarray, counts: np.ndarray, blank: int) -> np.ndarray:
    """The labels of each example in a row, and blanks after them: (N, S)."""
    longest = int(counts.max(initial=0))
    rows = np.full((len(counts), longest), blank, np.int64)
    if targets.ndim == 1 and targets.size != counts.sum():
        raise RuntimeError(
            f"ctc_loss: target_lengths add up to {counts.sum()}, but there are {targets.size} labels"
        )
    if targets.ndim == 2 and targets.shape[1] < longest:
        raise RuntimeError(
            f"ctc_loss: a target length is {longest}, but targets are {targets.shape}"
        )
    ends = np.cumsum(counts)
    for n, (count, end) in enumerate(zip(counts, ends)):
        rows[n, :count] = targets[end - count : end] if targets.ndim == 1 else targets[n, :count]
    return rows


def chances(log_probs: Tensor, rows: np.ndarray, blank: int) -> Tensor:
    """The logarithm of the chance that a path is at place l of "blank a blank b blank" after step t: (T, N, L)."""
    examples, count = rows.shape
    places = np.full((examples, 2 * count + 1), blank, np.int64)
    places[:, 1::2] = rows
    jumps = np.zeros(places.shape, bool)  # over a blank, unless it parts two equal labels
    jumps[:, 3::2] = rows[:, 1:] != rows[:, :-1]
    emitted = log_probs.gather(
        2, log_probs.new_tensor(places).long().expand((len(log_probs), *places.shape))
    )
    first = np.zeros(places.shape, bool)
    first[:, :2] = True
    never = emitted.new_full((examples, 2), NEVER)
    may_jump = emitted.new_tensor(jumps) != 0
    ways = [where(emitted.new_tensor(first) != 0, emitted[0], NEVER)]
    for t in range(1, len(emitted)):
        before = cat([never, ways[-1]], 1)  # shifted by two places
        stay, step, jump = before[:, 2:], before[:, 1:-1], where(may_jump, before[:, :-2], NEVER)
        ways.append(logsumexp(stack([stay, step, jump]), 0) + emitted[t])
    return stack(ways)


def last(ways: Tensor, times: np.ndarray, counts: np.ndarray) -> Tensor:
    """The logarithm of the chance of ending on the last label or the blank after it: (N)."""
    examples = np.arange(len(times))
    ends = ways[times - 1, examples]  # (N, L)
    at_blank = ends[examples, 2 * counts]
    at_label = where(
        ends.new_tensor(counts) > 0, ends[examples, np.maximum(2 * counts - 1, 0)], NEVER
    )
    return logsumexp(stack([at_blank, at_label]), 0)
