"""What it takes to call a program whose machine code is there: where its arrays come from, and which parts it has.

Arrays are counted: a *value* is an array of a call, by number; a *slot* is its entry in the table of addresses that
native code reads. All is plain data, so that it can be kept on disk beside the code.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

import numpy as np

from fathom.core.primitive import Primitive


@dataclass(frozen=True)
class Given:
    """An array that the caller brings: its place among inputs and constants; its slots, two where an update is
    written over it."""

    place: int
    value: int
    slots: list[int]


@dataclass(frozen=True)
class Made:
    """An array that is new at each call: an output."""

    value: int
    shape: list[int]
    dtype: str
    slot: int | None


@dataclass(frozen=True)
class Kept:
    """An array in the arena, so many bytes from its start."""

    value: int
    shape: list[int]
    dtype: str
    slot: int
    offset: int


@dataclass(frozen=True)
class Calls:
    """Phases that run one after the other in one native call."""

    name: str
    phases: int
    work: int  # scalar operations, about
    scratch: int  # bytes of memory for each thread


@dataclass(frozen=True)
class ByHand:
    """A primitive that is computed by its eager rule, between two native parts."""

    primitive: Primitive
    inputs: list[int]
    value: int
    dtype: np.dtype
    slot: int
    result: bool  # whether the caller gets it, so that it must not look at memory that the next call writes to


@dataclass
class Layout:
    """How a program is called."""

    values: int
    slots: int
    arena: int  # bytes
    given: list[Given]
    made: list[Made]
    kept: list[Kept]
    parts: list[Calls | ByHand]
    results: list[int]  # the values of the outputs, then of the updates
    brought: list[np.ndarray] = field(default_factory=list)  # constants that the compiler added

    def text(self) -> str | None:
        """As JSON; None where it holds what JSON cannot say."""
        if self.brought or any(isinstance(part, ByHand) for part in self.parts):
            return None
        return json.dumps(asdict(self))


def layout_of(text: str) -> Layout:
    """The layout that was written as JSON."""
    plain = json.loads(text)
    for name, kind in (("given", Given), ("made", Made), ("kept", Kept), ("parts", Calls)):
        plain[name] = [kind(**entry) for entry in plain[name]]
    return Layout(**plain)
