"""The multilayer perceptron: two linear layers with a bend between them."""

from __future__ import annotations

from fathom import nn, optim
from fathom.train.classifier import Classifier


class MLP(Classifier):
    """Images (N, C, H, W) -> num_hiddens units, ReLU, dropout -> scores (N, num_outputs).

    It learns the number of pixels from the first batch.

    >>> MLP(num_outputs=3, num_hiddens=8)(fathom.zeros(2, 1, 4, 4)).shape
    fathom.Size([2, 3])
    """

    def __init__(
        self,
        num_outputs: int = 10,
        num_hiddens: int = 256,
        lr: float = 0.002,
        dropout: float = 0.2,
    ):
        super().__init__(plot_train_per_epoch=10)
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.LazyLinear(num_hiddens),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.LazyLinear(num_outputs),
        )

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.Adam(self.parameters(), lr=self.lr)
