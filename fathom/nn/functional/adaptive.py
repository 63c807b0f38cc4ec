r"""Adaptive pooling: the number of windows is given, and they cover the input as evenly as they can.

Letters: N batch, C channels, D H W sizes of the input, I J of the output, P the longest window.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.composite import composite
from fathom.nn.functional.sizes import batched, per_axis
from fathom.ops.contraction import Contract
from fathom.ops.peaks import Peak
from fathom.ops.reduction import Argmax

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Sizes = int | Sequence[int | None]


def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    r"""Means of `output_size` windows that cover the input.

    Window i is $[\lfloor iW/I \rfloor, \lceil (i+1)W/I \rceil)$. input (N, C, W) or (C, W) -> (N, C, I).

    >>> fathom.nn.functional.adaptive_avg_pool1d(fathom.tensor([[1., 2., 6.]]), 2)
    tensor([[1.5000, 4.0000]])
    """
    return adaptive_avg_pool(input, "adaptive_avg_pool1d", 1, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    """Means of I x J windows that cover the image; see adaptive_avg_pool1d. None keeps a size.

    input (N, C, H, W) or (C, H, W) -> (N, C, I, J).

    >>> fathom.nn.functional.adaptive_avg_pool2d(fathom.arange(16.).reshape(1, 4, 4), 1)
    tensor([[[7.5000]]])
    """
    return adaptive_avg_pool(input, "adaptive_avg_pool2d", 2, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """Means of windows that cover the volume; see adaptive_avg_pool1d. None keeps a size.

    >>> fathom.nn.functional.adaptive_avg_pool3d(fathom.arange(8.).reshape(1, 2, 2, 2), (1, 1, 2))
    tensor([[[[3., 4.]]]])
    """
    return adaptive_avg_pool(input, "adaptive_avg_pool3d", 3, output_size)


@composite
def adaptive_avg_pool(x: Tensor, name: str, n: int, output_size: Sizes) -> Tensor:
    """The mean over a box is a mean along each axis in turn, and each of those is a matrix."""
    sizes = wanted_sizes(name, n, x, output_size)
    for axis, size in zip(range(x.ndim - n, x.ndim), sizes):
        x = along(x, axis, mean_matrix(x.shape[axis], size))
    return x


def mean_matrix(n: int, size: int) -> np.ndarray:
    """Row i holds 1/k at the k places of adaptive window i. (size, n)"""
    starts, stops = bounds(n, size)
    at = np.arange(n)
    inside = (starts[:, None] <= at) & (at < stops[:, None])
    return inside / np.maximum(stops - starts, 1)[:, None]


def along(x: Tensor, axis: int, matrix: np.ndarray) -> Tensor:
    """x with its axis multiplied by the matrix, $y_{\\dots i \\dots} = \\sum_k m_{ik} x_{\\dots k \\dots}$."""
    letters = "abcdefg"[: x.ndim]
    result = letters.replace(letters[axis], "y")
    return Contract(letters, "y" + letters[axis], result)(
        x, x.new_tensor(matrix.astype(x.dtype.numpy))
    )


def bounds(n: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The first element of each adaptive window, and the one after its last."""
    i = np.arange(size)
    return i * n // size, -(-(i + 1) * n // size)


def wanted_sizes(name: str, n: int, x: Tensor, output_size: Sizes) -> tuple[int, ...]:
    batched(name, x, n)
    sizes = (output_size,) * n if not isinstance(output_size, (tuple, list)) else tuple(output_size)
    if len(sizes) != n:
        raise ValueError(
            f"{name}: output_size must be one or {n} whole numbers or None, got {output_size!r}"
        )
    kept = [x.shape[axis - n] if size is None else int(size) for axis, size in enumerate(sizes)]
    return per_axis(name, "output_size", kept, n, least=0)


def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False):
    """The largest of each of `output_size` windows that cover the input; see adaptive_avg_pool1d.

    >>> fathom.nn.functional.adaptive_max_pool1d(fathom.tensor([[1., 2., 6.]]), 2)
    tensor([[2., 6.]])
    """
    return adaptive_max_pool(input, "adaptive_max_pool1d", 1, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: bool = False):
    """The largest of each of I x J windows that cover the image; see adaptive_avg_pool1d.

    >>> fathom.nn.functional.adaptive_max_pool2d(fathom.arange(16.).reshape(1, 4, 4), 1)
    tensor([[[15.]]])
    """
    return adaptive_max_pool(input, "adaptive_max_pool2d", 2, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: bool = False):
    """The largest of each of the windows that cover the volume; see adaptive_avg_pool1d.

    >>> fathom.nn.functional.adaptive_max_pool3d(fathom.arange(8.).reshape(1, 2, 2, 2), (1, 1, 2))
    tensor([[[[6., 7.]]]])
    """
    return adaptive_max_pool(input, "adaptive_max_pool3d", 3, output_size, return_indices)


@composite
def adaptive_max_pool(x: Tensor, name: str, n: int, output_size: Sizes, positions: bool):
    """The windows are gathered to equal lengths: a short one repeats its last element."""
    sizes = wanted_sizes(name, n, x, output_size)
    lead, whole = x.ndim - n, tuple(x.shape[-n:])
    tables = []
    for size, k in zip(whole, sizes):
        starts, stops = bounds(size, k)
        longest = int((stops - starts).max(initial=0))
        tables.append(
            np.minimum(starts[:, None] + np.arange(longest), stops[:, None] - 1)
        )  # (I, P)
    windows = x
    for axis, table in enumerate(tables):
        at = lead + 2 * axis
        windows = windows.index_select(at, x.new_tensor(table.reshape(-1)))
        windows = windows.reshape((*windows.shape[:at], *table.shape, *windows.shape[at + 1 :]))
    order = (*range(lead), *range(lead, lead + 2 * n, 2), *range(lead + 1, lead + 2 * n, 2))
    windows = windows.permute(order)  # (..., *I, *P)
    y = Peak(tuple(range(lead + n, lead + 2 * n)))(windows)
    if not positions:
        return y
    flat = np.zeros((), np.int64)
    for axis, (size, table) in enumerate(zip(whole, tables)):
        shape = [
            table.shape[0] if k == axis else table.shape[1] if k == n + axis else 1
            for k in range(2 * n)
        ]
        flat = flat * size + table.reshape(shape)
    k = prod(windows.shape[-n:])
    tap = Argmax(lead + n)(windows.detach().reshape((*windows.shape[:-n], k)))
    places = x.new_tensor(np.broadcast_to(flat, windows.shape[lead:]).reshape((*sizes, k)))
    return y, places.expand((*y.shape, k)).gather(-1, tap.unsqueeze(-1)).squeeze(-1)
