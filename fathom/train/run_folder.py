"""RunFolder: the folder in which a training leaves what it measured and learnt.

metrics.jsonl        a line for each part of an epoch and for each epoch, as they come
model.safetensors    the weights at the end
curves.svg, .png     the metrics as curves, at the end
checkpoints/         where it can go on from (ModelCheckpoint)
"""

from __future__ import annotations

import io
import json
import math
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.train.board import ProgressBoard
from fathom.train.callbacks import Callback
from fathom.train.charts import PARTS, curves_svg, metric_curves
from fathom.train.files import write_whole
from fathom.train.history import Line
from fathom.train.weights import save_weights

if TYPE_CHECKING:
    from fathom.train.trainer import Trainer

METRICS, WEIGHTS, CURVES = "metrics.jsonl", "model.safetensors", "curves"


class RunFolder(Callback):
    """Writes the run's folder while the training goes on."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.written = 0

    def on_fit_start(self, trainer: Trainer) -> None:
        """Begins metrics.jsonl anew: with the lines of the checkpoint, where it goes on from one."""
        lines = [as_json(line) for line in trainer.history.lines]
        write_whole(self.folder / METRICS, "".join(lines))
        self.written = len(lines)

    def on_train_batch_end(self, trainer: Trainer) -> None:
        self.append_new(trainer)

    def on_epoch_end(self, trainer: Trainer) -> None:
        self.append_new(trainer)

    def append_new(self, trainer: Trainer) -> None:
        """Appends the lines that are not yet in the file."""
        new = trainer.history.lines[self.written :]
        if not new:
            return
        with open(self.folder / METRICS, "a", encoding="utf-8") as file:
            file.writelines(as_json(line) for line in new)
        self.written += len(new)

    def on_fit_end(self, trainer: Trainer) -> None:
        save_weights(self.folder / WEIGHTS, trainer.model.state_dict())
        lines = trainer.history.lines
        write_whole(self.folder / f"{CURVES}.svg", curves_svg(lines))
        write_whole(self.folder / f"{CURVES}.png", curves_png(lines))


def curves_png(lines: list[Line]) -> bytes:
    """All metrics of a training in one picture, a panel for each, side by side."""
    from matplotlib.figure import Figure

    metrics = metric_curves(lines)
    figure = Figure(figsize=(4.5 * max(len(metrics), 1), 3), layout="constrained")
    for number, (metric, curves) in enumerate(metrics):
        axes = figure.add_subplot(1, len(metrics), number + 1)
        board = ProgressBoard(xlabel="epoch", ylabel=metric, fig=figure, axes=axes, display=False)
        board.curves = OrderedDict(
            (PARTS[part], list(points)) for part, points in curves.items() if points
        )
        board.figure()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=160)
    return picture.getvalue()


def as_json(line: Line) -> str:
    """A line of metrics.jsonl; what is no number becomes null, as JSON has it."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in line.items()
    }
    return json.dumps(finite) + "\n"
