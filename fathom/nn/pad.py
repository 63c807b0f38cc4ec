"""Padding layers: more elements at the edges.

The last dim comes first in `padding`: (left, right, top, bottom, ...).
"""

from __future__ import annotations

from collections.abc import Sequence

from fathom.nn.functional.padding import pad
from fathom.nn.module import Module
from fathom.tensors import Tensor

Widths = int | Sequence[int]


class _Pad(Module):
    axes: int
    mode: str

    def __init__(self, padding: Widths):
        super().__init__()
        self.padding = (
            (int(padding),) * (2 * self.axes) if isinstance(padding, int) else tuple(padding)
        )
        if len(self.padding) != 2 * self.axes:
            raise ValueError(
                f"{type(self).__name__}: padding must be one or {2 * self.axes} whole numbers, got {padding!r}"
            )

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> the same with larger sizes."""
        return pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Its widths."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    mode = "constant"

    def __init__(self, padding: Widths, value: float):
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> the same with larger sizes."""
        return pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Its widths and its value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """One value at both ends. x (*, W)."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """One value around the image. x (*, H, W).

    >>> fathom.nn.ConstantPad2d((1, 0, 0, 0), 7.)(fathom.ones(1, 1, 2))
    tensor([[[7., 1., 1.]]])
    """

    axes = 2


class ConstantPad3d(_ConstantPad):
    """One value around the volume. x (*, D, H, W)."""

    axes = 3


class _ZeroPad(_Pad):
    mode = "constant"


class ZeroPad1d(_ZeroPad):
    """Zeros at both ends. x (*, W)."""

    axes = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around the image. x (*, H, W).

    >>> fathom.nn.ZeroPad2d(2)(fathom.ones(1, 28, 28)).shape
    fathom.Size([1, 32, 32])
    """

    axes = 2


class ZeroPad3d(_ZeroPad):
    """Zeros around the volume. x (*, D, H, W)."""

    axes = 3


class _ReflectionPad(_Pad):
    mode = "reflect"


class ReflectionPad1d(_ReflectionPad):
    """A mirror at each end, which is not repeated. x (*, W).

    >>> fathom.nn.ReflectionPad1d(2)(fathom.tensor([[1., 2., 3.]]))
    tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    axes = 1


class ReflectionPad2d(_ReflectionPad):
    """A mirror at each edge of the image. x (*, H, W)."""

    axes = 2


class ReflectionPad3d(_ReflectionPad):
    """A mirror at each face of the volume. x (*, D, H, W)."""

    axes = 3


class _ReplicationPad(_Pad):
    mode = "replicate"


class ReplicationPad1d(_ReplicationPad):
    """Each end repeated. x (*, W).

    >>> fathom.nn.ReplicationPad1d(2)(fathom.tensor([[1., 2., 3.]]))
    tensor([[1., 1., 1., 2., 3., 3., 3.]])
    """

    axes = 1


class ReplicationPad2d(_ReplicationPad):
    """The edges of the image repeated. x (*, H, W)."""

    axes = 2


class ReplicationPad3d(_ReplicationPad):
    """The faces of the volume repeated. x (*, D, H, W)."""

    axes = 3


class _CircularPad(_Pad):
    mode = "circular"


class CircularPad1d(_CircularPad):
    """Each end goes on at the other. x (*, W).

    >>> fathom.nn.CircularPad1d(1)(fathom.tensor([[1., 2., 3.]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    axes = 1


class CircularPad2d(_CircularPad):
    """Each edge of the image goes on at the opposite one. x (*, H, W)."""

    axes = 2


class CircularPad3d(_CircularPad):
    """Each face of the volume goes on at the opposite one. x (*, D, H, W)."""

    axes = 3
