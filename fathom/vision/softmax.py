"""Softmax regression: one linear layer from pixels to classes, the baseline of every classifier."""

from __future__ import annotations

from fathom import nn, optim
from fathom.train.classifier import Classifier


class SoftmaxRegression(Classifier):
    """Images (N, C, H, W) -> scores (N, num_outputs), by one linear layer over all pixels.

    It learns the number of pixels from the first batch.

    >>> SoftmaxRegression(num_outputs=3, lr=0.1)(fathom.zeros(2, 1, 4, 4)).shape
    fathom.Size([2, 3])
    """

    def __init__(self, num_outputs: int = 10, lr: float = 0.1):
        super().__init__(plot_train_per_epoch=10)
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)
