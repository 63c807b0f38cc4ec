"""A block: it computes forward, and passes gradients backward; blocks in a row are a block again.

Of the whole network one number matters, the loss L. On the way back every block is told the gradient
g = dL/dy of its output, and answers with dL/dx of its input: the chain rule, a box at a time.

    forward     x --->[ block ]---> y
    backward   gx <---[ block ]<--- g        gx = g dy/dx
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from fathom.blocks.functions import Array


class Parameter:
    """An array that is learnt: its value, and the gradient dL/dvalue that has arrived so far.

    Where a value is used several times, its gradients add up.
    """

    def __init__(self, value: Array) -> None:
        self.value = value
        self.gradient = np.zeros_like(value)

    def add_gradient(self, g: Array) -> None:
        """Another gradient arrives."""
        assert g.shape == self.value.shape, f"gradient {g.shape} of a value {self.value.shape}"
        self.gradient += g

    def clear_gradient(self) -> None:
        """Back to zero, before the next pass."""
        self.gradient = np.zeros_like(self.value)


class Block:
    """What has a forward and a backward."""

    def forward(self, x: Array, training: bool = False) -> Array:
        """The output y. `training` says whether we learn: dropout only drops then."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, g: Array) -> Array:
        """The gradient of the last input, given the gradient g of its output."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def parameters(self) -> list[Parameter]:
        """All that is learnt here."""
        return []

    def astype(self, dtype: DTypeLike) -> Self:
        """The same block with parameters of another type; float32 is about twice as fast as float64."""
        for parameter in self.parameters():
            parameter.value = parameter.value.astype(dtype)
            parameter.clear_gradient()
        return self

    def __repr__(self) -> str:
        shapes = ", ".join(str(parameter.value.shape) for parameter in self.parameters())
        return f"{type(self).__name__}({shapes})"


class Chain(Block):
    """Blocks in a row: forward from the first to the last, backward from the last to the first."""

    def __init__(self, *blocks: Block) -> None:
        self.blocks = blocks

    def forward(self, x: Array, training: bool = False) -> Array:
        for block in self.blocks:
            x = block.forward(x, training)
        return x

    def backward(self, g: Array) -> Array:
        for block in reversed(self.blocks):
            g = block.backward(g)
        return g

    def parameters(self) -> list[Parameter]:
        every = [parameter for block in self.blocks for parameter in block.parameters()]
        return list(dict.fromkeys(every))  # a shared one once, else a step would move it twice
