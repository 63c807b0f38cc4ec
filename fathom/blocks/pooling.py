"""Pooling: an image in fewer pixels, the largest or the average of each window.

x (N, C, H, W), windows of size x size -> (N, C, I, J). Windows stand side by side unless a stride is
given; pixels that no window reaches are left out.
"""

from __future__ import annotations

import numpy as np

from fathom.blocks.functions import Array
from fathom.blocks.operation import Operation
from fathom.blocks.windows import positions


class Pooling(Operation):
    """What both have in common: the windows."""

    def __init__(self, size: int = 2, stride: int | None = None) -> None:
        self.size, self.stride = size, size if stride is None else stride
        if size < 1 or self.stride < 1:
            raise ValueError(
                f"{type(self).__name__}: size and stride must be 1 or more, got size={size},"
                f" stride={self.stride}"
            )

    def pixels(self, x: Array) -> list[Array]:
        """For each position in the window, the pixels there: views (N, C, I, J)."""
        if x.ndim != 4:
            raise ValueError(f"{type(self).__name__}: x must be (N, C, H, W), got {x.shape}")
        return list(positions(x, self.size, self.size, self.stride))


class MaxPool2D(Pooling):
    """The largest of each window. Its gradient goes to the pixel that was it; to the first, in a tie.

    >>> MaxPool2D(2).forward(np.array([[[[1.0, 7.0], [3.0, 4.0]]]]))
    array([[[[7.]]]])
    """

    def output(self, x: Array) -> Array:
        pixels = self.pixels(x)
        largest = pixels[0]
        self.winner = np.zeros(largest.shape, np.int16)  # the position of the largest
        for k, other in enumerate(pixels[1:], 1):
            self.winner[other > largest] = k
            largest = np.maximum(largest, other)
        return largest

    def input_gradient(self, g: Array) -> Array:
        gx = np.zeros(self.x.shape, g.dtype)
        for k, pixels in enumerate(self.pixels(gx)):
            pixels += g * (self.winner == k)
        return gx


class AveragePool2D(Pooling):
    """The average of each window. Its gradient is shared out to all pixels evenly.

    >>> AveragePool2D(2).forward(np.array([[[[1.0, 7.0], [4.0, 4.0]]]]))
    array([[[[4.]]]])
    """

    def output(self, x: Array) -> Array:
        pixels = self.pixels(x)
        return np.add.reduce(pixels) / len(pixels)

    def input_gradient(self, g: Array) -> Array:
        gx = np.zeros(self.x.shape, g.dtype)
        for pixels in self.pixels(gx):
            pixels += g / self.size**2
        return gx
