"""Windows as columns of a matrix, and back: `unfold` and its adjoint `fold`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from fathom.core.errors import ShapeError
from fathom.nn.functional.sizes import batched, per_axis
from fathom.ops.shaping import zero_pad
from fathom.ops.windows import Fold, Windows

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Sizes = int | Sequence[int]


def unfold(
    input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    r"""Every window of an image as a column. input (N, C, H, W) or (C, H, W) -> (N, C P Q, L), L windows.

    >>> fathom.nn.functional.unfold(fathom.arange(9.).reshape(1, 1, 3, 3), 2).shape
    fathom.Size([1, 4, 4])
    """
    size, steps, gaps, edges = spans("unfold", kernel_size, stride, dilation, padding)
    if not batched("unfold", input, 2):
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    x = zero_pad(input, [(0, 0), (0, 0), *((p, p) for p in edges)])
    counts = block_counts("unfold", x.shape[2:], size, steps, gaps)
    windows = Windows(size, steps, gaps)(x).permute((0, 1, 4, 5, 2, 3))  # (N, C, P, Q, I, J)
    return windows.reshape((x.shape[0], x.shape[1] * prod(size), prod(counts)))


def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Columns added up as windows of an image. input (N, C P Q, L) or (C P Q, L) -> (N, C, *output_size).

    `fold` of `unfold` multiplies each element by the number of windows that hold it.

    >>> fathom.nn.functional.fold(fathom.ones(1, 4, 4), 3, 2)
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    size, steps, gaps, edges = spans("fold", kernel_size, stride, dilation, padding)
    if input.ndim == 2:
        return fold(
            input.unsqueeze(0), output_size, kernel_size, dilation, padding, stride
        ).squeeze(0)
    if input.ndim != 3:
        raise ShapeError(
            f"fold: expected an input (N, C P Q, L) or (C P Q, L), got {tuple(input.shape)}"
        )
    whole = tuple(h + 2 * p for h, p in zip(per_axis("fold", "output_size", output_size, 2), edges))
    counts = block_counts("fold", whole, size, steps, gaps)
    n, rows, columns = input.shape
    if rows % prod(size) or columns != prod(counts):
        raise ShapeError(
            f"fold: got x {tuple(input.shape)}; with kernel_size {size} dim 1 must be divisible by {prod(size)},"
            f" and dim 2 must be {prod(counts)} = {' x '.join(map(str, counts))} windows"
        )
    windows = input.reshape((n, rows // prod(size), *size, *counts)).permute((0, 1, 4, 5, 2, 3))
    y = Fold(whole, size, steps, gaps)(windows)
    return zero_pad(y, [(0, 0), (0, 0), *((-p, -p) for p in edges)])


def spans(
    name: str, size: Sizes, stride: Sizes, dilation: Sizes, padding: Sizes
) -> tuple[tuple[int, ...], ...]:
    return (
        per_axis(name, "kernel_size", size, 2),
        per_axis(name, "stride", stride, 2),
        per_axis(name, "dilation", dilation, 2),
        per_axis(name, "padding", padding, 2, least=0),
    )


def block_counts(
    name: str,
    whole: Sequence[int],
    size: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...]:
    """The number of windows along each axis; raises where there is none."""
    counts = Windows(size, stride, dilation).counts(tuple(whole))
    if min(counts) < 1:
        raise ShapeError(
            f"{name}: windows of {size} with dilation {dilation} do not fit into the padded image {tuple(whole)}"
        )
    return counts
