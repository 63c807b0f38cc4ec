r"""Pooling: one number for each window, its largest or its mean.

Letters: N batch, C channels, D H W sizes of the input, I J of the output, P Q of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.composite import composite
from fathom.core.errors import ShapeError
from fathom.nn.functional.padding import constant_pad
from fathom.nn.functional.sizes import batched, on_batch, per_axis
from fathom.ops.peaks import Peak
from fathom.ops.reduction import Argmax, Sum
from fathom.ops.windows import Windows

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Sizes = int | Sequence[int]


class Spans:
    """Where the windows of n axes stand: sizes, strides, and how many."""

    def __init__(
        self,
        name: str,
        n: int,
        kernel: Sizes,
        stride: Sizes | None,
        padding: Sizes,
        dilation: Sizes,
        ceil: bool,
    ):
        self.name, self.n, self.ceil = name, n, ceil
        self.size = per_axis(name, "kernel_size", kernel, n)
        self.stride = (
            self.size if stride is None or stride == [] else per_axis(name, "stride", stride, n)
        )
        self.padding = per_axis(name, "padding", padding, n, least=0)
        self.dilation = per_axis(name, "dilation", dilation, n)
        for p, k, d in zip(self.padding, self.size, self.dilation):
            if p > (d * (k - 1) + 1) // 2:
                raise RuntimeError(
                    f"{name}: padding {self.padding} must be at most half the kernel {self.size}, so that every"
                    " window sees the input"
                )

    def counts(self, whole: Sequence[int]) -> tuple[int, ...]:
        """The number of windows along each axis; with `ceil`, one more that runs over the end."""
        counts = []
        for n, k, s, p, d in zip(whole, self.size, self.stride, self.padding, self.dilation):
            room = n + 2 * p - d * (k - 1) - 1
            count = room // s + 1
            if self.ceil and room % s and count * s < n + p:  # it must begin inside the input
                count += 1
            counts.append(count)
        if min(counts) < 1:
            raise ShapeError(
                f"{self.name}: a window of {self.size} does not fit into the input's {tuple(whole)}; pool less"
            )
        return tuple(counts)

    def windows(self, x: Tensor, filling: float) -> Tensor:
        """x (N, C, *H) -> (N, C, *I, *P)."""
        widths = []
        whole = tuple(x.shape[2:])
        for n, c, k, s, p, d in zip(
            whole, self.counts(whole), self.size, self.stride, self.padding, self.dilation
        ):
            reach = (c - 1) * s + d * (k - 1) + 1
            widths.append((p, max(p, reach - n - p)))
        padded = constant_pad(x, [(0, 0), (0, 0), *widths], filling)
        return Windows(self.size, self.stride, self.dilation)(padded)


# ---- the largest -----------------------------------------------------------------------------------


def max_pool1d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    dilation: Sizes = 1, ceil_mode: bool = False, return_indices: bool = False,
):  # fmt: skip
    r"""The largest element of each window, $y_{nci} = \max_p x_{n,c,\,si+dp}$. input (N, C, W) or (C, W).

    >>> fathom.nn.functional.max_pool1d(fathom.tensor([[[1., 3., 2., 5.]]]), 2)
    tensor([[[3., 5.]]])
    """
    return max_pool(
        input, "max_pool1d", 1, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool2d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    dilation: Sizes = 1, ceil_mode: bool = False, return_indices: bool = False,
):  # fmt: skip
    r"""The largest element of each window, $y_{ncij} = \max_{pq} x_{n,c,\,si+dp,\,sj+dq}$.

    input (N, C, H, W) or (C, H, W) -> (N, C, I, J); windows stand side by side unless `stride` says
    otherwise. What padding adds never wins. Of equal elements the first receives the gradient.
    With `return_indices` also the position of each maximum in its plane of H W elements.

    >>> fathom.nn.functional.max_pool2d(fathom.arange(16.).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return max_pool(
        input, "max_pool2d", 2, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    dilation: Sizes = 1, ceil_mode: bool = False, return_indices: bool = False,
):  # fmt: skip
    r"""The largest element of each window of a volume. input (N, C, D, H, W) or (C, D, H, W).

    >>> fathom.nn.functional.max_pool3d(fathom.arange(8.).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return max_pool(
        input, "max_pool3d", 3, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


@composite
def max_pool(
    x: Tensor, name: str, n: int, kernel: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes,
    ceil: bool, positions: bool,
):  # fmt: skip
    spans = Spans(name, n, kernel, stride, padding, dilation, ceil)
    lowest = float("-inf") if x.dtype.kind == "float" else int(np.iinfo(x.dtype.numpy).min)
    last = tuple(range(n + 2, 2 * n + 2))
    y = on_batch(name, n, lambda x: Peak(last)(spans.windows(x, lowest)), x)
    if not positions:
        return y
    return y, on_batch(
        name, n, lambda x: peak_positions(spans, spans.windows(x.detach(), lowest), x.shape[2:]), x
    )


def peak_positions(spans: Spans, windows: Tensor, whole: Sequence[int]) -> Tensor:
    """The place of each window's first maximum, counted through the plane of sizes `whole`."""
    n = spans.n
    counts = tuple(windows.shape[2:-n])
    tap = Argmax(n + 2)(windows.reshape((*windows.shape[:-n], prod(spans.size))))
    flat, rest = tap.new_zeros(()), tap
    for axis in range(n):
        after = prod(spans.size[axis + 1 :])
        start = np.arange(counts[axis]) * spans.stride[axis] - spans.padding[axis]
        place = tap.new_tensor(start.reshape((-1, *(1 for _ in counts[axis + 1 :]))))
        flat = flat * whole[axis] + place + rest // after * spans.dilation[axis]
        rest = rest % after
    return flat


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """The partial inverse of max_pool1d: maxima put back at their `indices`, zeros elsewhere.

    >>> fathom.nn.functional.max_unpool1d(fathom.tensor([[5.]]), fathom.tensor([[1]]), 2)
    tensor([[0., 5.]])
    """
    return max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """The partial inverse of max_pool2d: maxima put back at their `indices`, zeros elsewhere.

    >>> y, at = fathom.nn.functional.max_pool2d(fathom.arange(4.).reshape(1, 2, 2), 2, return_indices=True)
    >>> fathom.nn.functional.max_unpool2d(y, at, 2)
    tensor([[[0., 0.],
             [0., 3.]]])
    """
    return max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """The partial inverse of max_pool3d: maxima put back at their `indices`, zeros elsewhere.

    >>> x, at = fathom.ones(1, 1, 1, 1), fathom.tensor([[[[7]]]])
    >>> fathom.nn.functional.max_unpool3d(x, at, 2).flatten()
    tensor([0., 0., 0., 0., 0., 0., 0., 1.])
    """
    return max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def max_unpool(
    name: str, n: int, x: Tensor, indices: Tensor, kernel: Sizes, stride: Sizes | None, padding: Sizes,
    output_size: Sequence[int] | None,
) -> Tensor:  # fmt: skip
    spans = Spans(name, n, kernel, stride, padding, 1, False)
    batched(name, x, n)
    if x.shape != indices.shape:
        raise ShapeError(
            f"{name}: indices {tuple(indices.shape)} must have the shape of x {tuple(x.shape)}"
        )
    axes = zip(x.shape[-n:], spans.size, spans.stride, spans.padding)
    whole = tuple((i - 1) * s - 2 * p + k for i, k, s, p in axes)
    if output_size is not None:
        whole = tuple(output_size)[-n:]
    lead = tuple(x.shape[:-n])
    y = x.new_zeros((*lead, prod(whole)))
    return y.scatter(-1, indices.reshape((*lead, -1)), x.reshape((*lead, -1))).reshape(
        (*lead, *whole)
    )


# ---- the mean --------------------------------------------------------------------------------------


def avg_pool1d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    r"""The mean of each window, $y_{nci} = \frac1P \sum_p x_{n,c,\,si+p}$. input (N, C, W) or (C, W).

    >>> fathom.nn.functional.avg_pool1d(fathom.tensor([[[1., 3., 2., 6.]]]), 2)
    tensor([[[2., 4.]]])
    """
    return avg_pool(
        input, "avg_pool1d", 1, kernel_size, stride, padding, ceil_mode, count_include_pad, None
    )


def avg_pool2d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    r"""The mean of each window, $y_{ncij} = \frac{1}{PQ} \sum_{pq} x_{n,c,\,si+p,\,sj+q}$.

    input (N, C, H, W) or (C, H, W) -> (N, C, I, J). The zeros of the padding count as elements unless
    `count_include_pad` is False; `divisor_override` takes the place of P Q.

    >>> fathom.nn.functional.avg_pool2d(fathom.arange(16.).reshape(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """
    return avg_pool(
        input,
        "avg_pool2d",
        2,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def avg_pool3d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    r"""The mean of each window of a volume. input (N, C, D, H, W) or (C, D, H, W).

    >>> fathom.nn.functional.avg_pool3d(fathom.arange(8.).reshape(1, 2, 2, 2), 2)
    tensor([[[[3.5000]]]])
    """
    return avg_pool(
        input,
        "avg_pool3d",
        3,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


@composite
def avg_pool(
    x: Tensor, name: str, n: int, kernel: Sizes, stride: Sizes | None, padding: Sizes, ceil: bool,
    include: bool, divisor: int | None,
) -> Tensor:  # fmt: skip
    if divisor == 0:
        raise RuntimeError(f"{name}: divisor_override must not be 0")
    spans = Spans(name, n, kernel, stride, padding, 1, ceil)
    last = tuple(range(n + 2, 2 * n + 2))

    def mean(x: Tensor) -> Tensor:
        y = Sum(last)(spans.windows(x, 0))
        return (
            y / (prod(spans.size) if even else elements(spans, x, include))
            if divisor is None
            else y / divisor
        )

    even = not ceil and (include or not any(spans.padding))
    return on_batch(name, n, mean, x)


def elements(spans: Spans, x: Tensor, include: bool) -> Tensor:
    """How many elements each window of x holds, (*I): all within the padding, or all of the input."""
    whole = tuple(x.shape[2:])
    total = np.ones(())
    for n, c, k, s, p in zip(whole, spans.counts(whole), spans.size, spans.stride, spans.padding):
        start = np.arange(c) * s - p
        stop = np.minimum(start + k, n + p if include else n)
        total = np.multiply.outer(total, stop - (start if include else np.maximum(start, 0)))
    return x.new_tensor(total.astype(x.dtype.numpy))


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    r"""The p-norm of each window, $y_{nci} = (\sum_p x_{n,c,\,si+p}^{\,\text{norm\_type}})^{1/\text{norm\_type}}$.

    >>> fathom.nn.functional.lp_pool1d(fathom.tensor([[[3., 4.]]]), 2, 2)
    tensor([[[5.]]])
    """
    return lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The p-norm of each window of an image; see lp_pool1d.

    >>> fathom.nn.functional.lp_pool2d(fathom.ones(1, 2, 2), 2, 2)
    tensor([[[2.]]])
    """
    return lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The p-norm of each window of a volume; see lp_pool1d.

    >>> fathom.nn.functional.lp_pool3d(fathom.ones(1, 2, 2, 2), 1, 2)
    tensor([[[[8.]]]])
    """
    return lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool(
    name: str, n: int, x: Tensor, p: float, kernel: Sizes, stride: Sizes | None, ceil: bool
) -> Tensor:
    mean = avg_pool(x**p, name, n, kernel, stride, 0, ceil, True, None)
    positive = (
        mean.sign() * mean.abs().relu()
    )  # an odd p may leave a sum below 0, which has no root
    return (positive * prod(per_axis(name, "kernel_size", kernel, n))) ** (1 / p)
