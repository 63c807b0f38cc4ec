"""Checkpoints: a training in a folder, from which it goes on as if it had never stopped.

    step-00000470/
        model.safetensors    the network's state_dict, by PyTorch's names
        state.safetensors    the other tensors: what the optimizer remembers
        state.json           the rest: counters, metrics, random states, where the data stands
        files.json           the size and sha256 of each file above

The folder appears in one step when all of it is on the disk. What is read is checked against
files.json first, so a file that was cut off or changed is one clear error.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom.data.errors import DataNotFoundError, FileFormatError
from fathom.tensors import Tensor
from fathom.train import tree
from fathom.train.files import remove_folder, whole_folder, write_through
from fathom.train.weights import parse_weights, weights_content

FORMAT = "fathom checkpoint 1"
MODEL, TENSORS, STATE, FILES = "model.safetensors", "state.safetensors", "state.json", "files.json"
LARGEST_LIST = 1 << 20  # bytes of files.json: it has a line for each of three files
NAME = re.compile(r"step-(\d{8,})(?:\.(\d+))?")
WAY_OUT = "take another checkpoint, or train again"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: the network's tensors by name, and everything else."""

    model: dict[str, Tensor]
    state: dict[str, Any]


def write_checkpoint(folder: Path, step: int, checkpoint: Checkpoint) -> Path:
    """Writes a checkpoint below `folder`; returns its own folder, named by the step."""
    plain, tensors = tree.part(checkpoint.state)
    contents = {
        MODEL: weights_content(checkpoint.model),
        TENSORS: weights_content(tensors),
        STATE: json.dumps(plain, allow_nan=False).encode(),
    }
    facts = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    contents[FILES] = json.dumps({"format": FORMAT, "files": facts}, indent=2).encode()
    path = new_name(folder, step)
    with whole_folder(path) as unfinished:
        for name, content in contents.items():
            write_through(unfinished / name, content)
    return path


def read_checkpoint(path: Path) -> Checkpoint:
    """What `write_checkpoint` wrote; FileFormatError, naming the file, where it is not that."""
    listed = parse_json(read_up_to(path / FILES, LARGEST_LIST), path / FILES)
    try:
        if listed["format"] != FORMAT:
            raise FileFormatError(path / FILES, FORMAT, repr(listed["format"]), WAY_OUT)
        contents = {
            name: checked(path / name, listed["files"][name]) for name in (MODEL, TENSORS, STATE)
        }
    except (KeyError, TypeError) as error:
        raise FileFormatError(path / FILES, "a list of three files", str(error), WAY_OUT) from error
    model = parse_weights(contents[MODEL], path / MODEL)
    tensors = parse_weights(contents[TENSORS], path / TENSORS)
    state = tree.join(parse_json(contents[STATE], path / STATE), tensors)
    return Checkpoint(model, state)


def checked(path: Path, facts: dict[str, Any]) -> bytes:
    """The content of a file, once it is known to be what was written."""
    size, digest = int(facts["bytes"]), facts["sha256"]
    expected = f"the {size:,} bytes that were written"
    there = path.stat().st_size if path.is_file() else 0
    if there != size:
        raise FileFormatError(path, expected, f"{there:,} bytes", WAY_OUT)
    content = read_up_to(path, size)
    if hashlib.sha256(content).hexdigest() != digest:
        raise FileFormatError(path, expected, "as many others", WAY_OUT)
    return content


def read_up_to(path: Path, size: int) -> bytes:
    """The first bytes of a file, at most one more than `size`."""
    if not path.is_file():
        raise FileFormatError(path, "a file of a checkpoint", "none", WAY_OUT)
    with open(path, "rb") as file:
        return file.read(size + 1)


def parse_json(content: bytes, source: Path) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(source, "JSON", str(error), WAY_OUT) from error


# ---- many checkpoints in one folder --------------------------------------------------------------


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.iterdir() if NAME.fullmatch(p.name)), key=position)


def newest_checkpoint(run: Path) -> Path:
    """The checkpoint to go on from: `run` itself if it is one, else the newest below it.

    Raises DataNotFoundError where there is none.
    """
    if (run / FILES).is_file():
        return run
    found = checkpoints(run) or checkpoints(run / "checkpoints")
    if not found:
        raise DataNotFoundError(f"{run} holds no checkpoint to go on from")
    return found[-1]


def keep_newest(folder: Path, count: int) -> None:
    """Removes all but the newest `count` checkpoints of a folder."""
    for path in checkpoints(folder)[:-count]:
        remove_folder(path)


def new_name(folder: Path, step: int) -> Path:
    """The name of a checkpoint of this step that is not taken."""
    path, again = folder / f"step-{step:08d}", 0
    while path.exists():
        again += 1
        path = folder / f"step-{step:08d}.{again}"
    return path


def position(path: Path) -> tuple[int, int]:
    """By what checkpoints are ordered: the step, then how often it was saved before."""
    found = NAME.fullmatch(path.name)
    assert found is not None
    return int(found[1]), int(found[2] or 0)
