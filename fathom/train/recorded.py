"""Reading a run's record (record.py): its steps by number, and what the run was made of at each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fathom.data.content import read_content
from fathom.data.errors import DataNotFoundError, FileFormatError
from fathom.train.facts import Facts
from fathom.train.record import FORMAT, RECORD

LARGEST = 1 << 30  # bytes of a record
WAY_OUT = "train again with record=True, or restore the file"


@dataclass(frozen=True)
class Begin:
    """A start of the run, or of a part of it that went on from a checkpoint after `step`."""

    step: int
    every: int
    facts: Facts
    random: list[int]


@dataclass(frozen=True)
class Step:
    """One step. `tensors` holds the digests after it where they were taken, by name."""

    step: int
    batch: str
    rates: list[float]
    loss: Any  # a number, or "nan", "inf" and "-inf"
    random: list[int]
    tensors: dict[str, str] | None


@dataclass
class Record:
    """What a run has recorded.

    start    the tensors before the first recorded step, which is step first + 1
    ended    whether the run came to its end
    """

    folder: Path
    names: list[str]
    start: dict[str, str]
    begins: list[Begin] = field(default_factory=list)
    steps: dict[int, Step] = field(default_factory=dict)
    ended: bool = False

    @property
    def first(self) -> int:
        """The step after which the record begins; 0 where it holds the whole run."""
        return self.begins[0].step

    @property
    def last(self) -> int:
        """The last step that is recorded."""
        return max(self.steps, default=self.first)

    def begin_of(self, step: int) -> Begin:
        """What the run was made of at a step."""
        return [b for b in self.begins if b.step < max(step, self.first + 1)][-1]

    def tensors_after(self, step: int) -> dict[str, str] | None:
        """The digests after a step, where they were taken."""
        if step == self.first:
            return self.start
        return self.steps[step].tensors if step in self.steps else None

    def random_after(self, step: int) -> list[int]:
        """Seed and count of the random numbers drawn up to the end of a step."""
        return self.steps[step].random if step in self.steps else self.begin_of(step).random


def read_record(folder: str | Path) -> Record:
    """The record in a run's folder.

    A last line that is cut off, as a killed run leaves it, is left out. Raises DataNotFoundError where there
    is no record, FileFormatError, naming the line, where it is not one.
    """
    folder = Path(folder)
    path = folder / RECORD
    if not folder.is_dir():
        raise DataNotFoundError(f"{folder} is no folder; name the folder of a run")
    if not path.is_file():
        raise DataNotFoundError(
            f"{folder} holds no {RECORD}: runs are recorded by Trainer(out=..., record=True) and by"
            " fathom train --record"
        )
    lines = read_content(path, LARGEST).split(b"\n")
    record: Record | None = None
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            found = json.loads(line)
            record = begun(folder, found) if record is None else record
            add(record, found)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number == len(lines) and record is not None:  # it has no end of line: cut off
                break
            said = f"{type(error).__name__}: {error}"
            raise FileFormatError(f"{path}, line {number}", FORMAT, said, WAY_OUT) from error
    if record is None:
        raise FileFormatError(path, FORMAT, "an empty file", WAY_OUT)
    return record


def begun(folder: Path, line: dict[str, Any]) -> Record:
    """A record that begins with this line."""
    if line["kind"] != "begin":
        raise ValueError(f"it begins with {line['kind']!r}")
    return Record(folder, list(line["tensors"]), dict(line["tensors"]))


def add(record: Record, line: dict[str, Any]) -> None:
    """One more line."""
    step = int(line["step"])
    if line["kind"] == "begin":
        if line["format"] != FORMAT:
            raise ValueError(f"its format is {line['format']!r}")
        facts = {section: dict(of) for section, of in line["facts"].items()}
        record.begins.append(Begin(step, int(line["every"]), facts, list(line["random"])))
    elif line["kind"] == "step":
        taken = line.get("tensors")
        tensors = None if taken is None else dict(zip(record.names, taken, strict=True))
        record.steps[step] = Step(
            step, line["batch"], list(line["rates"]), line["loss"], list(line["random"]), tensors
        )
    elif line["kind"] == "end":
        record.ended = True
    else:
        raise ValueError(f"no line of a record is of the kind {line['kind']!r}")
