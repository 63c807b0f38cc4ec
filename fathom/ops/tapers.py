"""Windows for signals: weights that fade in and out, so that a piece of a signal has no sharp ends.

Letters: N the number of weights, k the place of one. `periodic` windows are those of N + 1 without the last,
so that copies of them side by side fit; the others are symmetric.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes
from fathom.ops.creation import finished

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def window(make, window_length: int, periodic: bool, dtype, device, requires_grad: bool) -> Tensor:
    """The weights `make` gives for positions from 0 to 1."""
    if window_length < 0:
        raise RuntimeError(f"a window needs a size of 0 or more, got {window_length}")
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    if not d.is_floating_point:
        raise RuntimeError(f"a window has a floating-point dtype, got {d}")
    last = window_length - 1 + periodic
    flat = window_length < 2
    weights = np.ones(window_length) if flat else make(np.arange(window_length) / last)
    return finished(weights.astype(d.numpy), device, requires_grad)


def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    r"""$w_k = \sin^2(\pi k / N)$.

    >>> fathom.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return hamming_window(
        window_length, periodic, 0.5, 0.5, dtype=dtype, device=device, requires_grad=requires_grad
    )


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    r"""$w_k = \alpha - \beta \cos(2 \pi k / N)$."""

    def make(t):
        return alpha - beta * np.cos(2 * math.pi * t)

    return window(make, window_length, periodic, dtype, device, requires_grad)


def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    r"""$w_k = 0.42 - 0.5 \cos(2 \pi k / N) + 0.08 \cos(4 \pi k / N)$."""

    def make(t):
        weights = 0.42 - 0.5 * np.cos(2 * math.pi * t) + 0.08 * np.cos(4 * math.pi * t)
        return np.maximum(weights, 0)  # rounding leaves -1e-17 at the ends

    return window(make, window_length, periodic, dtype, device, requires_grad)


def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    r"""A triangle, $w_k = 1 - |2 k / N - 1|$."""

    def make(t):
        return 1 - np.abs(2 * t - 1)

    return window(make, window_length, periodic, dtype, device, requires_grad)


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    r"""$w_k = I_0(\beta \sqrt{1 - (2 k / N - 1)^2}) / I_0(\beta)$, $I_0$ being the Bessel function `i0`."""

    def make(t):
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * t - 1) ** 2, 0))) / np.i0(beta)

    return window(make, window_length, periodic, dtype, device, requires_grad)
