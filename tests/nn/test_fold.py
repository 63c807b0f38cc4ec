"""Unfold and fold against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn
from tests.nn.against_torch import same_function

DTYPES = [np.float32, np.float64]


def numbers(*shape):
    return [np.random.default_rng(0).standard_normal(shape)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, arguments", [
    ((2, 3, 6, 7), {"kernel_size": (3, 2), "padding": 1, "stride": (2, 1), "dilation": (1, 2)}),
    ((3, 6, 7), {"kernel_size": 2}),
    ((2, 1, 9, 9), {"kernel_size": 2, "stride": 4}),
])  # fmt: skip
def test_unfold_is_pytorchs(shape, arguments, dtype):
    same_function(
        lambda x: F.unfold(x, **arguments),
        lambda x: TF.unfold(x, **arguments),
        numbers(*shape),
        dtype,
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, arguments", [
    ((2, 12, 20), {"output_size": (5, 6), "kernel_size": 2}),
    ((12, 30), {"output_size": (4, 5), "kernel_size": 2, "padding": 1}),
    ((1, 12, 8), {"output_size": (9, 5), "kernel_size": (3, 2), "stride": (2, 3), "dilation": 1}),
])  # fmt: skip
def test_fold_is_pytorchs(shape, arguments, dtype):
    same_function(
        lambda x: F.fold(x, **arguments), lambda x: TF.fold(x, **arguments), numbers(*shape), dtype
    )


def test_fold_of_unfold_counts_the_windows_of_each_element():
    x = fathom.tensor(numbers(2, 3, 5, 6)[0])
    counts = F.fold(
        F.unfold(fathom.ones(1, 1, 5, 6, dtype=x.dtype), 3, padding=1), (5, 6), 3, padding=1
    )
    assert fathom.allclose(F.fold(F.unfold(x, 3, padding=1), (5, 6), 3, padding=1), x * counts)


def test_folding_large_images_part_by_part_changes_no_number():
    x = numbers(3, 27, 300 * 300)[0].astype(np.float32)
    ours = F.fold(fathom.from_numpy(x), (302, 302), 3)
    np.testing.assert_allclose(
        ours.numpy(), TF.fold(torch.from_numpy(x), (302, 302), 3).numpy(), atol=1e-5
    )


def test_layers_print_and_compute_what_pytorchs_do():
    for name, arguments, shape in (
        ("Unfold", {"kernel_size": (2, 3), "stride": 2}, (2, 3, 6, 7)),
        ("Fold", {"output_size": (4, 5), "kernel_size": 2}, (2, 12, 12)),
    ):
        ours, theirs = (getattr(lib, name)(**arguments) for lib in (nn, torch.nn))
        assert repr(ours) == repr(theirs)
        same_function(ours, theirs, numbers(*shape))


@pytest.mark.parametrize("call, message", [
    (lambda: F.unfold(fathom.ones(1, 1, 2, 2), 3), r"windows of \(3, 3\) .* do not fit into the padded image \(2, 2\)"),
    (lambda: F.fold(fathom.ones(1, 5, 4), 3, 2), "dim 1 must be divisible by 4, and dim 2 must be 4 = 2 x 2 windows"),
    (lambda: F.fold(fathom.ones(1, 4, 4, 1), 3, 2), r"expected an input \(N, C P Q, L\) or \(C P Q, L\)"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises(ValueError, match=message):
        call()
