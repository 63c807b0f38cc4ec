"""LeNet-5: the convolutional network that read cheques, with today's nonlinearity and pooling.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition,
1998. Here with ReLU and max pooling, which learn in a tenth of the epochs that the original's
squashing functions and averages need.

N images, C channels, S rows and columns, K classes.
"""

from __future__ import annotations

from fathom import nn, optim
from fathom.tensors import Tensor
from fathom.train.classifier import Classifier

KERNEL, SMALLEST = 5, 12


class LeNet(Classifier):
    """Images (N, C, S, S) -> scores (N, K).

    >>> LeNet()(fathom.zeros(2, 1, 28, 28)).shape
    fathom.Size([2, 10])
    """

    def __init__(self, lr: float = 0.005, num_classes: int = 10, channels: int = 1, size: int = 28):
        super().__init__(plot_train_per_epoch=10)
        if size < SMALLEST:
            raise ValueError(f"LeNet: images must be at least {SMALLEST}x{SMALLEST}, got {size}")
        self.save_hyperparameters()
        side = (size // 2 - (KERNEL - 1)) // 2  # after: same size, halved, border lost, halved
        self.net = nn.Sequential(
            nn.Conv2d(channels, 6, KERNEL, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, KERNEL), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * side * side, 120), nn.ReLU(),
            nn.Linear(120, 84), nn.ReLU(),
            nn.Linear(84, num_classes),
        )  # fmt: skip

    def forward(self, X: Tensor) -> Tensor:
        return self.net(X)

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.Adam(self.parameters(), lr=self.lr)
