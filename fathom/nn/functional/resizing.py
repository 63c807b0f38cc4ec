r"""Images larger and smaller: interpolation, and channels exchanged for pixels.

Along one axis, each output is a weighted sum of inputs: resizing is a matrix for each axis, in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.errors import ShapeError
from fathom.nn.functional.adaptive import adaptive_avg_pool, along
from fathom.nn.functional.sizes import per_axis

if TYPE_CHECKING:
    from fathom.tensors import Tensor

LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}  # mode -> the number of axes it is for


def interpolate(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest", align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:  # fmt: skip
    r"""The input at another size: `size` elements along each axis, or `scale_factor` times as many.

    input (N, C, W), (N, C, H, W) or (N, C, D, H, W). mode: "nearest", "nearest-exact", "area" for any; "linear"
    for one axis, "bilinear" and "bicubic" for two, "trilinear" for three. Elements are taken as small areas;
    with align_corners=True as points, the outermost of which stay where they are.

    >>> x = fathom.tensor([[[1., 3.]]])
    >>> fathom.nn.functional.interpolate(x, scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    >>> fathom.nn.functional.interpolate(x, size=3, mode="linear", align_corners=True)
    tensor([[[1., 2., 3.]]])
    """
    n = input.ndim - 2
    if n not in (1, 2, 3):
        raise ShapeError(
            f"interpolate: expected an input (N, C, sizes...) of 3 to 5 dims, got {tuple(input.shape)}"
        )
    check_mode(mode, n, align_corners, antialias)
    sizes, factors = target(input, n, size, scale_factor)
    if recompute_scale_factor:
        factors = (None,) * n
    if mode == "area":
        return adaptive_avg_pool(input, "interpolate", n, sizes)
    y = input
    for axis, (after, factor) in enumerate(zip(sizes, factors), start=2):
        before = input.shape[axis]
        if mode in ("nearest", "nearest-exact"):
            at = nearest(before, after, factor, mode == "nearest-exact")
            y = y.index_select(axis, input.new_tensor(at))
        elif before != after or factor not in (None, 1):
            at = positions(before, after, factor, bool(align_corners))
            y = along(
                y,
                axis,
                cubic_matrix(at, before) if mode == "bicubic" else linear_matrix(at, before),
            )
    return y


def check_mode(mode: str, n: int, align_corners: bool | None, antialias: bool) -> None:
    if antialias:
        raise NotImplementedError(
            "interpolate: antialias=True is not there; use mode='area' to make images smaller"
        )
    if mode in ("nearest", "nearest-exact", "area"):
        if align_corners is not None:
            raise ValueError(
                "interpolate: align_corners can only be set with the modes linear, bilinear, bicubic and trilinear"
            )
        return
    if mode not in LINEAR and mode != "bicubic":
        raise NotImplementedError(f"interpolate: unknown mode {mode!r}")
    wanted = LINEAR.get(mode, 2)
    if wanted != n:
        raise NotImplementedError(
            f"interpolate: got an input of {n + 2} dims, but mode {mode!r} is for {wanted + 2}"
        )


def target(
    x: Tensor,
    n: int,
    size: int | Sequence[int] | None,
    scale_factor: float | Sequence[float] | None,
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The sizes to reach, and the factors as they were given."""
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size or scale_factor, one of them and not both")
    if scale_factor is None:
        return per_axis("interpolate", "size", size, n), (None,) * n
    factors = (
        tuple(scale_factor) if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * n
    )
    if len(factors) != n:
        raise ValueError(
            f"interpolate: scale_factor must be one or {n} numbers, got {scale_factor!r}"
        )
    sizes = tuple(math.floor(before * factor) for before, factor in zip(x.shape[2:], factors))
    return per_axis("interpolate", "the size that results", sizes, n), tuple(
        float(f) for f in factors
    )


def nearest(before: int, after: int, factor: float | None, exact: bool) -> np.ndarray:
    """The input's element for each output: the one whose area holds the output's corner (or its middle, if exact)."""
    step = np.float32(before / after if factor is None else 1 / factor)
    at = np.floor((np.arange(after, dtype=np.float32) + np.float32(0.5 if exact else 0)) * step)
    return np.minimum(at.astype(np.int64), before - 1)


def positions(before: int, after: int, factor: float | None, corners: bool) -> np.ndarray:
    """Where each output stands, in elements of the input."""
    i = np.arange(after)
    if corners:
        return i * ((before - 1) / (after - 1)) if after > 1 else np.zeros(1)
    return (i + 0.5) * (before / after if factor is None else 1 / factor) - 0.5


def linear_matrix(at: np.ndarray, n: int) -> np.ndarray:
    """Row i weighs the two inputs around position at[i]; beyond the edge stands the edge. (len(at), n)"""
    at = at.clip(0, None)
    left = np.minimum(np.floor(at).astype(int), n - 1)
    right = np.minimum(left + 1, n - 1)
    part = at - left
    return weights([(left, 1 - part), (right, part)], n)


def cubic_matrix(at: np.ndarray, n: int) -> np.ndarray:
    """Row i weighs the four inputs around at[i] by the cubic of Keys (1981) with a = -0.75. (len(at), n)"""
    left = np.floor(at).astype(int)
    part = at - left
    taps = []
    for offset in (-1, 0, 1, 2):
        d = np.abs(part - offset)
        near = (1.25 * d - 2.25) * d * d + 1
        far = -0.75 * (((d - 5) * d + 8) * d - 4)
        taps.append(((left + offset).clip(0, n - 1), np.where(d <= 1, near, far)))
    return weights(taps, n)


def weights(taps: Sequence[tuple[np.ndarray, np.ndarray]], n: int) -> np.ndarray:
    """The matrix of pairs (input's number, weight) for each row."""
    matrix = np.zeros((len(taps[0][0]), n))
    rows = np.arange(len(matrix))
    for column, weight in taps:
        np.add.at(matrix, (rows, column), weight)
    return matrix


def upsample(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest", align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """The older name of `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


# ---- channels and pixels -----------------------------------------------------------------------------


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels laid out as pixels. input (*, C r^2, H, W) -> (*, C, H r, W r).

    >>> fathom.nn.functional.pixel_shuffle(fathom.arange(4.).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    r = upscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-3] % (r * r):
        raise ShapeError(
            f"pixel_shuffle: got x {tuple(input.shape)}; dim -3, the channels, must be divisible by"
            f" upscale_factor^2 = {r * r}"
        )
    *lead, channels, h, w = input.shape
    x = input.reshape((*lead, channels // (r * r), r, r, h, w))
    k = len(lead)
    x = x.permute((*range(k + 1), k + 3, k + 1, k + 4, k + 2))  # (*, C, H, r, W, r)
    return x.reshape((*lead, channels // (r * r), h * r, w * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels laid out as channels: the inverse of pixel_shuffle. input (*, C, H r, W r) -> (*, C r^2, H, W).

    >>> fathom.nn.functional.pixel_unshuffle(fathom.arange(4.).reshape(1, 2, 2), 2).flatten()
    tensor([0., 1., 2., 3.])
    """
    r = downscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-1] % r or input.shape[-2] % r:
        raise ShapeError(
            f"pixel_unshuffle: got x {tuple(input.shape)}; height and width must be divisible by downscale_factor {r}"
        )
    *lead, channels, h, w = input.shape
    x = input.reshape((*lead, channels, h // r, r, w // r, r))
    k = len(lead)
    x = x.permute((*range(k + 1), k + 2, k + 4, k + 1, k + 3))  # (*, C, r, r, H, W)
    return x.reshape((*lead, channels * r * r, h // r, w // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of all groups dealt out in turn. input (N, C, *) -> (N, C, *).

    >>> fathom.nn.functional.channel_shuffle(fathom.arange(4.).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    if input.ndim < 3 or groups < 1 or input.shape[1] % groups:
        raise ShapeError(
            f"channel_shuffle: got x {tuple(input.shape)}; its channels (dim 1) must be divisible by groups {groups}"
        )
    n, channels, *sizes = input.shape
    x = input.reshape((n, groups, channels // groups, *sizes)).transpose(1, 2)
    return x.reshape(input.shape)
