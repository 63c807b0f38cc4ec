"""A program: a graph with its native code, from the compiler or from the cache.

program = Program(graph)
outputs = program.run(inputs)                # arrays in, arrays out
"""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fathom.compiler.cache import code_folder, place, read, write
from fathom.compiler.engine import built, lanes, loaded, place_of, versions
from fathom.compiler.identity import identity
from fathom.compiler.layout import layout_of
from fathom.compiler.native import Native
from fathom.compiler.precision import in_halves
from fathom.compiler.regions import Plan
from fathom.compiler.source import Source
from fathom.core.tracing import Graph


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """The garbage collector rests: a compiler makes no garbage before its end, and to look for it among so many objects
    takes as long as to make them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class Program:
    """Native code for a graph. It is compiled, or found in the cache, when it is first run; see Source for `timed`,
    `width`, `over` and `halves`, for which the setting decides where it is None."""

    kind = Native

    def __init__(
        self,
        graph: Graph,
        timed: bool = False,
        width: int | None = None,
        over: bool = False,
        halves: bool | None = None,
    ):
        self.graph, self.timed, self.over = graph, timed, over
        self.width = lanes() if width is None else width
        self.halves = in_halves() if halves is None else halves

    @functools.cached_property
    def source(self) -> Source:
        """The kernels and their text: what `show` prints, and what is compiled where the cache has nothing."""
        return Source(self.graph, self.timed, self.width, self.over, self.halves)

    @functools.cached_property
    def native(self) -> Native:
        """The machine code and its memory."""
        return self.recalled() or self.compiled()

    def recalled(self) -> Native | None:
        """From the cache: the layout, and the code that it names."""
        entry = self.entry and read(self.entry)
        if not entry:
            return None
        name, _, text = entry.decode().partition("\n")
        code = read(code_folder() / name)
        return None if code is None else self.kind(layout_of(text), loaded(code))

    def compiled(self) -> Native:
        """By the compiler, and put into the cache if another process can know that it means this program."""
        with uncollected():
            text, layout = self.source.llvm(), self.source.layout
            del self.source  # with a million expressions; who asks to see it has it made again
        native = self.kind(layout, built(text))
        plain = layout.text()
        if self.entry and plain is not None:
            write(self.entry, f"{place_of(text).name}\n{plain}".encode())
        return native

    @functools.cached_property
    def entry(self) -> Path | None:
        """The file that would hold the layout."""
        words = None if self.timed else identity(self.graph)
        return words and place(
            f"{versions()}\n{self.width} {self.over} {self.halves}\n{words}", ".json"
        )

    def run(
        self, inputs: Sequence[np.ndarray], constants: Sequence[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        """The graph's outputs, as new arrays, and then its updates, in arrays that the next call writes to again;
        `constants` in place of those that were traced. With `over` an update may be written over the input or
        constant that it replaces: then it is that array itself."""
        if constants is None:
            constants = [array for _, array in self.graph.constants]
        return self.native.run([*inputs, *constants, *self.native.layout.brought])

    @property
    def plan(self) -> Plan:
        """The phases."""
        return self.source.plan

    def llvm(self) -> str:
        """The module as LLVM assembly."""
        return self.source.llvm()

    def cycles(self) -> dict[str, int]:
        """The cycles that each kernel took so far, in a program made with `timed`."""
        return self.native.cycles(list(self.source.functions))
