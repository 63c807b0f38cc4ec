"""Layers: operations in a row that belong together.

N examples; F features in, H out; C channels of images in, O out.
"""

from __future__ import annotations

import numpy as np

from fathom.blocks.activations import Linear
from fathom.blocks.affine import BiasAdd, WeightMultiply
from fathom.blocks.block import Chain
from fathom.blocks.convolution import Convolution
from fathom.blocks.initial import glorot
from fathom.blocks.operation import Operation


class Layer(Chain):
    """A row of operations that a network counts as one piece."""


class Dense(Layer):
    """$y = f(x W + b)$: every output sees every input.

    x (..., F) -> (..., H), with `inputs` F and `outputs` H.

    >>> layer = Dense(3, 2, generator=0)
    >>> layer
    Dense((3, 2), (2,))
    >>> layer.forward(np.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: type[Operation] = Linear,
        generator: np.random.Generator | int | None = None,
    ) -> None:
        weights = glorot((inputs, outputs), inputs, outputs, generator)
        super().__init__(WeightMultiply(weights), BiasAdd(np.zeros(outputs)), activation())


class Conv2D(Layer):
    r"""$y = f(w \star x + b)$: `filters` small pictures, each looked for everywhere in the image.

    x (N, C, H, W) -> (N, O, I, J), with `channels` C and `filters` O of size x size. Without `padding`
    the image gets smaller by size - 1; a padding of (size - 1) / 2 keeps its size.

    >>> Conv2D(1, 8, size=5, padding=2, generator=0).forward(np.ones((4, 1, 28, 28))).shape
    (4, 8, 28, 28)
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        size: int,
        activation: type[Operation] = Linear,
        padding: int = 0,
        stride: int = 1,
        generator: np.random.Generator | int | None = None,
    ) -> None:
        shape = (filters, channels, size, size)
        weights = glorot(shape, channels * size**2, filters * size**2, generator)
        super().__init__(
            Convolution(weights, padding, stride),
            BiasAdd(np.zeros((filters, 1, 1))),
            activation(),
        )
