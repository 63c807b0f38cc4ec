"""Padding against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn, ones
from tests.nn.against_torch import same_function

SIZES = {1: (2, 3, 5), 2: (2, 3, 5, 6), 3: (2, 3, 4, 5, 6)}
WIDTHS = {1: (2, 1), 2: (2, 1, 4, 3), 3: (2, 1, 3, 2, 0, 1)}


def numbers(shape):
    return [np.random.default_rng(0).standard_normal(shape)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_mode_is_pytorchs(n, mode, dtype):
    arrays, widths = numbers(SIZES[n]), WIDTHS[n]
    same_function(
        lambda x: F.pad(x, widths, mode),
        lambda x: TF.pad(x, widths, mode),
        arrays,
        dtype,
        dtype is np.float64,
    )


@pytest.mark.parametrize(
    "widths, value", [((2, -1), 3.5), ((-1, 0, 4, 4), None), ((1, 1), float("-inf")), ((0, 0), 1.0)]
)
def test_constants_and_negative_widths_are_pytorchs(widths, value):
    arrays = numbers((2, 3, 5))
    same_function(
        lambda x: F.pad(x, widths, value=value), lambda x: TF.pad(x, widths, value=value), arrays
    )


def test_integers_and_bools_are_padded_too():
    assert F.pad(fathom.tensor([1, 2]), (1, 0), value=7).tolist() == [7, 1, 2]
    assert F.pad(fathom.tensor([True]), (1, 1)).tolist() == [False, True, False]


def test_padding_maps_over_examples():
    (x,) = map(fathom.tensor, numbers((3, 2, 5)))
    for mode in ("constant", "reflect", "replicate", "circular"):
        mapped = fathom.func.vmap(lambda a, mode=mode: F.pad(a, (2, 1), mode))(x)
        assert fathom.equal(mapped, F.pad(x, (2, 1), mode))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Zero", "Reflection", "Replication", "Circular"])
@pytest.mark.parametrize("given", ["one", "each"])
def test_a_layer_prints_and_computes_what_pytorchs_does(kind, n, given):
    widths = 1 if given == "one" else WIDTHS[n]
    ours, theirs = (getattr(lib, f"{kind}Pad{n}d")(widths) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    same_function(ours, theirs, numbers(SIZES[n]))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_constant_layer_prints_and_computes_what_pytorchs_does(n):
    ours, theirs = (getattr(lib, f"ConstantPad{n}d")(WIDTHS[n], 2.5) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    same_function(ours, theirs, numbers(SIZES[n]))


@pytest.mark.parametrize("call, message", [
    (lambda: F.pad(ones(3), (1, 1, 1)), "expected two numbers for each of at most 1 dims"),
    (lambda: F.pad(ones(3), (1, 1, 1, 1)), "expected two numbers for each of at most 1 dims"),
    (lambda: F.pad(ones(1, 3), (3, 0), "reflect"), "reflect padding of 3 does not fit dim 1 .*: at most 2"),
    (lambda: F.pad(ones(1, 3), (4, 0), "circular"), "circular padding of 4 does not fit dim 1 .*: at most 3"),
    (lambda: F.pad(ones(1, 3), (1, 0), "mirror"), "unrecognised padding mode 'mirror'"),
    (lambda: F.pad(ones(1, 3), (1, 0), "reflect", 2.0), "value 2.0 has no use"),
    (lambda: nn.ZeroPad2d((1, 2)), "padding must be one or 4 whole numbers"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises((ValueError, NotImplementedError), match=message):
        call()
