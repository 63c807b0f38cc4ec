"""Pooling layers: each window becomes its largest element, its mean or its norm. See functional/pooling.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fathom.nn.functional import adaptive, pooling
from fathom.nn.functional.sizes import per_axis
from fathom.nn.module import Module
from fathom.tensors import Tensor

Sizes = int | Sequence[int]


class _Pool(Module):
    """A pooling layer prints the arguments that it hands to its function."""

    printed: tuple[str, ...]

    def extra_repr(self) -> str:
        """Its arguments."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.printed)


# ---- the largest -----------------------------------------------------------------------------------


class _MaxPool(_Pool):
    printed = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    function: Any

    def __init__(
        self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """x (N, C, *sizes) or (C, *sizes) -> the same with smaller sizes; with return_indices also the positions."""
        return type(self).function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class MaxPool1d(_MaxPool):
    """The largest element of each window. x (N, C, W) -> (N, C, I).

    >>> fathom.nn.MaxPool1d(2)(fathom.tensor([[1., 3., 2., 5.]]))
    tensor([[3., 5.]])
    """

    function = staticmethod(pooling.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest element of each window. x (N, C, H, W) -> (N, C, I, J).

    >>> fathom.nn.MaxPool2d(kernel_size=2, stride=2)(fathom.ones(8, 6, 28, 28)).shape
    fathom.Size([8, 6, 14, 14])
    """

    function = staticmethod(pooling.max_pool2d)


class MaxPool3d(_MaxPool):
    """The largest element of each window. x (N, C, D, H, W) -> (N, C, I, J, K)."""

    function = staticmethod(pooling.max_pool3d)


class _MaxUnpool(_Pool):
    printed = ("kernel_size", "stride", "padding")
    axes: int
    function: Any

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0):
        super().__init__()
        name = type(self).__name__
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, self.axes)
        self.stride = (
            self.kernel_size if stride is None else per_axis(name, "stride", stride, self.axes)
        )
        self.padding = per_axis(name, "padding", padding, self.axes, least=0)

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """Maxima and their positions -> zeros with the maxima at their positions."""
        return type(self).function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class MaxUnpool1d(_MaxUnpool):
    """The partial inverse of MaxPool1d(return_indices=True)."""

    axes = 1
    function = staticmethod(pooling.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """The partial inverse of MaxPool2d(return_indices=True): maxima at their places, zeros elsewhere.

    >>> y, at = fathom.nn.MaxPool2d(2, return_indices=True)(fathom.arange(4.).reshape(1, 2, 2))
    >>> fathom.nn.MaxUnpool2d(2)(y, at)
    tensor([[[0., 0.],
             [0., 3.]]])
    """

    axes = 2
    function = staticmethod(pooling.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """The partial inverse of MaxPool3d(return_indices=True)."""

    axes = 3
    function = staticmethod(pooling.max_unpool3d)


# ---- the mean, the norm ----------------------------------------------------------------------------


class AvgPool1d(_Pool):
    """The mean of each window. x (N, C, W) -> (N, C, I).

    >>> fathom.nn.AvgPool1d(2)(fathom.tensor([[1., 3., 2., 6.]]))
    tensor([[2., 4.]])
    """

    printed = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = per_axis("AvgPool1d", "kernel_size", kernel_size, 1)
        self.stride = (
            self.kernel_size if stride is None else per_axis("AvgPool1d", "stride", stride, 1)
        )
        self.padding = per_axis("AvgPool1d", "padding", padding, 1, least=0)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, W) or (C, W) -> (N, C, I)."""
        return pooling.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class _AvgPool(_Pool):
    printed = ("kernel_size", "stride", "padding")
    function: Any

    def __init__(
        self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> the same with smaller sizes."""
        return type(self).function(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


class AvgPool2d(_AvgPool):
    """The mean of each window. x (N, C, H, W) -> (N, C, I, J).

    >>> fathom.nn.AvgPool2d(kernel_size=2, stride=2)(fathom.ones(8, 6, 28, 28)).shape
    fathom.Size([8, 6, 14, 14])
    """

    function = staticmethod(pooling.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of each window. x (N, C, D, H, W) -> (N, C, I, J, K)."""

    function = staticmethod(pooling.avg_pool3d)


class _LPPool(_Pool):
    printed = ("norm_type", "kernel_size", "stride", "ceil_mode")
    function: Any

    def __init__(
        self,
        norm_type: float,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> the same with smaller sizes."""
        return type(self).function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool1d(_LPPool):
    """The p-norm of each window. x (N, C, W) -> (N, C, I)."""

    function = staticmethod(pooling.lp_pool1d)


class LPPool2d(_LPPool):
    """The p-norm of each window. x (N, C, H, W) -> (N, C, I, J).

    >>> fathom.nn.LPPool2d(2, kernel_size=2)(fathom.ones(1, 2, 2))
    tensor([[[2.]]])
    """

    function = staticmethod(pooling.lp_pool2d)


class LPPool3d(_LPPool):
    """The p-norm of each window. x (N, C, D, H, W) -> (N, C, I, J, K)."""

    function = staticmethod(pooling.lp_pool3d)


# ---- adaptive: the output's size is given ----------------------------------------------------------


class _AdaptiveAvgPool(_Pool):
    printed = ("output_size",)
    function: Any

    def __init__(self, output_size: Any):
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> (N, C, *output_size)."""
        return type(self).function(input, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means of output_size windows that cover the input. x (N, C, W) -> (N, C, I)."""

    function = staticmethod(adaptive.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means of I x J windows that cover the image, whatever its size. x (N, C, H, W) -> (N, C, I, J).

    >>> fathom.nn.AdaptiveAvgPool2d((1, 1))(fathom.ones(8, 512, 7, 7)).shape
    fathom.Size([8, 512, 1, 1])
    """

    function = staticmethod(adaptive.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means of windows that cover the volume. x (N, C, D, H, W) -> (N, C, I, J, K)."""

    function = staticmethod(adaptive.adaptive_avg_pool3d)


class _AdaptiveMaxPool(_Pool):
    printed = ("output_size",)
    function: Any

    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        """x (N, C, *sizes) or (C, *sizes) -> (N, C, *output_size); with return_indices also the positions."""
        return type(self).function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest of each of output_size windows that cover the input. x (N, C, W) -> (N, C, I)."""

    function = staticmethod(adaptive.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest of each of I x J windows that cover the image. x (N, C, H, W) -> (N, C, I, J).

    >>> fathom.nn.AdaptiveMaxPool2d(2)(fathom.arange(9.).reshape(1, 3, 3))
    tensor([[[4., 5.],
             [7., 8.]]])
    """

    function = staticmethod(adaptive.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest of each of the windows that cover the volume. x (N, C, D, H, W) -> (N, C, I, J, K)."""

    function = staticmethod(adaptive.adaptive_max_pool3d)
