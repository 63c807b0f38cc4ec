"""Images larger: by interpolation, or by laying out channels as pixels. See functional/resizing.py."""

from __future__ import annotations

from typing import Any

from fathom.nn.functional import resizing
from fathom.nn.module import Module
from fathom.tensors import Tensor


class Upsample(Module):
    """The input at another size: see functional.interpolate. x (N, C, *sizes).

    >>> fathom.nn.Upsample(scale_factor=2, mode="bilinear")(fathom.ones(1, 3, 4, 4)).shape
    fathom.Size([1, 3, 8, 8])
    """

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ):  # fmt: skip
        super().__init__()
        self.size = size
        if isinstance(scale_factor, (tuple, list)):
            self.scale_factor: Any = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) -> (N, C, *new sizes)."""
        return resizing.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        """What size it makes, and how."""
        to = (
            f"size={self.size}"
            if self.scale_factor is None
            else f"scale_factor={self.scale_factor}"
        )
        return f"{to}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample(mode="nearest")` of images."""

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample(mode="bilinear", align_corners=True)` of images."""

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Channels laid out as pixels. x (*, C r^2, H, W) -> (*, C, H r, W r).

    >>> fathom.nn.PixelShuffle(3)(fathom.ones(1, 9, 4, 4)).shape
    fathom.Size([1, 1, 12, 12])
    """

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """x (*, C r^2, H, W) -> (*, C, H r, W r)."""
        return resizing.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """Its factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Pixels laid out as channels. x (*, C, H r, W r) -> (*, C r^2, H, W).

    >>> fathom.nn.PixelUnshuffle(3)(fathom.ones(1, 1, 12, 12)).shape
    fathom.Size([1, 9, 4, 4])
    """

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """x (*, C, H r, W r) -> (*, C r^2, H, W)."""
        return resizing.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """Its factor."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels of all groups dealt out in turn. x (N, C, *) -> (N, C, *).

    >>> fathom.nn.ChannelShuffle(2)(fathom.arange(4.).reshape(1, 4, 1)).flatten()
    tensor([0., 2., 1., 3.])
    """

    def __init__(self, groups: int):
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> (N, C, *)."""
        return resizing.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """Its number of groups."""
        return f"groups={self.groups}"
