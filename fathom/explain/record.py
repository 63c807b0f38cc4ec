"""Recording: every operation of a run, in order, with its numbers at that moment and where it came from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from fathom.core.base import TensorBase, is_plain
from fathom.core.primitive import Primitive
from fathom.core.tape import Node, refreshed
from fathom.core.watch import watching
from fathom.explain.figures import figures
from fathom.explain.parts import Figures, Place
from fathom.explain.source import Call, calls_above
from fathom.ops.loops import written_out


@dataclass(eq=False)
class Application:
    """One application of a primitive, as it was seen."""

    primitive: Primitive
    inputs: tuple[Any, ...]
    output: Any
    node: Node | None  # on the tape, where a gradient is wanted
    figures: Figures
    read: list[Figures]
    sources: list[Node | None]  # the nodes of the inputs, where they are tracked
    versions: list[int]  # how often each input had been written to
    written: int  # and the output
    calls: list[Call] = field(default_factory=list)
    line: Place | None = None


@dataclass(eq=False)
class Record:
    """What happened while a function ran."""

    applications: list[Application] = field(default_factory=list)
    frames: dict[int, Any] = field(default_factory=dict)  # kept, so that no two calls share an id
    known: dict[int, tuple[Any, int, Figures]] = field(default_factory=dict)

    def figures_of(self, x: Any) -> Figures:
        """The numbers of a tensor, looked at once for each time it is written."""
        if not is_plain(x):
            return Figures(tuple(x.shape), str(x.array.dtype))
        found = self.known.get(id(x))
        if found is None or found[0] is not x or found[1] != writes(x):
            found = self.known[id(x)] = (x, writes(x), figures(x.array))
        return found[2]


def writes(x: Any) -> int:
    """How often the memory of a tensor was written to in place."""
    return 0 if x.version is None else x.version[0]


def recorded(f: Callable, *args: Any, **kwargs: Any) -> tuple[Any, Record]:
    """(f(*args), every operation that it applied)."""
    record = Record()
    here: FrameType | None = sys._getframe()

    def seen(primitive: Primitive, inputs: tuple, y: Any) -> None:
        if not isinstance(y, TensorBase) or not is_plain(y):
            return  # inside a transform: what it computes with is seen on its own
        calls, line = calls_above(sys._getframe(2), here)
        record.frames |= {id(frame): frame for frame, _ in calls}
        inputs = tuple(refreshed(x) for x in inputs)
        record.applications.append(
            Application(
                primitive,
                inputs,
                y,
                y.node if y.tracked else None,
                record.figures_of(y),
                [record.figures_of(x) for x in inputs],
                [x.node if x.tracked else None for x in inputs],
                [writes(x) for x in inputs],
                writes(y),
                [call for _, call in calls],
                line,
            )  # fmt: skip
        )

    try:
        with written_out(), watching(seen):
            y = f(*args, **kwargs)
    finally:
        here = None  # a frame that holds itself would keep all of this alive
        record.frames.clear()
    return y, record
