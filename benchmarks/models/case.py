"""What a benchmark of training steps needs to know of a model.

A model is written once, on the API of PyTorch, as functions of the library: `torch` below is PyTorch or fathom,
and both run the very same lines. JAX has no modules, so a model may have a second version as a function of its
parameters, by the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Batch = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Case:
    """A model with its batches, its loss and its optimizer.

    name, about   what it is called in tables, and what it is, in a few words
    build         torch -> model
    batch         a random generator of NumPy -> one batch
    loss          torch, model, *batch -> loss
    lr            the rate of plain gradient descent
    optimizer     torch, model -> optimizer, where it is not plain gradient descent
    step          torch, model -> one training step, where it is not forward, backward, update
    jax_loss      parameters by name, *batch -> loss, in JAX (plain gradient descent only)
    """

    name: str
    about: str
    build: Callable[[Any], Any]
    batch: Callable[[np.random.Generator], Batch]
    loss: Callable[..., Any] | None = None
    lr: float = 0.1
    optimizer: Callable[[Any, Any], Any] | None = None
    step: Callable[[Any, Any], Callable[..., Any]] | None = None
    jax_loss: Callable[..., Any] | None = None

    def training_step(self, torch: Any, model: Any) -> Callable[..., Any]:
        """A function of a batch that takes one step and returns the loss before it."""
        if self.step is not None:
            return self.step(torch, model)
        loss_of = self.loss
        assert loss_of is not None  # a case has a loss or a step
        if self.optimizer is not None:
            optimizer = self.optimizer(torch, model)
        else:
            optimizer = torch.optim.SGD(model.parameters(), lr=self.lr)

        def step(*batch: Any) -> Any:
            optimizer.zero_grad()
            loss = loss_of(torch, model, *batch)
            loss.backward()
            optimizer.step()
            return loss

        return step


def classification(torch: Any, model: Any, x: Any, y: Any) -> Any:
    """The cross-entropy of scores (N, K) against classes (N,)."""
    return torch.nn.functional.cross_entropy(model(x), y)


def images(batch: int, channels: int, size: int, classes: int) -> Callable:
    """Batches of noise (N, C, H, W) with classes (N,)."""

    def draw(rng: np.random.Generator) -> Batch:
        x = rng.standard_normal((batch, channels, size, size)).astype(np.float32)
        return x, rng.integers(0, classes, batch)

    return draw


def sequences(batch: int, length: int, vocabulary: int) -> Callable:
    """Batches of token numbers (N, T), and the tokens that follow each, (N, T)."""

    def draw(rng: np.random.Generator) -> Batch:
        tokens = rng.integers(0, vocabulary, (batch, length + 1))
        return tokens[:, :-1].copy(), tokens[:, 1:].copy()

    return draw
