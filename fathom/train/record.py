"""Recorder: what each step of a run began with and came to, so that `diff_runs` can hold two runs against each other.

record.jsonl in the run's folder, a line of JSON for each of these, as they come:

    begin   what the run is made of (facts.py), and a digest of each tensor of the model before the first step
    step    learning rates, a digest of the batch, the loss, how many random numbers were drawn by then,
            and at every k-th step a digest of each tensor of the model after it
    end     the tensors at the end

A digest stands for all the bits of a tensor, so a record is small and is written as fast as memory is read.
A run that goes on from a checkpoint goes on with its record, with a `begin` of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fathom.core.random import default_generator
from fathom.tensors import Tensor
from fathom.train.callbacks import Callback
from fathom.train.facts import digest, facts_of, plain
from fathom.train.files import write_whole

if TYPE_CHECKING:
    from fathom.train.trainer import Trainer

RECORD = "record.jsonl"
FORMAT = "fathom record 1"


class Recorder(Callback):
    """Keeps the record of a run in a folder: `Trainer(out=folder, record=True)`.

    every  the tensors of the model are looked at after every so many steps. A step costs a pass over the batch
           and, at these steps, one over the model. With 1 the first tensor that differs from another run's is
           known; with k, it is known to have parted within k steps.
    """

    def __init__(self, folder: str | Path, every: int = 1):
        if every < 1:
            raise ValueError(f"Recorder: every must be at least 1, got {every}")
        self.path, self.every = Path(folder) / RECORD, int(every)
        self.file: IO[str] | None = None
        self.line: dict[str, Any] = {}

    def on_fit_start(self, trainer: Trainer) -> None:
        """Begins the record; where the run goes on from a checkpoint, after the steps up to there."""
        kept = kept_lines(self.path, trainer.step) if trainer.step else []
        begin = {
            "kind": "begin", "format": FORMAT, "step": trainer.step, "every": self.every,
            "facts": facts_of(trainer), "random": random_state(), "tensors": tensor_digests(trainer),
        }  # fmt: skip
        write_whole(self.path, "".join([*kept, as_line(begin)]))
        self.file = open(self.path, "a", encoding="utf-8")

    def on_before_backward(self, trainer: Trainer, loss: Tensor) -> None:
        """The step's batch, rates and loss are known."""
        self.line = {"loss": plain(loss.item()), "rates": rates(trainer)}

    def on_train_batch_end(self, trainer: Trainer) -> None:
        line = {
            "kind": "step", "step": trainer.step, "batch": digest(trainer.current), **self.line,
            "random": random_state(),
        }  # fmt: skip
        if trainer.step % self.every == 0:
            line["tensors"] = list(tensor_digests(trainer).values())
        self.write(line)

    def on_fit_end(self, trainer: Trainer) -> None:
        tensors = list(tensor_digests(trainer).values())
        self.write({"kind": "end", "step": trainer.step, "tensors": tensors})

    def teardown(self, trainer: Trainer) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None

    def write(self, line: dict[str, Any]) -> None:
        assert self.file is not None
        self.file.write(as_line(line))
        self.file.flush()  # what was recorded stays, whatever happens to the run


def kept_lines(path: Path, step: int) -> list[str]:
    """The lines of an earlier part of the run that stay: the steps up to the checkpoint."""
    if not path.is_file():
        return []
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        try:
            found = json.loads(line)
        except ValueError:  # the last line of a run that was killed while it wrote
            break
        if found.get("kind") != "end" and found.get("step", 0) <= step:
            kept.append(line)
    return kept


def tensor_digests(trainer: Trainer) -> dict[str, str]:
    """Parameters and buffers by name, each as its digest."""
    return {name: digest(tensor) for name, tensor in trainer.model.state_dict().items()}


def rates(trainer: Trainer) -> list[float]:
    """The learning rate of each group of parameters."""
    optimizer = trainer.optimizer
    groups = getattr(optimizer, "param_groups", [vars(optimizer)])  # one written by hand has none
    return [float(group["lr"]) for group in groups if "lr" in group]


def random_state() -> list[int]:
    """The seed of the generator, and how many numbers it has drawn."""
    return default_generator.get_state().tolist()


def as_line(line: dict[str, Any]) -> str:
    return json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n"
