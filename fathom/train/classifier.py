"""Classifier: the base of networks that tell classes apart.

N examples, K classes.
"""

from __future__ import annotations

from typing import Any

import fathom.nn.functional as F
from fathom.tensors import Tensor
from fathom.train.layers import layer_table, summary
from fathom.train.module import Module


class Classifier(Module):
    """A network from inputs to scores (N, K), trained with cross-entropy, judged by accuracy."""

    def loss(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        """Cross-entropy of scores (..., K) and labels (...): its mean, or (N) not averaged."""
        scores = Y_hat.reshape(-1, Y_hat.shape[-1])  # (N, K)
        return F.cross_entropy(scores, Y.reshape(-1), reduction="mean" if averaged else "none")

    def accuracy(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        """The share of right predictions, or for each example whether it is right, 1. or 0."""
        right = (Y_hat.detach().reshape(-1, Y_hat.shape[-1]).argmax(1) == Y.reshape(-1)).float()
        return right.mean() if averaged else right

    def training_step(self, batch: Any) -> Tensor:
        """The loss; plots it and the accuracy."""
        Y_hat = self(*batch[:-1])
        loss = self.loss(Y_hat, batch[-1])
        self.plot("loss", loss, train=True)
        self.plot("acc", self.accuracy(Y_hat, batch[-1]), train=True)
        return loss

    def validation_step(self, batch: Any) -> None:
        """Plots the loss and the accuracy."""
        Y_hat = self(*batch[:-1])
        self.plot("loss", self.loss(Y_hat, batch[-1]), train=False)
        self.plot("acc", self.accuracy(Y_hat, batch[-1]), train=False)

    def layer_summary(self, X_shape: tuple[int, ...]) -> None:
        """Prints each layer of `net` with the shape that comes out of it."""
        print(summary(layer_table(self, X_shape)))
