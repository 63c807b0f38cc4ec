"""Machine code with the memory it runs in, and the call of it.

native = Native(layout, engine)
native.run(given)                            # arrays in, arrays out
"""

from __future__ import annotations

import ctypes
import functools
import math
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fathom.compiler.engine import give_way
from fathom.compiler.layout import ByHand, Calls, Layout, Made
from fathom.compiler.memory import aligned
from fathom.compiler.threads import Turn, get_num_threads, workers
from fathom.core.apply import QUIET

MAIN = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)
SMALL = 200_000  # scalar operations: less than this is not worth a second thread


class Native:
    """A program that can be run. Its table of addresses is written where an array is another than at the last call."""

    def __init__(self, layout: Layout, engine: Any):
        self.layout, self.engine = layout, engine
        self.busy = Turn()  # its memory serves one call at a time
        self.table = (ctypes.c_uint64 * (layout.slots + 1))()
        self.arena = aligned(layout.arena)
        self.spare, self.at_spare = aligned(0), 0
        self.kept: list[Any] = [None] * layout.values  # the arrays of the arena, by value
        for a in layout.kept:
            count, dtype = math.prod(a.shape), np.dtype(a.dtype)
            memory = self.arena[a.offset : a.offset + count * dtype.itemsize]
            self.kept[a.value] = memory.view(dtype).reshape(a.shape)
            self.table[a.slot] = memory.ctypes.data if count else 0
        self.given = [(entry.place, entry.value, entry.slots) for entry in layout.given]
        # for each of these, the array whose address stands in the table, if it still lives
        self.placed: list[Callable[[], Any]] = [nothing] * len(self.given)
        self.given_out: list[list[tuple[np.ndarray, int]]] = [[] for _ in layout.made]
        self.mains = {p.name: self.main(p) for p in layout.parts if isinstance(p, Calls)}

    def main(self, part: Calls) -> Callable:
        """The native function, for a part."""
        main = MAIN(self.engine.get_function_address("run_phases"))
        main.engine = self.engine  # who comes late still finds the code
        return functools.partial(main, self.engine.get_global_value_address(part.name))

    def run(self, given: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs, as new arrays, and then the updates, in arrays that the next call writes to again, or in those
        they replace."""
        with self.busy:
            known = self.kept.copy()
            placed = self.placed
            for k, (place, value, slots) in enumerate(self.given):
                a = given[place]
                if placed[k]() is not a:
                    a = self.place(k, a, slots)
                known[value] = a
            for k, entry in enumerate(self.layout.made):
                known[entry.value], address = self.fresh(k, entry)
                if entry.slot is not None:
                    self.table[entry.slot] = address
            for part in self.layout.parts:
                if isinstance(part, Calls):
                    self.call(part)
                else:
                    self.by_hand(part, known)
            return [known[value] for value in self.layout.results]

    def place(self, k: int, given: np.ndarray, slots: list[int]) -> np.ndarray:
        """Write an array's address into the table. Asking for it takes longer than a small kernel."""
        a = np.asarray(given, order="C")
        address = a.ctypes.data
        for slot in slots:
            self.table[slot] = address
        self.placed[k] = weakref.ref(a)
        return a

    def fresh(self, k: int, entry: Made) -> tuple[np.ndarray, int]:
        """An array for an output, and its address: one of an earlier call that nobody holds any more, or a new one."""
        before = self.given_out[k]
        for pair in before:
            if sys.getrefcount(pair[0]) <= 2:  # the pair, and the question
                return pair
        array = np.empty(entry.shape, entry.dtype)
        pair = array, array.ctypes.data
        if len(before) < 2:  # the one in use, and the one before
            before.append(pair)
        return pair

    def call(self, part: Calls) -> None:
        """Run a part on this thread, and on others where that pays. The counters are new at each call: a thread that
        comes late finds that all is done, and reads nothing else."""
        helpers = get_num_threads() - 1 if part.work > SMALL else 0
        counters = (ctypes.c_int64 * (16 * part.phases + 16))()
        scratch = self.scratch(part.scratch * (helpers + 1))
        main = functools.partial(self.mains[part.name], self.table, scratch, counters, give_way())
        workers.run(main, helpers)

    def scratch(self, size: int) -> int:
        """Where the threads' memory begins; it is kept from call to call."""
        if size > self.spare.nbytes:
            self.spare = aligned(size)
            self.at_spare = self.spare.ctypes.data
        return self.at_spare

    def by_hand(self, part: ByHand, known: list) -> None:
        """Compute a primitive by its eager rule."""
        arrays = [known[x] for x in part.inputs]
        y = QUIET.copy().run(part.primitive.eager, np, *arrays)
        y = np.asarray(y, part.dtype, order="C")
        if y.base is not None and part.result:
            y = y.copy()  # a view may look at memory that the next call writes to
        known[part.value] = y
        self.table[part.slot] = y.ctypes.data

    def cycles(self, names: Sequence[str]) -> dict[str, int]:
        """The cycles that each kernel's function took so far, in a program made with `timed`."""
        address = self.engine.get_global_value_address("clocks")
        return dict(zip(names, (ctypes.c_int64 * len(names)).from_address(address), strict=True))


def nothing() -> None:
    """In the place of a reference to an array."""
