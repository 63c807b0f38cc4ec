"""Trainer: the training loop, in sight.

    for each epoch
        for each batch
            loss  = model.training_step(batch)
            grads = the gradient of the loss
            the optimizer changes the parameters
        model.validation_step(batch), for each batch of validation

Around it: a word to the callbacks at each turn, and a state that can be saved after any step.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fathom.autograd import no_grad
from fathom.compiler.compiled import compile as compiled
from fathom.core import dtypes
from fathom.core.base import TensorBase, is_plain
from fathom.core.device import device as Device
from fathom.core.random import default_generator, manual_seed
from fathom.data.errors import FileFormatError
from fathom.nn.utils import clip_grad_norm_
from fathom.ops.creation import tensor
from fathom.tensors import Tensor
from fathom.train.callbacks import Callback, ModelCheckpoint
from fathom.train.checkpoint import (
    MODEL,
    WAY_OUT,
    Checkpoint,
    newest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from fathom.train.datamodule import DataModule
from fathom.train.history import History
from fathom.train.hyperparameters import HyperParameters
from fathom.train.interruption import TrainingInterrupted, ctrl_c_is_a_wish
from fathom.train.module import Module
from fathom.train.progress import progress_display
from fathom.train.record import Recorder
from fathom.train.run_folder import RunFolder

# Steps in all, epochs that are done; of the one under way: its batches so far, whether they were
# all, so that only validation is left, and whether it shall be the last.
COUNTERS = ("step", "epoch", "batch", "learnt", "should_stop")


class Trainer(HyperParameters):
    """Trains a model on data, for `max_epochs` passes over it.

    callbacks          what else happens on the way (see train.callbacks)
    gradient_clip_val  the largest norm of all gradients together; 0 for any
    device, precision  where the numbers live, and their dtype ("float64", ...) if not the model's
    num_workers        the data module's workers, if not its own number
    compile            whether a step becomes one native program (see fathom.compile); the numbers
                       are those of the step as it is, up to rounding. A step that looks at values
                       while it computes runs as it is, with a warning
    seed               of the order of examples, of dropout, ...; None goes on with the generator
    out                a folder for checkpoints, metrics.jsonl, curves and the final weights
    record             whether to leave a record there that `diff_runs` reads; a number k looks at
                       the model after every k steps only (see train.record)
    progress           whether to show how far it is

    `history` holds what was measured. After `fit`, `fit(..., resume=folder)` with a larger number
    of epochs goes on; so does a new process, to the same bits as if it had never stopped.
    """

    def __init__(
        self,
        max_epochs: int = 10,
        callbacks: Iterable[Callback] = (),
        gradient_clip_val: float = 0.0,
        device: str = "cpu",
        precision: str | None = None,
        num_workers: int | None = None,
        compile: bool = True,
        seed: int | None = None,
        out: str | Path | None = None,
        progress: bool = True,
        record: int = False,
    ):
        self.save_hyperparameters(ignore=["callbacks"])
        self.callbacks = list(callbacks)
        if out is not None:
            self.callbacks.append(RunFolder(Path(out)))
            if not any(isinstance(callback, ModelCheckpoint) for callback in self.callbacks):
                self.callbacks.append(ModelCheckpoint(Path(out) / "checkpoints"))
        if record and out is None:
            raise ValueError("Trainer: record=True needs a folder to record in; give out=...")
        if record:
            self.callbacks.append(Recorder(Path(str(out)), record))
        if progress:
            self.callbacks.append(progress_display())
        # A checkpoint is saved last, when the other callbacks have done what belongs to the step.
        self.callbacks.sort(key=lambda callback: isinstance(callback, ModelCheckpoint))

    # ---- the loop --------------------------------------------------------------------------------

    def fit(self, model: Module, data: DataModule, resume: str | Path | None = None) -> None:
        """Trains `model` on `data`; with `resume`, on from a checkpoint (or the newest of a run).

        Ctrl-C finishes the step, saves a checkpoint if there is a folder for it, and raises
        TrainingInterrupted, a KeyboardInterrupt that knows the checkpoint.
        """
        self.prepare_data(data)
        self.prepare_model(model)
        self.tell("setup")
        if resume is not None:
            self.load_checkpoint(resume)
        with ctrl_c_is_a_wish() as self.wish:
            try:
                self.tell("on_fit_start")
                while self.epoch < self.max_epochs and not self.should_stop:
                    self.fit_epoch()
                self.tell("on_fit_end")
            except TrainingInterrupted:
                self.tell("on_interrupt")
                raise TrainingInterrupted(self.newest_checkpoint) from None
            finally:
                self.tell("teardown")

    def fit_epoch(self) -> None:
        """One pass over the training data, or what is left of it, and one over validation."""
        self.began = time.perf_counter() - self.seconds
        self.model.train()
        for batch in self.batches_left():
            self.fit_batch(self.prepare_batch(batch))
        self.learnt = True
        self.validate()
        self.epoch, self.batch, self.learnt = self.epoch + 1, 0, False
        seconds, self.seconds = round(time.perf_counter() - self.began, 3), 0.0
        line = self.history.close_epoch(epoch=self.epoch, step=self.step, seconds=seconds)
        self.draw(line, "val_")
        self.tell("on_epoch_end")

    def fit_batch(self, batch: Any) -> None:
        """One step, and what it was worth."""
        self.current = batch
        _, plotted = self.learning(batch)
        for name, value in plotted.items():
            self.history.add(name, value, self.batch_size)
        self.step, self.batch = self.step + 1, self.batch + 1
        if self.at_point_of_curve():
            at = self.epoch + self.batch / self.num_train_batches
            self.draw(self.history.close_window(epoch=at, step=self.step), "train_")
        self.tell("on_train_batch_end")
        self.stop_if_asked()

    def learn(self, batch: Any) -> tuple[Tensor, dict[str, Any]]:
        """Loss, gradients, update; returns the loss and what was plotted. This is what is compiled."""
        self.plotted: dict[str, Any] = {}
        self.optimizer.zero_grad()
        loss = self.model.training_step(batch)
        if is_plain(loss):  # else it is being traced, and `accept` tells
            self.tell("on_before_backward", loss)
        loss.backward()
        if self.gradient_clip_val > 0:
            self.clip_gradients(self.gradient_clip_val, self.model)
        self.optimizer.step()
        return loss.detach(), self.plotted

    def accept(self, learnt: tuple[Tensor, dict[str, Any]]) -> None:
        """The loss of a compiled step is known, and nothing has been changed yet."""
        self.tell("on_before_backward", learnt[0])

    def validate(self) -> None:
        """One pass over the validation data, which changes nothing: not even random numbers."""
        if self.val_dataloader is None:
            return
        self.history.forget("val_")  # of a pass that was interrupted
        random = default_generator.get_state()
        self.model.eval()
        self.tell("on_validation_start")
        try:
            with no_grad():
                for batch in self.val_dataloader:
                    self.current = self.prepare_batch(batch)
                    self.model.validation_step(self.current)
                    self.tell("on_validation_batch_end")
                    self.stop_if_asked()
        finally:
            default_generator.set_state(random)
            self.model.train()

    # ---- before the loop -------------------------------------------------------------------------

    def prepare_data(self, data: DataModule) -> None:
        """Asks for the loaders, and begins the counts."""
        if self.num_workers is not None:
            data.num_workers = self.num_workers
        if self.seed is not None:
            manual_seed(self.seed)
        self.data = data
        self.train_dataloader = data.train_dataloader()
        self.val_dataloader = data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = 0 if self.val_dataloader is None else len(self.val_dataloader)
        if not self.num_train_batches:
            raise ValueError("Trainer.fit: the training data is empty")
        self.history = History()
        self.epoch = self.step = self.batch = 0
        self.seconds = 0.0  # of the epoch under way, before it was interrupted
        self.learnt = self.should_stop = False
        self.newest_checkpoint: Path | None = None

    def prepare_model(self, model: Module) -> None:
        """Puts the model where it shall be, lets lazy layers see a batch, makes the optimizer."""
        if self.precision is not None:
            model.to(dtypes.as_dtype(self.precision))
        model.to(Device(self.device))
        model.trainer = self
        self.model = model
        if any(is_lazy(parameter) for parameter in model.parameters()):
            first = self.prepare_batch(next(iter(self.train_dataloader)))
            with no_grad():
                model(*first[:-1])
        self.optimizer = model.configure_optimizers()
        self.learning = compiled(self.learn, accept=self.accept) if self.compile else self.learn

    def prepare_batch(self, batch: Any) -> Any:
        """A batch, its tensors moved to the device and, the floating ones, to the precision."""
        if isinstance(batch, TensorBase):
            dtype = batch.dtype
            if self.precision is not None and dtype.is_floating_point:
                dtype = dtypes.as_dtype(self.precision)
            return batch.to(Device(self.device), dtype)
        if isinstance(batch, Mapping):
            return {key: self.prepare_batch(value) for key, value in batch.items()}
        if isinstance(batch, tuple | list):
            return type(batch)(self.prepare_batch(value) for value in batch)
        return batch

    def clip_gradients(self, grad_clip_val: float, model: Module) -> None:
        """Shortens all gradients together to the norm `grad_clip_val`, where they are longer."""
        clip_grad_norm_(model.parameters(), grad_clip_val)

    # ---- on the way ------------------------------------------------------------------------------

    def tell(self, event: str, *details: Any) -> None:
        """Calls each callback's method of this name."""
        for callback in self.callbacks:
            getattr(callback, event)(self, *details)

    def stop_if_asked(self) -> None:
        if self.wish.asked:
            raise TrainingInterrupted(None)

    def batches_left(self) -> Iterable:
        """The batches of this epoch that are still to come."""
        if self.learnt:
            return ()
        if self.batch and not hasattr(self.train_dataloader, "load_state_dict"):
            return itertools.islice(self.train_dataloader, self.batch, None)
        return self.train_dataloader

    def at_point_of_curve(self) -> bool:
        """Whether this step ends one of the `plot_train_per_epoch` equal parts of the epoch."""
        points, total = self.model.plot_train_per_epoch or 1, self.num_train_batches
        return self.batch * points // total > (self.batch - 1) * points // total

    @property
    def batch_size(self) -> int:
        """The number of examples in the batch at hand."""
        first = self.current
        while isinstance(first, tuple | list | Mapping):
            first = next(iter(first.values() if isinstance(first, Mapping) else first))
        return len(first) if isinstance(first, TensorBase) and first.ndim else 1

    def log(self, key: str, value: Any, train: bool) -> None:
        """Takes a metric's mean over the batch at hand; `Module.plot` calls it."""
        number = value.detach() if isinstance(value, Tensor) else value
        if train:
            self.plotted["train_" + key] = number
        else:
            self.history.add("val_" + key, number, self.batch_size, in_window=False)

    def draw(self, line: dict[str, Any], prefix: str) -> None:
        """Draws a line's metrics of training or of validation on the model's board."""
        wanted = (
            self.model.plot_train_per_epoch
            if prefix == "train_"
            else self.model.plot_valid_per_epoch
        )
        for name, value in line.items():
            if wanted and name.startswith(prefix):
                self.model.board.draw(line["epoch"], value, name)

    # ---- saving and going on ---------------------------------------------------------------------

    def save_checkpoint(self, folder: str | Path) -> Path:
        """Saves all that the training needs to go on, in a new folder below `folder`; returns it."""
        checkpoint = Checkpoint(self.model.state_dict(), self.state_dict())
        self.newest_checkpoint = write_checkpoint(Path(folder), self.step, checkpoint)
        return self.newest_checkpoint

    def load_checkpoint(self, folder: str | Path) -> None:
        """Goes on from a checkpoint, or from the newest one of a run's folder."""
        path = newest_checkpoint(Path(folder))
        checkpoint = read_checkpoint(path)
        try:
            self.model.load_state_dict(checkpoint.model)
            self.load_state_dict(checkpoint.state)
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            wanted = f"a checkpoint of this {type(self.model).__name__} and this training"
            raise FileFormatError(path / MODEL, wanted, str(error), WAY_OUT) from error
        self.newest_checkpoint = path

    def state_dict(self) -> dict[str, Any]:
        """Everything but the model: counters, metrics, optimizer, callbacks, data, random numbers."""
        loader = self.train_dataloader
        return {
            "counters": {name: getattr(self, name) for name in COUNTERS},
            "seconds": time.perf_counter() - self.began if self.batch else 0.0,
            "history": self.history.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "callbacks": [[type(c).__name__, c.state_dict()] for c in self.kept_callbacks()],
            "loader": loader.state_dict() if hasattr(loader, "state_dict") else None,
            "random": default_generator.get_state().tolist(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        names = [type(callback).__name__ for callback in self.kept_callbacks()]
        if names != [name for name, _ in state["callbacks"]]:
            raise ValueError(
                f"it was saved with the callbacks {[n for n, _ in state['callbacks']]}, not {names}"
            )
        for callback, (_, kept) in zip(self.kept_callbacks(), state["callbacks"], strict=True):
            callback.load_state_dict(kept)
        for name in COUNTERS:
            setattr(self, name, state["counters"][name])
        self.seconds = state["seconds"]
        self.history.load_state_dict(state["history"])
        self.optimizer.load_state_dict(state["optimizer"])
        if state["loader"] is not None:
            self.train_dataloader.load_state_dict(state["loader"])
        default_generator.set_state(tensor(state["random"], dtype=dtypes.int64))

    def kept_callbacks(self) -> list[Callback]:
        """The callbacks with a state of their own."""
        return [callback for callback in self.callbacks if callback.state_dict()]


def is_lazy(parameter: Any) -> bool:
    """Whether a parameter waits for the first batch to know its shape."""
    return type(parameter).__name__ == "UninitializedParameter"
