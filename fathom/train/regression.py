"""Regression: data made to order, and the networks that tell a quantity.

N examples, F features.
"""

from __future__ import annotations

from typing import Any

import fathom.nn.functional as F
from fathom import nn, optim
from fathom.core.random import Generator
from fathom.data.loader import DataLoader
from fathom.ops.contraction import matmul
from fathom.ops.creation import zeros
from fathom.ops.randomness import normal, randn
from fathom.tensors import Tensor
from fathom.train.datamodule import DataModule
from fathom.train.hyperparameters import HyperParameters
from fathom.train.module import Module


class SyntheticRegressionData(DataModule):
    r"""$y = Xw + b + \epsilon$ with $X \sim N(0, 1)$ and $\epsilon \sim N(0, \text{noise}^2)$.

    w (F), X (num_train + num_val, F), y (num_train + num_val, 1). The same seed makes the same data.

    >>> data = SyntheticRegressionData(fathom.tensor([2., -3.4]), b=4.2, num_train=8, num_val=4)
    >>> data.X.shape, data.y.shape
    (fathom.Size([12, 2]), fathom.Size([12, 1]))
    """

    def __init__(
        self,
        w: Tensor,
        b: float,
        noise: float = 0.01,
        num_train: int = 1000,
        num_val: int = 1000,
        batch_size: int = 32,
        seed: int = 0,
    ):
        super().__init__()
        self.save_hyperparameters()
        count, source = num_train + num_val, Generator().manual_seed(seed)
        self.X = randn(count, len(w), generator=source)
        error = noise * randn(count, 1, generator=source)
        self.y = matmul(self.X, w.reshape(-1, 1)) + b + error

    def get_dataloader(self, train: bool) -> DataLoader:
        indices = slice(0, self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, indices)


class Regressor(Module):
    """A network from features (N, F) to quantities (N, 1), trained with the mean squared error."""

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """The mean squared error."""
        return F.mse_loss(y_hat, y)


class LinearRegression(Regressor):
    """A linear layer that learns its number of inputs from the data, trained by plain SGD."""

    def __init__(self, lr: float):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.LazyLinear(1)

    def get_w_b(self) -> tuple[Tensor, Tensor]:
        """The weights and the bias."""
        return self.net.weight, self.net.bias


class LinearRegressionScratch(Regressor):
    """Linear regression with parameters, loss and optimizer made by hand."""

    def __init__(self, num_inputs: int, lr: float, sigma: float = 0.01):
        super().__init__()
        self.save_hyperparameters()
        self.w = nn.Parameter(normal(0, sigma, (num_inputs, 1)))
        self.b = nn.Parameter(zeros(1))

    def forward(self, X: Tensor) -> Tensor:
        return matmul(X, self.w) + self.b

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """Half the squared error, on average: its gradient is the error itself."""
        return ((y_hat - y) ** 2 / 2).mean()

    def configure_optimizers(self) -> Any:
        return SGD([self.w, self.b], self.lr)


class SGD(HyperParameters):
    """Gradient descent by hand: every parameter goes a step against its gradient."""

    def __init__(self, params: list[Tensor], lr: float):
        self.save_hyperparameters()

    def step(self) -> None:
        for parameter in self.params:
            if parameter.grad is not None:
                parameter.data -= self.lr * parameter.grad

    def zero_grad(self) -> None:
        for parameter in self.params:
            parameter.grad = None

    def state_dict(self) -> dict:
        """It remembers nothing but its rate."""
        return {"lr": self.lr}

    def load_state_dict(self, state: dict) -> None:
        self.lr = state["lr"]


class MLPRegression(Regressor):
    """A quantity by a two-layer perceptron: features (N, F) -> hidden units, ReLU -> (N, 1)."""

    def __init__(self, num_hiddens: int = 64, lr: float = 0.01, weight_decay: float = 0.0):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.LazyLinear(num_hiddens), nn.ReLU(), nn.LazyLinear(1))

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.AdamW(self.parameters(), lr=self.lr, weight_decay=self.weight_decay)
