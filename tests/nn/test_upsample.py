"""Interpolation and pixel shuffling against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn, ones
from tests.nn.against_torch import same_function

SIZES = {1: (5,), 2: (5, 6), 3: (3, 4, 5)}
SMOOTH = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}
TARGETS = [
    {"size": (7, 4, 8)},
    {"scale_factor": 2.0},
    {"scale_factor": 1.7},
    {"scale_factor": 1.7, "recompute_scale_factor": True},
    {"scale_factor": 0.6},
]


def numbers(*shape):
    return [np.random.default_rng(0).standard_normal(shape)]


def cases():
    for n in (1, 2, 3):
        for mode in ("nearest", "nearest-exact", "area"):
            yield n, mode, None
        for mode in SMOOTH[n]:
            yield n, mode, False
            yield n, mode, True


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("n, mode, align_corners", list(cases()))
def test_interpolation_is_pytorchs(n, mode, align_corners, target):
    arguments = {**target, "mode": mode, "align_corners": align_corners}
    if "size" in target:
        arguments["size"] = target["size"][:n]
    same_function(
        lambda x: F.interpolate(x, **arguments),
        lambda x: TF.interpolate(x, **arguments),
        numbers(2, 3, *SIZES[n]),
    )


def test_interpolation_in_single_precision_is_pytorchs():
    same_function(
        lambda x: F.interpolate(x, scale_factor=3, mode="bilinear"),
        lambda x: TF.interpolate(x, scale_factor=3, mode="bilinear"),
        numbers(2, 3, 5, 6), np.float32, second_order=False,
    )  # fmt: skip


@pytest.mark.parametrize("name, factor, shape", [
    ("pixel_shuffle", 2, (2, 8, 3, 4)), ("pixel_shuffle", 3, (9, 2, 2)), ("pixel_unshuffle", 2, (2, 2, 6, 4)),
])  # fmt: skip
def test_pixel_shuffling_is_pytorchs(name, factor, shape):
    same_function(
        lambda x: getattr(F, name)(x, factor),
        lambda x: getattr(TF, name)(x, factor),
        numbers(*shape),
    )


def test_channel_shuffling_is_pytorchs():
    (x,) = numbers(2, 6, 3, 2)
    expected = TF.channel_shuffle(torch.tensor(x), 3).numpy()
    np.testing.assert_array_equal(F.channel_shuffle(fathom.tensor(x), 3).numpy(), expected)


@pytest.mark.parametrize("name, arguments, shape", [
    ("Upsample", {"scale_factor": 2}, (2, 3, 5)),
    ("Upsample", {"size": (7, 8), "mode": "bilinear", "align_corners": True}, (2, 3, 5, 6)),
    ("Upsample", {"scale_factor": (2, 1.5)}, (2, 3, 5, 6)),
    ("UpsamplingNearest2d", {"scale_factor": 2}, (2, 3, 5, 6)),
    ("UpsamplingBilinear2d", {"size": 9}, (2, 3, 5, 6)),
    ("PixelShuffle", {"upscale_factor": 2}, (2, 8, 3, 4)),
    ("PixelUnshuffle", {"downscale_factor": 2}, (2, 2, 6, 4)),
])  # fmt: skip
def test_a_layer_prints_and_computes_what_pytorchs_does(name, arguments, shape):
    ours, theirs = (getattr(lib, name)(**arguments) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    same_function(ours, theirs, numbers(*shape))


def test_channel_shuffle_prints_as_pytorchs():
    assert repr(nn.ChannelShuffle(2)) == repr(torch.nn.ChannelShuffle(2))


@pytest.mark.parametrize("call, message", [
    (lambda: F.interpolate(ones(3, 4), size=2),
     r"expected an input \(N, C, sizes...\) of 3 to 5 dims, got \(3, 4\)"),
    (lambda: F.interpolate(ones(1, 1, 4)), "give either size or scale_factor"),
    (lambda: F.interpolate(ones(1, 1, 4), size=2, scale_factor=2), "give either size or scale_factor"),
    (lambda: F.interpolate(ones(1, 1, 4), size=2, mode="bilinear"),
     "got an input of 3 dims, but mode 'bilinear' is for 4"),
    (lambda: F.interpolate(ones(1, 1, 4), size=2, mode="spline"), "unknown mode 'spline'"),
    (lambda: F.interpolate(ones(1, 1, 4), size=2, align_corners=True), "align_corners can only be set with"),
    (lambda: F.interpolate(ones(1, 1, 4), size=2, mode="linear", antialias=True), "use mode='area'"),
    (lambda: F.interpolate(ones(1, 1, 4), scale_factor=0.1), "the size that results must be .* >= 1"),
    (lambda: F.pixel_shuffle(ones(3, 2, 2), 2), r"must be divisible by upscale_factor\^2 = 4"),
    (lambda: F.pixel_unshuffle(ones(1, 3, 2), 2), "must be divisible by downscale_factor 2"),
    (lambda: F.channel_shuffle(ones(1, 3, 2), 2), "must be divisible by groups 2"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises((ValueError, NotImplementedError), match=message):
        call()
