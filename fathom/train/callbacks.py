"""Callbacks: what happens on the way through a training, besides learning."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom import optim
from fathom.tensors import Tensor
from fathom.train.checkpoint import keep_newest

if TYPE_CHECKING:
    from fathom.train.trainer import Trainer

MODES = ("min", "max")
UNITS = ("step", "epoch")


class Callback:
    """Override what you need; the trainer calls each at its time, in this order.

    A callback that remembers something gives it in `state_dict`, so that a checkpoint holds it.
    """

    def setup(self, trainer: Trainer) -> None:
        """The model and the data are ready; a checkpoint, if there is one, is not yet loaded."""

    def on_fit_start(self, trainer: Trainer) -> None:
        """The loop begins."""

    def on_before_backward(self, trainer: Trainer, loss: Tensor) -> None:
        """A batch's loss is known, and nothing has been changed by it yet."""

    def on_train_batch_end(self, trainer: Trainer) -> None:
        """The optimizer has made a step."""

    def on_validation_start(self, trainer: Trainer) -> None:
        """The epoch's batches have been learnt from."""

    def on_validation_batch_end(self, trainer: Trainer) -> None:
        """A batch has been validated."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """`trainer.history.last()` has the epoch's means, validation's among them."""

    def on_fit_end(self, trainer: Trainer) -> None:
        """All epochs are done."""

    def on_interrupt(self, trainer: Trainer) -> None:
        """Ctrl-C: the step under way is done, the next will not begin."""

    def teardown(self, trainer: Trainer) -> None:
        """The loop was left, by its end or by an error."""

    def state_dict(self) -> dict[str, Any]:
        """What to remember; empty if nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        vars(self).update(state)


class EarlyStopping(Callback):
    """Stops when a metric has not become better for `patience` epochs.

    min_delta  how much better counts as better
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "min",
        patience: int = 3,
        min_delta: float = 0.0,
    ):
        self.monitor, self.mode = monitor, checked_mode(mode)
        self.patience, self.min_delta = patience, min_delta
        self.best: float | None = None
        self.waited = 0

    def on_epoch_end(self, trainer: Trainer) -> None:
        value = monitored(trainer, self.monitor)
        if self.best is None or better(value, self.best, self.mode, self.min_delta):
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited}


class ModelCheckpoint(Callback):
    """Saves checkpoints in a folder: the newest ones, and below `best` the best by a metric.

    monitor              the metric of the best one, such as "val_acc"; None keeps no best
    mode                 whether the best is the "min" or the "max"
    every_n_epochs       0: not after epochs
    every_n_train_steps  0: not after steps
    keep                 how many of the newest stay

    An older checkpoint goes only when the new one is whole.
    """

    def __init__(
        self,
        folder: str | Path,
        monitor: str | None = None,
        mode: str = "min",
        every_n_epochs: int = 1,
        every_n_train_steps: int = 0,
        keep: int = 2,
    ):
        if keep < 1:
            raise ValueError(f"ModelCheckpoint: keep must be at least 1, got {keep}")
        self.folder, self.monitor, self.mode = Path(folder), monitor, checked_mode(mode)
        self.every_n_epochs, self.every_n_train_steps = every_n_epochs, every_n_train_steps
        self.keep = keep
        self.best: float | None = None

    def on_train_batch_end(self, trainer: Trainer) -> None:
        if self.every_n_train_steps and trainer.step % self.every_n_train_steps == 0:
            self.save(trainer)

    def on_epoch_end(self, trainer: Trainer) -> None:
        if self.monitor is not None:
            value = monitored(trainer, self.monitor)
            if self.best is None or better(value, self.best, self.mode):
                self.best = value
                trainer.save_checkpoint(self.folder / "best")
                keep_newest(self.folder / "best", 1)
        if self.every_n_epochs and trainer.epoch % self.every_n_epochs == 0:
            self.save(trainer)

    def on_interrupt(self, trainer: Trainer) -> None:
        self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Saves a checkpoint now, and removes the oldest."""
        trainer.save_checkpoint(self.folder)
        keep_newest(self.folder, self.keep)

    def state_dict(self) -> dict[str, Any]:
        return {} if self.monitor is None else {"best": self.best}


class LearningRateSchedule(Callback):
    """Changes the learning rate by one of `optim.lr_scheduler`.

    make   (optimizer, total) -> scheduler; total is the number of its steps in the whole training
    every  whether the scheduler makes its step after each "step" or each "epoch"

    >>> halve = LearningRateSchedule(
    ...     lambda optimizer, epochs: fathom.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    ... )
    """

    def __init__(self, make: Callable[[optim.Optimizer, int], Any], every: str = "epoch"):
        if every not in UNITS:
            raise ValueError(f"LearningRateSchedule: every must be one of {UNITS}, got {every!r}")
        self.make, self.every = make, every
        self.scheduler: Any = None

    def setup(self, trainer: Trainer) -> None:
        per_epoch = trainer.num_train_batches if self.every == "step" else 1
        self.scheduler = self.make(trainer.optimizer, trainer.max_epochs * per_epoch)

    def on_train_batch_end(self, trainer: Trainer) -> None:
        if self.every == "step" and trainer.step < trainer.max_epochs * trainer.num_train_batches:
            self.scheduler.step()

    def on_epoch_end(self, trainer: Trainer) -> None:
        if self.every == "epoch":
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        return {} if self.scheduler is None else {"scheduler": self.scheduler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.scheduler.load_state_dict(state["scheduler"])


def monitored(trainer: Trainer, name: str) -> float:
    """A metric of the epoch that ended; KeyError, naming those there are, where it has none."""
    line = trainer.history.last()
    if name not in line:
        known = ", ".join(trainer.history.names())
        raise KeyError(f"no metric is called {name!r}; there are {known}")
    return line[name]


def better(value: float, best: float, mode: str, min_delta: float = 0.0) -> bool:
    """Whether a value beats the best so far; NaN never does."""
    if math.isnan(best):
        return not math.isnan(value)
    return value < best - min_delta if mode == "min" else value > best + min_delta


def checked_mode(mode: str) -> str:
    if mode not in MODES:
        raise ValueError(f"mode must be one of {MODES}, got {mode!r}")
    return mode
