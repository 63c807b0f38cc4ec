"""Why a kernel's loops run as they do, in words: what fills the lanes, what the registers hold, what threads share."""

from __future__ import annotations

import math

from fathom.compiler.amx import BLOCK, by_tiles
from fathom.compiler.fuse import Kernel
from fathom.compiler.pseudocode import fresh_letters
from fathom.compiler.reads import cost, depends, loads
from fathom.compiler.scatter import scattered
from fathom.compiler.schedule import Schedule, scheduled, top_reduction
from fathom.core.loop import Index, Load, Reduce


def reasons(kernel: Kernel, lanes: int, tiles: int, by_rows: bool) -> list[str]:
    """A line for each decision about a kernel, with vectors of `lanes` and at most so many tiles; `by_rows` where it
    runs with others on a block of rows."""
    if by_tiles(kernel):
        sums, side = math.prod(i.size for i in kernel.out), f"{BLOCK} x {BLOCK}"
        return [f"tiles      of AMX: four hold {side} of {sums} sums of products of halves"]
    if kernel.block is None and (scatter := scattered(kernel)) is not None:
        return [
            f"scatter    each of {math.prod(i.size for i in scatter.over)} terms is added to its row,"
            f" one of {scatter.row.size}; a tile takes the rows that are its own"
        ]
    return Reasons(scheduled(kernel, lanes), lanes, tiles, by_rows).lines()


class Reasons:
    """The words for one schedule."""

    def __init__(self, schedule: Schedule, lanes: int, tiles: int, by_rows: bool):
        self.schedule, self.lanes, self.tiles, self.by_rows = schedule, lanes, tiles, by_rows
        self.reads: list[Load] = loads(schedule.body)
        self.sum: Reduce | None = top_reduction(schedule.body)
        names = fresh_letters()
        self.names: dict[Index, str] = {}
        for i in (*schedule.out, *(self.sum.over if self.sum else ())):
            special = "b" if i is schedule.block else "v" if self.is_lane(i) else ""
            self.names[i] = special or next(names)

    def is_lane(self, i: Index) -> bool:
        """Whether i counts the samples of a block."""
        return self.schedule.block is not None and i is self.schedule.vector

    def lines(self) -> list[str]:
        """All decisions."""
        return [
            f"loops      {self.loops()}",
            f"lanes      {self.vector()}",
            *([f"registers  {self.registers()}"] if self.sum is not None else []),
            *([f"strips     {self.strips()}"] if self.schedule.strip is not None else []),
            f"tiles      {self.shared()}",
        ]

    def loops(self) -> str:
        """The loops, outermost first."""
        outer = [f"{self.names[i]} ({i.size})" for i in self.schedule.out if i.size > 1]
        text = ", ".join(outer) or "one number"
        if self.sum is not None:
            kind = {"+": "sum", "*": "product", "max": "maximum", "min": "minimum"}[self.sum.name]
            inner = ", ".join(f"{self.names[k]} ({k.size})" for k in self.sum.over)
            text += f"; the {kind} over {inner}"
        return text

    def vector(self) -> str:
        """Which index fills the lanes, and what the others would cost."""
        s = self.schedule
        if s.vector is None:
            return "one: nothing has neighbours"
        name, size = self.names[s.vector], s.vector.size
        if self.is_lane(s.vector):
            left = f", the last block {s.left}" if s.left else ""
            return f"{name}: {self.lanes} samples side by side{left}"
        whole, rest = divmod(size, self.lanes)
        filled = f"{size} = {whole} x {self.lanes}" + (f" + {rest} under a mask" if rest else "")
        text = f"{name}: {filled}; {self.gathers(s.vector)}"
        if s.across:
            text += "; its lanes are added up at the end"
        others = [i for i in s.out if i is not s.vector and i.size > 1]
        return "; ".join([text, *[f"{self.names[i]}: {self.gathers(i)}" for i in others]])

    def gathers(self, i: Index) -> str:
        """How many accesses go to memory that is not side by side when i fills the lanes."""
        store = self.schedule.store if i in self.schedule.out else None
        apart = cost(self.reads, i, store)
        accesses = len(self.reads) + (store is not None)
        return f"{apart} of {accesses} accesses lane by lane" if apart else "neighbours in memory"

    def registers(self) -> str:
        """The block of sums that are held side by side."""
        block = self.schedule.unrolled
        if not block:
            return "one sum: several would not share a read"
        count = math.prod(block.values())
        each = [math.prod(f for i, f in block.items() if depends(r, i)) for r in self.reads]
        sides = " x ".join(
            f"{f} {'vectors' if i is self.schedule.vector else 'values'} of {self.names[i]}"
            for i, f in block.items()
        )
        if sum(each) == len(each) * count:
            return f"{sides}: {count} sums side by side, so that none waits for the one before"
        return f"{sides}: {count} sums side by side from {sum(each)} reads, not {len(each) * count}"

    def strips(self) -> str:
        """Which part of a long sum is added up before the next block of sums has its turn."""
        k, steps = self.schedule.strip
        return f"{steps} of {self.names[k]} at a time: what they read stays in the nearest caches"

    def shared(self) -> str:
        """What the threads claim."""
        s = self.schedule
        if s.block is not None:
            return f"{self.names[s.block]}: the phase's blocks of samples"
        if self.by_rows:
            return f"{self.names[s.out[0]]}: the phase's blocks of rows"
        if not s.out or s.out[0].size == 1:
            return "one"
        size = s.out[0].size
        chunk = s.chunk(self.lanes, self.tiles)
        return f"{self.names[s.out[0]]}: {-(-size // chunk)} of {chunk}"
