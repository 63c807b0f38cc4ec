"""Convolutional layers. Letters: N batch, C in_channels, O out_channels, P Q kernel, I J output sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from fathom.core.errors import ShapeError
from fathom.nn import init
from fathom.nn.functional import convolution
from fathom.nn.functional.padding import pad
from fathom.nn.functional.sizes import batched, per_axis
from fathom.nn.lazy import LazyModuleMixin
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter, UninitializedParameter
from fathom.ops import creation
from fathom.tensors import Tensor

Sizes = int | Sequence[int]

MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    r"""What all convolutions share: their parameters, and what they print.

    Weight and bias start uniform on $\pm 1/\sqrt{k}$, with $k$ the number of elements that one kernel reads.
    """

    axes: int  # of the sizes that the kernel moves along
    function: Callable[..., Tensor]
    transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes, padding: Sizes | str,
        dilation: Sizes, output_padding: Sizes, groups: int, bias: bool, padding_mode: str, device: Any, dtype: Any,
    ):  # fmt: skip
        super().__init__()
        name = type(self).__name__
        if groups <= 0:
            raise ValueError(f"{name}: groups must be a positive integer, got {groups}")
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: in_channels and out_channels must be divisible by groups, got {in_channels} and"
                f" {out_channels} with groups {groups}"
            )
        if padding_mode not in MODES:
            raise ValueError(
                f"{name}: padding_mode must be one of {', '.join(MODES)}, got {padding_mode!r}"
            )
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(
                f"{name}: invalid padding string {padding!r}, should be one of 'valid', 'same'"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, self.axes)
        self.stride = per_axis(name, "stride", stride, self.axes)
        self.padding = (
            padding
            if isinstance(padding, str)
            else per_axis(name, "padding", padding, self.axes, least=0)
        )
        self.dilation = per_axis(name, "dilation", dilation, self.axes)
        self.output_padding = per_axis(name, "output_padding", output_padding, self.axes, least=0)
        self.groups = groups
        self.padding_mode = padding_mode
        if padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError(
                f"{name}: padding='same' is not supported for strided convolutions, got stride {self.stride}"
            )
        self.make_parameters(bias, device, dtype)
        self.reset_parameters()

    def make_parameters(self, bias: bool, device: Any, dtype: Any) -> None:
        """Weight and bias, not filled yet."""
        self.weight = Parameter(creation.empty(self.weight_shape(), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(creation.empty(self.out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)

    def weight_shape(self) -> tuple[int, ...]:
        """(O, C / groups, *kernel_size); of a transposed convolution (C, O / groups, *kernel_size)."""
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return (first, second // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        fan_in = prod(self.weight_shape()[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> (N, O, *sizes)."""
        padding = self.padding
        if self.padding_mode != "zeros":
            before, after = convolution.margins(
                type(self).__name__, padding, self.kernel_size, self.stride, self.dilation
            )
            widths = [width for pair in zip(reversed(before), reversed(after)) for width in pair]
            input, padding = pad(input, widths, self.padding_mode), 0
        return type(self).function(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def extra_repr(self) -> str:
        """Its sizes, and what is not the default."""
        said = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        defaults = {
            "padding": (0,) * self.axes, "dilation": (1,) * self.axes, "output_padding": (0,) * self.axes, "groups": 1,
        }  # fmt: skip
        for name, default in defaults.items():
            if getattr(self, name) != default:
                said += f", {name}={getattr(self, name)}"
        if self.bias is None:
            said += ", bias=False"
        if self.padding_mode != "zeros":
            said += f", padding_mode={self.padding_mode}"
        return said


class _Conv(_ConvNd):
    """A convolution's arguments, in PyTorch's order."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1, padding: Sizes | str = 0,
        dilation: Sizes = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device,
            dtype,
        )  # fmt: skip


class Conv1d(_Conv):
    """Cross-correlation along one axis: see functional.conv1d. x (N, C, W) -> (N, O, I).

    >>> fathom.nn.Conv1d(2, 3, kernel_size=5, padding=2)(fathom.ones(1, 2, 10)).shape
    fathom.Size([1, 3, 10])
    """

    axes = 1
    function = staticmethod(convolution.conv1d)


class Conv2d(_Conv):
    """Cross-correlation of images: see functional.conv2d. x (N, C, H, W) -> (N, O, I, J).

    padding_mode says what stands beyond the edge: "zeros", "reflect", "replicate" or "circular".

    >>> fathom.nn.Conv2d(1, 6, kernel_size=5, padding=2)(fathom.ones(8, 1, 28, 28)).shape
    fathom.Size([8, 6, 28, 28])
    """

    axes = 2
    function = staticmethod(convolution.conv2d)


class Conv3d(_Conv):
    """Cross-correlation of volumes: see functional.conv3d. x (N, C, D, H, W) -> (N, O, I, J, K).

    >>> fathom.nn.Conv3d(1, 2, kernel_size=3)(fathom.ones(1, 1, 5, 5, 5)).shape
    fathom.Size([1, 2, 3, 3, 3])
    """

    axes = 3
    function = staticmethod(convolution.conv3d)


# ---- transposed ------------------------------------------------------------------------------------


class _ConvTranspose(_ConvNd):
    """A transposed convolution's arguments, in PyTorch's order, and its choice among possible output sizes."""

    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1, padding: Sizes = 0,
        output_padding: Sizes = 0, groups: int = 1, bias: bool = True, dilation: Sizes = 1,
        padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(
                f"{type(self).__name__}: only 'zeros' padding mode is supported, got {padding_mode!r}"
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """x (N, C, *sizes) -> (N, O, *sizes); output_size chooses where stride leaves a choice."""
        extra = (
            self.output_padding
            if output_size is None
            else self.padding_to(input, tuple(output_size))
        )
        return type(self).function(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def padding_to(self, x: Tensor, output_size: tuple[int, ...]) -> tuple[int, ...]:
        """The output_padding that gives these sizes."""
        batched(type(self).__name__, x, self.axes)
        wanted = output_size[-self.axes :]
        axes = zip(
            x.shape[-self.axes :], self.stride, self.padding, self.kernel_size, self.dilation
        )
        least = [(i - 1) * s - 2 * p + d * (k - 1) + 1 for i, s, p, k, d in axes]
        extra = tuple(size - low for size, low in zip(wanted, least))
        if len(wanted) != self.axes or any(not 0 <= e < s for e, s in zip(extra, self.stride)):
            most = [low + s - 1 for low, s in zip(least, self.stride)]
            raise ValueError(
                f"{type(self).__name__}: requested an output size of {wanted}, but valid sizes range"
                f" from {least} to {most} for x {tuple(x.shape)}"
            )
        return extra


class ConvTranspose1d(_ConvTranspose):
    """The adjoint of Conv1d: see functional.conv_transpose1d. x (N, C, I) -> (N, O, W).

    >>> fathom.nn.ConvTranspose1d(2, 3, kernel_size=2, stride=2)(fathom.ones(1, 2, 5)).shape
    fathom.Size([1, 3, 10])
    """

    axes = 1
    function = staticmethod(convolution.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """The adjoint of Conv2d, which makes images larger: see functional.conv_transpose2d.

    x (N, C, I, J) -> (N, O, H, W).

    >>> fathom.nn.ConvTranspose2d(8, 4, kernel_size=4, stride=2, padding=1)(fathom.ones(1, 8, 7, 7)).shape
    fathom.Size([1, 4, 14, 14])
    """

    axes = 2
    function = staticmethod(convolution.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """The adjoint of Conv3d: see functional.conv_transpose3d. x (N, C, I, J, K) -> (N, O, D, H, W).

    >>> fathom.nn.ConvTranspose3d(2, 1, kernel_size=2, stride=2)(fathom.ones(1, 2, 3, 3, 3)).shape
    fathom.Size([1, 1, 6, 6, 6])
    """

    axes = 3
    function = staticmethod(convolution.conv_transpose3d)


# ---- lazy ------------------------------------------------------------------------------------------


class _LazyConv(LazyModuleMixin, _ConvNd):
    """A convolution that takes in_channels from its first input."""

    def __init__(self, out_channels: int, kernel_size: Sizes, *args: Any, **kwargs: Any):
        super().__init__(0, out_channels, kernel_size, *args, **kwargs)

    def make_parameters(self, bias: bool, device: Any, dtype: Any) -> None:
        """Weight and bias of sizes that are not known yet."""
        self.weight: Any = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias: Any = UninitializedParameter(device=device, dtype=dtype)
        else:
            self.register_parameter("bias", None)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, if their sizes are known."""
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take in_channels from the input."""
        batched(type(self).__name__, input, self.axes)
        self.in_channels = input.shape[-self.axes - 1]
        if (
            not self.has_uninitialized_params()
        ):  # they were loaded; the convolution checks that x fits
            return
        if self.in_channels % self.groups:
            raise ShapeError(
                f"got x {tuple(input.shape)}: {self.in_channels} channels cannot be split into {self.groups} groups"
            )
        self.weight.materialize(self.weight_shape())
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class LazyConv1d(_LazyConv, Conv1d):
    """A Conv1d that takes in_channels from its first input, and is a plain Conv1d from then on."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A Conv2d that takes in_channels from its first input, and is a plain Conv2d from then on.

    >>> layer = fathom.nn.LazyConv2d(6, kernel_size=5)
    >>> _ = layer(fathom.ones(1, 3, 28, 28))
    >>> layer
    Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A Conv3d that takes in_channels from its first input, and is a plain Conv3d from then on."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """A ConvTranspose1d that takes in_channels from its first input, and is a plain one from then on."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """A ConvTranspose2d that takes in_channels from its first input, and is a plain one from then on."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """A ConvTranspose3d that takes in_channels from its first input, and is a plain one from then on."""

    cls_to_become = ConvTranspose3d
