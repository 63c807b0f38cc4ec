"""Groups: kernels that read each other's results row by row run together on a block of rows, while it is in cache.

    softmax of rows       the maximum of each row, the exponentials, their sum, the quotients
    as four phases        each goes through the whole array, which comes from memory or goes there five times
    as one group          the four run for some rows, then for the next: the array is read once and written once

What only its group reads lives in the thread's scratch memory, which has a place for one block. A sum over all rows
(the gradient of a bias) adds up those of each tile while they are near; a kernel after the group adds up the tiles.
A row may be a matrix: of a head of attention the scores, their softmax, the gradients of both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from fathom.compiler.fuse import Host
from fathom.compiler.loops import reads, writes
from fathom.compiler.pack import is_plain
from fathom.compiler.pattern import pattern
from fathom.compiler.regions import TILES, Phase, Plan, by_tile, stored
from fathom.compiler.rows import Rows, collecting, rows_of
from fathom.core.loop import Array
from fathom.core.tracing import Graph

NEAR = 1 << 15  # bytes of a block, in all arrays of which the group takes the same rows
LEAST = 1 << 12  # bytes of a block that is worth a round of calls
LONGEST = 1 << 19  # bytes of a row that is short enough for a block
FEW = 4  # rows of a block, where there is a choice
MAKERS = 4  # steps back from a kernel to others that a group needs for it


@dataclass(frozen=True)
class Group:
    """Phases of one kernel that may become one phase."""

    members: frozenset[int] = frozenset()
    rows: frozenset[int] = frozenset()  # the numbers of rows that suit all of them
    made: frozenset[str] = frozenset()  # what members have made by the time that the next one runs
    shared: frozenset[str] = frozenset()  # arrays of which members take the same rows


def grouped(plan: Plan, graph: Graph, lanes: int) -> Plan:
    """The plan with groups of kernels in one phase, if its arrays lie row by row."""
    return plan if plan.places else Grouping(plan, graph, lanes).plan()


class Grouping:
    """The pass: from the first phase on, each with all later ones that can run beside it."""

    def __init__(self, plan: Plan, graph: Graph, lanes: int):
        self.old, self.names, self.lanes = plan, plan.names, lanes
        self.symbols = {name: symbol for symbol, name in self.names.items()}
        self.updates = {value for _, value in graph.updates}
        self.kept = {self.names.get(x) for x in (*graph.outputs, *self.updates)}
        self.reads = [self.both(reads, phase) for phase in plan.phases]
        self.writes = [self.both(writes, phase) for phase in plan.phases]
        self.readers: dict[str, list[int]] = {}
        self.writers: dict[str, list[int]] = {}
        for p in range(len(plan.phases)):
            for name in self.reads[p]:
                self.readers.setdefault(name, []).append(p)
            for name in self.writes[p]:
                self.writers.setdefault(name, []).append(p)
        self.done: set[int] = set()  # phases that run before the one that is looked at
        self.patterns: dict[tuple, tuple[Rows | None, tuple[str, ...]]] = {}
        self.known: dict[int, Rows | None] = {}

    def both(self, names_of, phase: Phase | Host) -> set[str]:
        """What a phase reads, or what it writes."""
        (unit,) = [phase] if isinstance(phase, Host) else phase.items
        return names_of(unit, self.names)

    def plan(self) -> Plan:
        """The plan."""
        phases: list[Phase | Host] = []
        for p, phase in enumerate(self.old.phases):
            if p not in self.done:
                group = self.group(p)
                phases += [phase] if group is None else self.phases(group)
                self.done |= {p} if group is None else group.members
        return Plan(phases, self.names, self.old.places)

    # ---- which kernels run together ----

    def group(self, first: int) -> Group | None:
        """The group that begins with a phase; None if that runs alone."""
        group = self.joined(Group(), first)
        pending = self.near(first) if group is not None else set()
        while pending:
            p = min(pending)
            pending.remove(p)
            larger = self.joined(group, p)
            if larger is not None:
                pending = pending.union(*map(self.near, larger.members - group.members))
                pending -= larger.members
                group = larger
        return group if group is not None and len(group.members) > 1 else None

    def near(self, p: int) -> set[int]:
        """The phases still to come that read what a phase reads or writes."""
        names = self.reads[p] | self.writes[p]
        return {q for name in names for q in self.readers.get(name, ())} - self.done

    def joined(
        self, group: Group, p: int, makers: int = MAKERS, needed: bool = False
    ) -> Group | None:
        """The group with one more phase, and so many others before it that make what it reads; None where it cannot
        run there, or has nothing to do with the others and is not needed."""
        found = self.rows_of(p)
        if found is None:
            return None
        for name in self.reads[p]:
            group = self.with_array(group, name, makers)
            if group is None:
                return None
        own = self.reads[p] & group.made
        cuts = {n: a for n, a in found.cuts.items() if own <= a and n in (group.rows or found.cuts)}
        shared = group.shared.union(*cuts.values())
        rows = frozenset(n for n in cuts if self.bytes_of(shared, n) <= LONGEST)
        alike = not group.members or any(a & group.shared for a in cuts.values())
        if not rows or not (alike or needed):
            return None
        made = group.made if found.collects else group.made | self.writes[p]
        return Group(group.members | {p}, rows, made, shared)

    def with_array(self, group: Group, name: str, makers: int) -> Group | None:
        """The group, or a larger one, with an array before it or in it; None where that cannot be."""
        missing = [q for q in self.writers.get(name, ()) if q not in self.done]
        if name in group.made or not missing:
            return group
        if len(missing) > 1 or missing[0] in group.members or not makers:
            return None
        larger = self.joined(group, missing[0], makers - 1, needed=True)
        return larger if larger is not None and name in larger.made else None

    def bytes_of(self, names: Iterable[str], rows: int) -> int:
        """How long a row of these arrays is."""
        arrays = [self.symbols[name] for name in names]
        return sum(math.prod(x.shape) * x.dtype.itemsize for x in arrays) // rows

    def rows_of(self, p: int) -> Rows | None:
        """The kernel of a phase as a function of rows; None where it is none."""
        if p not in self.known:
            self.known[p] = self.looked_at(self.old.phases[p])
        return self.known[p]

    def looked_at(self, phase: Phase | Host) -> Rows | None:
        """The same, found once for all kernels that differ only in their arrays."""
        if isinstance(phase, Host) or not all(map(is_plain, phase.items)):
            return None
        (kernel,) = phase.kernels
        name = self.names[kernel.output]
        if kernel.output in self.updates or len(self.writers[name]) > 1:
            return None  # an update may be written over what it replaces, by a phase of its own
        output = Array(name, kernel.output.shape, kernel.output.dtype)
        shape, arrays = pattern(kernel, output)
        if shape not in self.patterns:
            self.patterns[shape] = rows_of(kernel, output, self.lanes), arrays
        rows, first = self.patterns[shape]
        return rows and rows.renamed(dict(zip(first, arrays, strict=True)))

    # ---- the phase of a group ----

    def phases(self, group: Group) -> list[Phase | Host]:
        """The phase in which the members run, and those that add up what it collects."""
        lengths = {rows: self.bytes_of(group.shared, rows) for rows in group.rows}
        rows = min((n for n in group.rows if lengths[n] <= NEAR // FEW), default=max(group.rows))
        share = max(-(-rows // TILES), LEAST // lengths[rows])
        block = max(min(NEAR // lengths[rows], share), 1)
        whole = self.lanes if block >= self.lanes else 1 << (block.bit_length() - 1)
        block = min(block - block % whole, rows)
        size = -(-rows // block)
        phase = Phase([], size, -(-size // TILES), rows=rows, block=block)
        totals: list[Phase | Host] = []
        for p in sorted(group.members):
            (kernel,) = self.old.phases[p].kernels
            if self.names[kernel.output] not in group.made:
                parts, total = by_tile(kernel, self.names, phase.tiles)
                collected = collecting(kernel)
                assert collected is not None
                kernel = replace(collected, output=parts)
                phase.sums.append(parts)
                totals.append(Phase([stored(total)]))
            phase.items.append(kernel)
        for name in group.made - self.kept:
            if group.members.issuperset(self.readers.get(name, ())):
                phase.local[name] = block * self.bytes_of([name], rows)
        return [phase, *totals]
