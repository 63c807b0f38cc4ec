"""CTC against PyTorch, and against a sum over all paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn
from tests.nn.against_torch import same_function

random = np.random.default_rng(0)
SCORES = random.normal(size=(7, 3, 5))
TARGETS = np.array([[1, 2, 2], [4, 0, 0], [3, 1, 0]])
TIMES, COUNTS = [7, 5, 6], [3, 1, 2]
JOINED = np.array([1, 2, 2, 4, 3, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("targets", [TARGETS, JOINED])
def test_ctc_agrees_with_pytorch(targets, reduction, dtype):
    def ours(x, t):
        return F.ctc_loss(F.log_softmax(x, 2), t, TIMES, COUNTS, reduction=reduction)

    def theirs(x, t):
        return TF.ctc_loss(TF.log_softmax(x, 2), t, TIMES, COUNTS, reduction=reduction)

    same_function(ours, theirs, [SCORES, targets], dtype, second_order=False)


def test_ctc_is_the_sum_over_all_paths_that_spell_the_target():
    logs = F.log_softmax(fathom.tensor(SCORES[:4, 0, :3]), 1)
    total = 0.0
    for path in itertools.product(range(3), repeat=4):
        spelt = [c for c, _ in itertools.groupby(path) if c != 0]
        if spelt == [1, 2]:
            total += np.exp(sum(logs[t, c].item() for t, c in enumerate(path)))
    loss = F.ctc_loss(
        logs, fathom.tensor([1, 2]), fathom.tensor(4), fathom.tensor(2), reduction="none"
    )
    assert loss.shape == () and loss.item() == pytest.approx(-np.log(total))


@pytest.mark.parametrize(("zero_infinity", "expected"), [(False, float("inf")), (True, 0.0)])
def test_a_target_that_no_path_spells_gives_infinity_or_0(zero_infinity, expected):
    scores = fathom.tensor(SCORES[:2], requires_grad=True)
    loss = F.ctc_loss(
        F.log_softmax(scores, 2), fathom.tensor(TARGETS), [2] * 3, COUNTS, 0, "none", zero_infinity
    )
    assert loss[0].item() == expected and np.isfinite(loss[1].item())
    loss.sum().backward()
    assert bool(scores.grad.isfinite().all())


def test_an_empty_target_is_spelt_by_blanks_only():
    logs = F.log_softmax(fathom.tensor(SCORES), 2)
    loss = F.ctc_loss(logs, fathom.tensor(TARGETS), TIMES, [0, 1, 0], reduction="none")
    assert loss[0].item() == pytest.approx(-logs[:, 0, 0].sum().item())


def test_the_module_hands_on_its_options():
    ours, theirs = nn.CTCLoss(blank=3, reduction="sum"), torch.nn.CTCLoss(blank=3, reduction="sum")
    assert repr(ours) == repr(theirs)
    targets = np.array([[1, 2, 2], [4, 0, 0], [0, 1, 0]])
    value = ours(F.log_softmax(fathom.tensor(SCORES), 2), fathom.tensor(targets), TIMES, COUNTS)
    expected = theirs(TF.log_softmax(torch.tensor(SCORES), 2), torch.tensor(targets), TIMES, COUNTS)
    assert value.item() == pytest.approx(expected.item())


def test_wrong_lengths_and_labels_are_refused():
    logs, targets = F.log_softmax(fathom.tensor(SCORES), 2), fathom.tensor(TARGETS)
    with pytest.raises(RuntimeError, match="value at most 7, got 9"):
        F.ctc_loss(logs, targets, [9, 5, 6], COUNTS)
    with pytest.raises(RuntimeError, match="must be of size 3, got 2 and 3"):
        F.ctc_loss(logs, targets, [7, 5], COUNTS)
    with pytest.raises(RuntimeError, match="blank must be in label range"):
        F.ctc_loss(logs, targets, TIMES, COUNTS, blank=5)
    with pytest.raises(RuntimeError, match="add up to 6, but there are 5 labels"):
        F.ctc_loss(logs, fathom.tensor(JOINED[:5]), TIMES, COUNTS)
    with pytest.raises(RuntimeError, match="a target length is 3, but targets are"):
        F.ctc_loss(logs, targets[:, :2], TIMES, COUNTS)
    with pytest.raises(IndexError, match="classes from 0 to 4"):
        F.ctc_loss(logs, targets + 4, TIMES, COUNTS)
    with pytest.raises(ValueError, match="log_probs must be"):
        F.ctc_loss(logs[0, 0], targets, TIMES, COUNTS)
