"""History: what a training measured, as lines that a person and a program can read.

{"kind": "step", "epoch": 0.5, "step": 235, "train_loss": 0.93, ...}      a part of an epoch
{"kind": "epoch", "epoch": 1, "step": 470, "train_loss": 0.7, "val_loss": 0.5, ..., "seconds": 9.1}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fathom.train.metrics import Mean

Line = dict[str, Any]


class History:
    """Lines so far, and the means that the next ones are made of.

    >>> history = History()
    >>> for value in (3.0, 2.0):
    ...     history.add("train_loss", value)
    >>> _ = history.close_window(epoch=0.5, step=2)
    >>> _ = history.close_epoch(epoch=1, step=4)
    >>> history.series("train_loss", "epoch")
    [(1, 2.5)]
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.window: dict[str, Mean] = {}
        self.epoch: dict[str, Mean] = {}

    def add(self, name: str, value: Any, count: int = 1, in_window: bool = True) -> None:
        """Takes the value of a metric on a batch of `count` examples."""
        number = float(value)
        self.epoch.setdefault(name, Mean()).update(number, count)
        if in_window:
            self.window.setdefault(name, Mean()).update(number, count)

    def mean(self, name: str) -> float | None:
        """The mean of a metric over the epoch so far; None where there is none."""
        return self.epoch[name].compute() if name in self.epoch else None

    def forget(self, prefix: str) -> None:
        """Drops the epoch's means of metrics whose names begin with `prefix`."""
        self.epoch = {k: v for k, v in self.epoch.items() if not k.startswith(prefix)}

    def close_window(self, **facts: Any) -> Line:
        """Ends a part of an epoch: its means become a line."""
        line = {"kind": "step", **facts, **computed(self.window)}
        self.lines.append(line)
        self.window = {}
        return line

    def close_epoch(self, **facts: Any) -> Line:
        """Ends an epoch: its means become a line."""
        line = {"kind": "epoch", **facts, **computed(self.epoch)}
        self.lines.append(line)
        self.epoch = {}
        return line

    def last(self, kind: str = "epoch") -> Line:
        """The last line of a kind; empty where there is none."""
        return next((line for line in reversed(self.lines) if line["kind"] == kind), {})

    def names(self) -> list[str]:
        """The metrics that were measured, in the order in which they came up."""
        found = {name: None for line in self.lines for name in line if is_metric(name)}
        return list(found)

    def series(self, name: str, kind: str) -> list[tuple[float, float]]:
        """(epoch, value) of a metric in all lines of a kind, "step" or "epoch"."""
        return series(self.lines, name, kind)

    def state_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        means = {
            which: {k: m.state_dict() for k, m in getattr(self, which).items()}
            for which in ("window", "epoch")
        }
        return {"lines": self.lines, **means}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.lines = list(state["lines"])
        for which in ("window", "epoch"):
            means = {name: Mean() for name in state[which]}
            for name, mean in means.items():
                mean.load_state_dict(state[which][name])
            setattr(self, which, means)


def computed(means: dict[str, Mean]) -> dict[str, float]:
    return {name: mean.compute() for name, mean in means.items()}


def is_metric(name: str) -> bool:
    """Whether a line's entry is a metric rather than a fact such as its step."""
    return name.startswith(("train_", "val_"))


def series(lines: Iterable[Line], name: str, kind: str) -> list[tuple[float, float]]:
    """(epoch, value) of a metric in all lines of a kind, "step" or "epoch"."""
    return [(line["epoch"], line[name]) for line in lines if line["kind"] == kind and name in line]
