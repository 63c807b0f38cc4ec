"""Counts, histograms, distinct values: results that depend on values, and wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import fathom


def test_one_hot_counts_its_classes_and_checks_them():
    y = fathom.one_hot(fathom.tensor([[0, 2], [1, 0]]))
    assert tuple(y.shape) == (2, 2, 3)
    assert y.dtype is fathom.int64
    assert y.sum(-1).tolist() == [[1, 1], [1, 1]]
    with pytest.raises(RuntimeError, match=r"class values must be in \[0, 1\], got 0 to 2"):
        fathom.one_hot(fathom.tensor([0, 2]), 2)
    with pytest.raises(RuntimeError, match="dtype int64, got fathom.float32"):
        fathom.one_hot(fathom.ones(2))
    with pytest.raises(RuntimeError, match="cannot infer num_classes"):
        fathom.one_hot(fathom.tensor([], dtype=fathom.int64))


def test_one_hot_is_mapped():
    y = fathom.func.vmap(lambda k: fathom.one_hot(k, 3))(fathom.tensor([0, 2]))
    assert y.tolist() == [[1, 0, 0], [0, 0, 1]]


def test_each_nan_is_a_value_of_its_own():
    assert fathom.tensor([float("nan"), 1.0, float("nan")]).unique().numel() == 3


def test_unique_of_nothing_is_nothing():
    values, inverse, counts = fathom.unique(
        fathom.zeros(0), return_inverse=True, return_counts=True
    )
    assert (values.numel(), inverse.numel(), counts.numel()) == (0, 0, 0)
    assert fathom.unique_consecutive(fathom.zeros(0)).numel() == 0


def test_unique_cannot_be_mapped_and_says_so():
    with pytest.raises(RuntimeError, match="unique: the values are not known inside batched"):
        fathom.func.vmap(fathom.unique)(fathom.ones(2, 3))


def test_wrong_counts_say_what_is_wrong():
    with pytest.raises(RuntimeError, match="bincount: only supports 1-d non-negative"):
        fathom.bincount(fathom.tensor([-1, 2]))
    with pytest.raises(RuntimeError, match="should have the same length"):
        fathom.bincount(fathom.tensor([1, 2]), fathom.ones(3))
    with pytest.raises(RuntimeError, match="histc: bins must be > 0"):
        fathom.histc(fathom.ones(2), 0)
    with pytest.raises(RuntimeError, match="histc: range of"):
        fathom.histc(fathom.ones(2), 2, 3, 1)


def test_histc_of_equal_numbers_puts_them_in_the_middle():
    torch = pytest.importorskip("torch")
    np.testing.assert_array_equal(
        fathom.histc(fathom.ones(3), 4).numpy(), torch.histc(torch.ones(3), 4).numpy()
    )
