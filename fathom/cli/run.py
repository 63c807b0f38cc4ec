"""A run's folder as the command leaves it and finds it again: its config.json, and its network."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from fathom.cli.errors import UsageError
from fathom.cli.recipes import RECIPES
from fathom.data.content import read_content
from fathom.data.errors import FileFormatError
from fathom.train import Module
from fathom.train.files import write_whole
from fathom.train.run_folder import WEIGHTS
from fathom.train.weights import parse_weights

CONFIG = "config.json"
LARGEST_CONFIG = 1 << 24  # bytes
WAY_OUT = "train again, or restore the file"


@dataclass
class Config:
    """What a run was made of, and what came out.

    model, arguments  the recipe's name, and the network's own arguments
    settings          epochs, batch_size, lr, input_size, options
    input             what must be known of the data to predict: classes, format, alphabet, ...
    results           the final metrics; empty until the training has ended
    weights           sha256 of model.safetensors; empty until then
    """

    fathom: str
    model: str
    data: str
    seed: int
    settings: dict[str, Any]
    limit_batches: int | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    input: dict[str, Any] = field(default_factory=dict)
    results: dict[str, float] = field(default_factory=dict)
    weights: str = ""

    def write(self, folder: Path) -> None:
        """Writes config.json."""
        write_whole(folder / CONFIG, json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Config:
        """What `write` wrote."""
        path = folder / CONFIG
        if not path.is_file():
            what = "holds no config.json, so it is no run" if folder.is_dir() else "is not there"
            raise UsageError(f"{folder} {what}; name a folder that fathom train made")
        try:
            config = cls(**json.loads(read_content(path, LARGEST_CONFIG)))
        except (ValueError, TypeError, RecursionError) as error:
            raise FileFormatError(path, "the settings of a run", str(error), WAY_OUT) from error
        if config.model not in RECIPES:
            raise FileFormatError(path, f"one of {', '.join(RECIPES)}", repr(config.model), WAY_OUT)
        return config


def version() -> str:
    """The version of fathom."""
    try:
        return metadata.version("fathom-dl")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def weights_hash(folder: Path) -> str:
    """The sha256 of the weights that lie in a run's folder."""
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def restore(folder: Path) -> tuple[Config, Module]:
    """The network of a run that has ended, as it was then, ready to predict."""
    config, path = Config.read(folder), folder / WEIGHTS
    if not path.is_file():
        raise UsageError(
            f"{folder} has no {WEIGHTS} yet: its training has not ended; "
            f"go on with: fathom train --resume {folder}"
        )
    content = read_content(path)
    if config.weights and hashlib.sha256(content).hexdigest() != config.weights:
        raise FileFormatError(path, "the weights that were written", "other bytes", WAY_OUT)
    try:
        model = RECIPES[config.model].model_for(config.data)(**config.arguments)
        model.load_state_dict(parse_weights(content, path))
    except (RuntimeError, TypeError, KeyError) as error:
        raise FileFormatError(
            path, f"the weights of {config.model}", str(error), WAY_OUT
        ) from error
    return config, model.eval()


def run_of(path: Path) -> Path:
    """The run's folder that `path` is, or that the checkpoint `path` lies in."""
    for folder in (path, path.parent, path.parent.parent):
        if (folder / CONFIG).is_file():
            return folder
    return path
