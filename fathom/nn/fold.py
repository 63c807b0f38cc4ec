"""Windows as columns of a matrix, and back. See functional/folding.py."""

from __future__ import annotations

from collections.abc import Sequence

from fathom.nn.functional import folding
from fathom.nn.module import Module
from fathom.tensors import Tensor

Sizes = int | Sequence[int]


class Unfold(Module):
    """Every window of an image as a column. x (N, C, H, W) -> (N, C P Q, L).

    >>> fathom.nn.Unfold(kernel_size=2)(fathom.ones(1, 3, 4, 4)).shape
    fathom.Size([1, 12, 9])
    """

    def __init__(
        self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, H, W) or (C, H, W) -> (N, C P Q, L)."""
        return folding.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Its arguments."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Columns added up as windows of an image: the adjoint of Unfold. x (N, C P Q, L) -> (N, C, *output_size).

    >>> fathom.nn.Fold(output_size=4, kernel_size=2)(fathom.ones(1, 12, 9)).shape
    fathom.Size([1, 3, 4, 4])
    """

    def __init__(
        self,
        output_size: Sizes,
        kernel_size: Sizes,
        dilation: Sizes = 1,
        padding: Sizes = 0,
        stride: Sizes = 1,
    ):
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C P Q, L) or (C P Q, L) -> (N, C, *output_size)."""
        return folding.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        """Its arguments."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation},"
            f" padding={self.padding}, stride={self.stride}"
        )
