"""How far a training is: a bar in a terminal, plain lines elsewhere, curves in a notebook.

epoch  train loss  train acc  val loss  val acc  seconds
    1      0.8021     0.7012    0.5201   0.8010     21.3
    2 ━━━━━━━━━━━━╸━━━━━━━━━━━  61%  loss 0.51  acc 0.81  2,310/s  0:00:41 left
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from fathom.train.board import in_notebook
from fathom.train.callbacks import Callback
from fathom.train.history import Line, is_metric

if TYPE_CHECKING:
    from fathom.train.trainer import Trainer

SHOWN_IN_BAR = 2  # metrics beside the bar, so that it fits 80 columns


def progress_display(stream: TextIO | None = None) -> Callback:
    """The display that suits where the output goes."""
    stream = sys.stdout if stream is None else stream
    if in_notebook():
        return Callback()  # the board shows curves there
    return BarDisplay(stream) if stream.isatty() else LineDisplay(stream)


class LineDisplay(Callback):
    """A table that gets a line with each epoch."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = sys.stdout if stream is None else stream
        self.columns: list[str] = []

    def on_epoch_end(self, trainer: Trainer) -> None:
        line = trainer.history.last()
        if not self.columns:
            self.columns = ["epoch", *filter(is_metric, line), "seconds"]
            self.write("  ".join(f"{heading(name):>{width(name)}}" for name in self.columns))
        self.write("  ".join(f"{cell(name, line):>{width(name)}}" for name in self.columns))

    def write(self, text: str) -> None:
        """Shows a line."""
        print(text, file=self.stream, flush=True)


class BarDisplay(LineDisplay):
    """The same table, and below it a bar that tells loss, metric, examples a second, time left."""

    def on_fit_start(self, trainer: Trainer) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self.bar = Progress(
            TextColumn("{task.description:>5}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[facts]}"),
            console=Console(file=self.stream),
            transient=True,
            expand=True,
        )
        self.bar.start()
        self.task = self.bar.add_task(str(trainer.epoch + 1), total=1, facts="")
        self.began, self.steps_before = time.perf_counter(), trainer.step
        self.examples = 0

    def on_train_batch_end(self, trainer: Trainer) -> None:
        self.examples += trainer.batch_size
        self.show(trainer, trainer.batch, trainer.num_train_batches)

    def on_validation_start(self, trainer: Trainer) -> None:
        self.validated = 0

    def on_validation_batch_end(self, trainer: Trainer) -> None:
        self.validated += 1
        self.show(trainer, self.validated, trainer.num_val_batches, validating=True)

    def show(self, trainer: Trainer, done: int, total: int, validating: bool = False) -> None:
        """Moves the bar."""
        prefix = "val_" if validating else "train_"
        self.bar.update(
            self.task,
            description=str(trainer.epoch + 1),
            completed=done,
            total=total,
            facts="  ".join([*self.metrics(trainer, prefix), *self.pace(trainer)]),
        )

    def metrics(self, trainer: Trainer, prefix: str) -> list[str]:
        """The first metrics of the epoch so far."""
        means = [
            (k, mean.compute()) for k, mean in trainer.history.epoch.items() if k.startswith(prefix)
        ]
        short = prefix.replace("train_", "").replace("_", " ")
        return [
            f"{short}{name.removeprefix(prefix)} {value:.3f}"
            for name, value in means[:SHOWN_IN_BAR]
        ]

    def pace(self, trainer: Trainer) -> list[str]:
        """Examples a second, and the time left, as the steps so far tell (validation included)."""
        steps = trainer.step - self.steps_before
        seconds = time.perf_counter() - self.began
        left = trainer.max_epochs * trainer.num_train_batches - trainer.step
        return [
            f"{self.examples / seconds:,.0f}/s",
            f"{clock(seconds / max(steps, 1) * left)} left",
        ]

    def write(self, text: str) -> None:
        self.bar.console.print(text, highlight=False, soft_wrap=True)

    def teardown(self, trainer: Trainer) -> None:
        if hasattr(self, "bar"):
            self.bar.stop()


def heading(name: str) -> str:
    """A metric's name in words."""
    return name.replace("_", " ")


def width(name: str) -> int:
    """Columns of a metric's cells."""
    return max(len(name), 7)


def cell(name: str, line: Line) -> Any:
    """A metric's value as text."""
    value = line.get(name, "")
    if isinstance(value, float):
        return f"{value:.1f}" if name == "seconds" else f"{value:.4f}"
    return value


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss.

    >>> clock(3725)
    '1:02:05'
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
