"""The trainer: batches, steps, and an eye on examples that were not learnt from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from fathom.blocks.functions import Array
from fathom.blocks.network import NeuralNetwork
from fathom.blocks.optimizer import Optimizer, clip_gradients

Pairs: TypeAlias = tuple[Array, Array]  # inputs and their targets


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training examples came to."""

    number: int
    lr: float
    train_loss: float  # the mean over the pass, while the network was changing
    valid_loss: float  # after it


class Trainer:
    """Trains a network with an optimizer.

    longest_gradient  gradients are clipped to this length; None leaves them
    generator         shuffles the examples, anew for every epoch

    >>> from fathom.blocks import SGD, Dense, MeanSquaredError
    >>> x = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> network = NeuralNetwork(Dense(1, 1, generator=0), loss=MeanSquaredError())
    >>> trainer = Trainer(network, SGD(network.parameters(), lr=0.5), generator=0)
    >>> epochs = trainer.fit((x, 3 * x + 2), (x, 3 * x + 2), epochs=20, batch_size=5)
    >>> [parameter.value.round(3).tolist() for parameter in network.parameters()]
    [[[3.0]], [2.0]]
    """

    def __init__(
        self,
        network: NeuralNetwork,
        optimizer: Optimizer,
        longest_gradient: float | None = None,
        generator: np.random.Generator | int | None = None,
    ) -> None:
        self.network, self.optimizer = network, optimizer
        self.longest_gradient = longest_gradient
        self.generator = np.random.default_rng(generator)

    def fit(
        self,
        train: Pairs,
        valid: Pairs,
        epochs: int,
        batch_size: int = 32,
        patience: int | None = None,
        report: Callable[[Epoch], None] | None = None,
    ) -> list[Epoch]:
        """Train, and return what each epoch came to; `report` is called after each.

        With `patience`, stop early: when the loss of `valid` has not become smaller for so many epochs,
        and at the end go back to the parameters with which it was smallest.
        """
        history: list[Epoch] = []
        best: list[Array] = []
        for number in range(1, epochs + 1):
            losses = [
                self.step(x, target, (number - 1 + part) / epochs)
                for part, x, target in self.batches(train, batch_size)
            ]
            valid_loss = self.evaluate(valid)
            history.append(Epoch(number, self.optimizer.lr, float(np.mean(losses)), valid_loss))
            if report is not None:
                report(history[-1])
            if patience is None:
                continue
            smallest = min(range(number), key=lambda epoch: history[epoch].valid_loss)
            if smallest == number - 1:
                best = [parameter.value.copy() for parameter in self.network.parameters()]
            elif number - 1 - smallest >= patience:
                break
        for parameter, value in zip(self.network.parameters(), best):
            parameter.value[...] = value
        return history

    def batches(self, pairs: Pairs, batch_size: int) -> Iterator[tuple[float, Array, Array]]:
        """The examples in random order, in batches: how far the pass has come, inputs, targets."""
        x, target = pairs
        if len(x) != len(target) or not len(x):
            raise ValueError(f"there are {len(x)} inputs and {len(target)} targets")
        order = self.generator.permutation(len(x))
        for start in range(0, len(x), batch_size):
            chosen = order[start : start + batch_size]
            yield start / len(x), x[chosen], target[chosen]

    def step(self, x: Array, target: Array, progress: float) -> float:
        """Learn from one batch; the loss before."""
        self.optimizer.advance(progress)
        loss = self.network.loss_and_gradients(x, target)
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"the loss is {loss}: a step was too long; lower lr (it is {self.optimizer.lr:g}) or"
                " give longest_gradient"
            )
        if self.longest_gradient is not None:
            clip_gradients(self.network.parameters(), self.longest_gradient)
        self.optimizer.step()
        return loss

    def evaluate(self, pairs: Pairs) -> float:
        """The loss of examples, without learning from them."""
        x, target = pairs
        return self.network.loss.forward(self.network.predict(x), target)
