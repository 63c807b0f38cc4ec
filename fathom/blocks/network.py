"""A network: blocks in a row, and a loss at the end."""

from __future__ import annotations

import numpy as np

from fathom.blocks.block import Block, Chain
from fathom.blocks.functions import Array
from fathom.blocks.loss import Loss


class NeuralNetwork(Chain):
    """Blocks in a row, learnt so that the loss of what comes out becomes small.

    >>> from fathom.blocks import Dense, MeanSquaredError, Tanh
    >>> network = NeuralNetwork(Dense(2, 8, Tanh, 0), Dense(8, 1, generator=1), loss=MeanSquaredError())
    >>> network
    NeuralNetwork(
      Dense((2, 8), (8,)),
      Dense((8, 1), (1,)),
      loss=MeanSquaredError)
    >>> network.predict(np.ones((3, 2))).shape
    (3, 1)
    """

    def __init__(self, *blocks: Block, loss: Loss) -> None:
        super().__init__(*blocks)
        self.loss = loss

    def loss_and_gradients(self, x: Array, target: Array) -> float:
        """Forward, the loss, and all the way back: every parameter then holds its gradient."""
        for parameter in self.parameters():
            parameter.clear_gradient()
        loss = self.loss.forward(self.forward(x, training=True), target)
        self.backward(self.loss.backward())
        return loss

    def predict(self, x: Array, batch_size: int = 500) -> Array:
        """The output for any number of examples, a batch at a time so that memory stays small."""
        starts = range(0, max(len(x), 1), batch_size)
        return np.concatenate([self.forward(x[start : start + batch_size]) for start in starts])

    def __repr__(self) -> str:
        lines = "".join(f"\n  {block!r}," for block in self.blocks)
        return f"NeuralNetwork({lines}\n  loss={type(self.loss).__name__})"
