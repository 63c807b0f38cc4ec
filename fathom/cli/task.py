"""A task: a kind of data, what is known of it, and what a report says of a network that learnt it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from fathom.cli.recipes import Recipe, Settings
from fathom.tensors import Tensor
from fathom.train import DataModule, Module
from fathom.train.page import Section


@dataclass(frozen=True)
class Outcome:
    """What came out of a training.

    results   metrics by name, for config.json
    headline  the most important, in words
    tiles     (value, what it is), shown large in the report
    sections  the report's parts that belong to the task
    """

    results: dict[str, float]
    headline: str
    tiles: list[tuple[str, str]]
    sections: list[Section] = field(default_factory=list)


class Task:
    """Opens a data set of its kind; makes networks for it and judges them."""

    kind: ClassVar[str]
    unit: ClassVar[str] = "examples"
    names: ClassVar[dict[str, str]] = {
        "loss": "cross-entropy",
        "acc": "accuracy",
    }  # of metrics, in the report
    data: DataModule

    def __init__(self, name: str, settings: Settings, limit_batches: int | None):
        self.name = name
        self.data = self.open(name, settings, limit_batches)

    def open(self, name: str, settings: Settings, limit_batches: int | None) -> DataModule:
        """The data set as a data module."""
        raise NotImplementedError(f"{type(self).__name__} must define open")

    def about(self) -> str:
        """The data set in a line."""
        raise NotImplementedError(f"{type(self).__name__} must define about")

    def model(self, recipe: Recipe, settings: Settings) -> Module:
        """A fresh network for the data."""
        raise NotImplementedError(f"{type(self).__name__} must define model")

    def input(self) -> dict[str, Any]:
        """What must be known of the data to predict, as JSON can hold it."""
        raise NotImplementedError(f"{type(self).__name__} must define input")

    def outcome(self, model: Module) -> Outcome:
        """What the network makes of the test part."""
        raise NotImplementedError(f"{type(self).__name__} must define outcome")

    def next_command(self, run: str) -> tuple[str, str]:
        """What to do with the network now: what that is, and the command."""
        raise NotImplementedError(f"{type(self).__name__} must define next_command")


def first_inputs(data: DataModule) -> Sequence[Tensor]:
    """The inputs of one example batch of validation."""
    return next(iter(data.val_dataloader()))[:-1]
