"""train.Module: a network that knows its loss, its steps and its optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom import nn, optim
from fathom.autograd import no_grad
from fathom.tensors import Tensor
from fathom.train.board import ProgressBoard
from fathom.train.hyperparameters import HyperParameters

if TYPE_CHECKING:
    from fathom.train.trainer import Trainer


class Module(nn.Module, HyperParameters):
    """A nn.Module with all that training it takes. Define at least `loss`, and `forward` or `net`.

    A batch is a tuple (*inputs, targets). What the steps pass to `plot` becomes a metric: the
    trainer averages it, shows it, writes it down and draws its curve.

    plot_train_per_epoch  points of each training curve in an epoch
    plot_valid_per_epoch  the same of validation: 1, or 0 to draw none

    >>> from fathom.train import DataModule, Trainer
    >>> class Line(Module):
    ...     def __init__(self, lr=0.3):
    ...         super().__init__()
    ...         self.save_hyperparameters()
    ...         self.net = fathom.nn.Linear(1, 1)
    ...     def loss(self, y_hat, y):
    ...         return ((y_hat - y) ** 2).mean()
    >>> x = fathom.arange(8.).reshape(8, 1) / 8
    >>> data = DataModule.of_tensors(x, 3 * x - 1, batch_size=2)
    >>> line = Line()
    >>> Trainer(max_epochs=30, progress=False).fit(line, data)
    >>> bool((line.net.weight - 3).abs() < 0.2)
    True
    """

    trainer: Trainer | None = None
    net: nn.Module

    def __init__(self, plot_train_per_epoch: int = 2, plot_valid_per_epoch: int = 1):
        super().__init__()
        self.save_hyperparameters()
        self.board = ProgressBoard(xlabel="epoch")

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """What is to become small: a scalar."""
        raise NotImplementedError(f"{type(self).__name__} must define loss(y_hat, y)")

    def forward(self, X: Tensor) -> Tensor:
        """The predictions of the network `net`."""
        if not hasattr(self, "net"):
            raise NotImplementedError(f"{type(self).__name__} must define forward(X), or self.net")
        return self.net(X)

    def training_step(self, batch: Any) -> Tensor:
        """The loss of a batch, which the trainer then differentiates."""
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=True)
        return loss

    def validation_step(self, batch: Any) -> None:
        """Plots what shall be known of a batch that is not learnt from."""
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=False)

    def plot(self, key: str, value: Any, train: bool) -> None:
        """Hands the value of a metric on this batch, its mean over the examples, to the trainer."""
        if self.trainer is None:
            raise RuntimeError(f"{type(self).__name__}.plot: it has no trainer; call Trainer.fit")
        self.trainer.log(key, value, train)

    def configure_optimizers(self) -> optim.Optimizer:
        """The optimizer; unless overridden, plain SGD with the rate `self.lr`."""
        if not hasattr(self, "lr"):
            raise NotImplementedError(
                f"{type(self).__name__} must define configure_optimizers(), or self.lr for SGD"
            )
        return optim.SGD(self.parameters(), lr=self.lr)

    def apply_init(self, inputs: Any, init: Any = None) -> None:
        """Lets lazy layers see a batch's inputs, and then initialises all layers with `init`."""
        with no_grad():
            self.forward(*inputs)
        if init is not None:
            self.net.apply(init)
