"""Regions: kernels that one thread runs one after the other on a block of samples, while it is in cache.

Where no kernel couples samples, a block of 16 of them goes through forward and backward at once: what is read by the
region alone lives in scratch memory of the thread, and a sum over samples (a gradient) is kept by tile and lane,
to be added up by a kernel after the region. A model without such kernels has phases of one kernel each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from fathom.compiler.fuse import Host, Kernel, Loop, Unit, measure
from fathom.compiler.loops import reads, writes
from fathom.compiler.prices import plain_price
from fathom.compiler.reads import cost, loads, position
from fathom.compiler.samples import Label, Place, Split, labelled, lowered, sums
from fathom.compiler.scatter import scattered
from fathom.compiler.schedule import top_reduction
from fathom.core import loop
from fathom.core.loop import Array, Index, Load, Reduce
from fathom.core.tracing import Graph, Symbol

TILES = 16  # pieces of a region: enough for an even share
KEPT = 4096  # elements of a sum over samples that may be kept by lane
ROWS = 64  # of a table whose gradient is summed row by row, sample by sample
GAIN = 0.95  # samples go to the lanes where that takes less than this part of the time
ALONE = 4  # how much longer a loop over time takes that is not cut into blocks: one thread runs it


@dataclass
class Phase:
    """Kernels with one outermost loop between them, cut into tiles that threads claim."""

    items: list[Kernel | Loop]
    size: int = 0  # of a region's loop over blocks; else the kernel's schedule knows
    chunk: int = 1  # how many blocks a tile has
    region: bool = False
    sums: list[Symbol] = field(default_factory=list)  # arrays with a part for each tile, from 0
    rows: int = 0  # that go through all kernels block by block (groups.py)
    block: int = 0  # how many of them at a time
    local: dict[str, int] = field(
        default_factory=dict
    )  # arrays of which one block is kept, in so many bytes

    @property
    def tiles(self) -> int:
        return -(-self.size // self.chunk)

    @property
    def together(self) -> str:
        """What goes block by block through all kernels."""
        return "samples" if self.region else "rows" if self.rows else ""

    @property
    def kernels(self) -> list[Kernel]:
        return list(kernels_of(self.items))


@dataclass
class Plan:
    """A program's phases, and where its arrays lie."""

    phases: list[Phase | Host]
    names: dict[Symbol, str]
    places: dict[str, Place] = field(default_factory=dict)


def planned(
    units: Sequence[Unit], names: dict[Symbol, str], graph: Graph, lanes: int, halves: bool
) -> Plan:
    """The phases of a program: with samples in the lanes where that is worth it, beside products in halves or not."""
    best: Samples | None = None
    least = GAIN * sum(
        work(k) * plain_price(k, lanes, halves) * (1 if k.time is None else ALONE)
        for k in kernels_of(units)
    )
    for axis in range(2):
        labels = first_labels(graph, names, axis, lanes)
        if labels:
            samples = Samples(list(units), dict(names), graph, labels, lanes, halves)
            price = samples.price()
            if price < least:
                best, least = samples, price
    if best is not None:
        return best.plan()
    return Plan([u if isinstance(u, Host) else Phase([stored(u)]) for u in units], names)


def kernels_of(units: Sequence[Unit]) -> Iterator[Kernel]:
    """All kernels, those of loops too."""
    for unit in units:
        if isinstance(unit, Loop):
            yield from unit.kernels
        elif isinstance(unit, Kernel):
            yield unit


def mapped(unit: Kernel | Loop, f: Callable[[Kernel], Kernel]) -> Kernel | Loop:
    """The unit with f of its kernels."""
    if isinstance(unit, Loop):
        return Loop([f(k) for k in unit.kernels], unit.length, unit.reverse)
    return f(unit)


def stored(unit: Kernel | Loop) -> Kernel | Loop:
    """The unit, each of its kernels knowing where its elements go in a row-major array."""
    return mapped(unit, lambda k: replace(k, store=position(k.element(), k.output.shape)))


def first_labels(graph: Graph, names: dict, axis: int, lanes: int) -> dict[str, Label]:
    """The inputs' labels, if this axis of theirs counts samples. The second one does where the first counts time; in a
    table of real numbers it counts what a sample is made of."""
    least = axis + 2
    count = next(
        (
            x.shape[axis]
            for x in graph.inputs
            if len(x.shape) >= (2 if x.dtype.kind == "i" else least)
        ),
        0,
    )
    if count < lanes or lanes == 1:
        return {}
    return {
        names[x]: Label(axis, 1, count, 1)
        for x in graph.inputs
        if len(x.shape) > axis and x.shape[axis] == count and x in names
    }


class Samples:
    """The plan with samples in the lanes."""

    def __init__(
        self,
        units: list[Unit],
        names: dict[Symbol, str],
        graph: Graph,
        labels: dict[str, Label],
        lanes: int,
        halves: bool,
    ):
        self.units, self.names, self.graph, self.lanes = units, names, graph, lanes
        self.halves = halves
        self.labels = labels
        self.uses = labelled(list(kernels_of(units)), names, labels)
        hosts = {names[x] for u in units if isinstance(u, Host) for x in (*u.step.inputs, u.output)}
        self.outside = {names[x] for x in names if self.is_outside(x)} | hosts
        self.twins(hosts)
        self.uses = labelled(list(kernels_of(self.units)), names, labels)

    def is_outside(self, x: Symbol) -> bool:
        """Whether the array comes from the caller or goes to it."""
        g = self.graph
        results = {*g.outputs, *(value for _, value in g.updates)}
        return x in results or x in g.inputs or any(x is c for c, _ in g.constants)

    def twins(self, hosts: set[str]) -> None:
        """Give arrays of the caller a copy with samples innermost, which kernels read and write."""
        first: list[Unit] = []
        last: list[Unit] = []
        written = {name for u in self.units for name in writes(u, self.names)}
        copies: dict[str, Array] = {}
        twins: dict[Symbol, Symbol] = {}
        for x, name in list(self.names.items()):
            if name in self.outside - hosts and name in self.labels and len(x.shape) > 1:
                twins[x] = twin = Symbol(x.level, x.shape, x.dtype, x.graph)
                copies[name] = copy = Array(f"b{name[1:]}", x.shape, x.dtype)
                self.names[twin], self.labels[copy.name] = copy.name, self.labels[name]
                out = tuple(Index(n) for n in x.shape)
                if name in written:
                    last.append(Kernel(x, out, copy[out]))
                else:
                    first.append(Kernel(twin, out, Array(name, x.shape, x.dtype)[out]))

        def reading(read: Load) -> Load:
            return Load(copies.get(read.array.name, read.array), read.at)

        def renamed(k: Kernel) -> Kernel:
            if self.uses[id(k)].reduced and reads(k, self.names) <= self.outside - written:
                return k  # a sum of what is given: it need not wait for the copies
            output = twins.get(k.output, k.output)
            return replace(k, output=output, body=loop.rewritten(k.body, reading))

        units = [u if isinstance(u, Host) else mapped(u, renamed) for u in self.units]
        self.units = [*first, *units, *last]

    def price(self) -> float:
        """About how long the kernels take."""
        return sum(work(k) * self.price_of(k) for k in kernels_of(self.units))

    def plan(self) -> Plan:
        """The plan."""
        result = Plan([], self.names)
        groups = self.groups(self.units)
        self.settle(groups, result)
        for region, members in groups:
            self.append(result, region, members)
        return result

    def price_of(self, kernel: Kernel) -> float:
        """About how long one of its operations takes."""
        use = self.uses[id(kernel)]
        if use.split is None:
            return plain_price(kernel, self.lanes, self.halves)
        outside = [r for r in loads(kernel.body) if r.array.name in self.outside]
        strange = len(use.apart) + cost(outside, use.split.index, None)
        return (1.1 if use.reduced else 1.0) + self.lanes * strange

    # ---- which kernels run together ----

    def groups(self, pending: list[Unit]) -> list[tuple[bool, list[Unit]]]:
        """Groups of units in the order in which they run, and whether a group is a region."""
        groups: list[tuple[bool, list[Unit]]] = []
        while pending:
            before: list[Unit] = []
            region: list[Unit] = []
            after: list[Unit] = []
            inside: set[str] = set()
            later: set[str] = set()
            for unit in pending:
                read, written = reads(unit, self.names), writes(unit, self.names)
                collects = self.collects(unit, inside)
                fits = collects or self.fits(unit, inside | written)
                if (read | written) & later or (read & inside and not fits):
                    after.append(unit)
                    later |= written
                elif fits:
                    region.append(unit)
                    if collects:
                        later |= written
                    else:
                        inside |= written
                else:
                    before.append(unit)
            groups += [(False, [unit]) for unit in before]
            if region:
                groups.append((True, region))
            pending = after
        return groups

    def fits(self, unit: Unit, inside: set[str]) -> bool:
        """Whether each sample is computed from the region's arrays of that sample alone."""
        if isinstance(unit, Host):
            return False
        uses = [self.uses[id(k)] for k in kernels_of([unit])]
        full = all(0 not in k.output.shape for k in kernels_of([unit]))
        aligned = all(u.split is not None and not u.reduced and not u.apart & inside for u in uses)
        return full and aligned

    def collects(self, unit: Unit, inside: set[str]) -> bool:
        """Whether a kernel is a sum over samples that is small enough to be kept lane by lane."""
        if not isinstance(unit, Kernel) or not isinstance(unit.body, Reduce):
            return False
        use = self.uses[id(unit)]
        return (
            use.split is not None
            and use.reduced
            and unit.body.name == "+"
            and use.split.index in unit.body.over
            and not use.apart & inside
            and bool(reads(unit, self.names) & inside)
            and 0 < math.prod(unit.output.shape) <= KEPT
            and ((scatter := scattered(unit)) is None or scatter.row.size <= ROWS)
        )

    # ---- where arrays lie ----

    def settle(self, groups: list[tuple[bool, list[Unit]]], result: Plan) -> None:
        """Samples innermost for all labelled arrays that the caller does not see; in scratch memory where
        only their region reads them."""
        made: set[str] = set()
        users: dict[str, set[int]] = {}  # the groups that write or read an array
        for g, (_, members) in enumerate(groups):
            for unit in members:
                made |= writes(unit, self.names)
                for name in writes(unit, self.names) | reads(unit, self.names):
                    users.setdefault(name, set()).add(g)
        for symbol, name in self.names.items():
            if name in self.labels and name not in self.outside and name in made:
                local = len(users[name]) == 1 and groups[min(users[name])][0]
                array = Array(name, symbol.shape, symbol.dtype)
                result.places[name] = Place(array, self.labels[name], self.lanes, local)

    def append(self, result: Plan, region: bool, members: list[Unit]) -> None:
        """The phase of one group, and those that add up what it collects."""
        if isinstance(members[0], Host):
            result.phases.append(members[0])
            return
        if not region:
            result.phases.append(Phase([mapped(members[0], lambda k: self.apart(k, result))]))
            return
        first = next(kernels_of(members))
        split = self.uses[id(first)].split
        assert split is not None
        size = -(-split.count // self.lanes)
        collecting = any(self.uses[id(k)].reduced for k in kernels_of(members))
        phase = Phase([], size, -(-size // (TILES // 2 if collecting else TILES)), True)
        totals: list[Phase | Host] = []

        def inside(k: Kernel) -> Kernel:
            use = self.uses[id(k)]
            name = self.names[k.output]
            kernel = lowered(k, name, use.split, result.places, self.lanes, use.reduced)
            if use.reduced:
                kernel.output, total = by_tile(k, self.names, phase.tiles, (self.lanes,))
                phase.sums.append(kernel.output)
                totals.append(Phase([stored(total)]))
            return kernel

        phase.items = [mapped(unit, inside) for unit in members if not isinstance(unit, Host)]
        result.phases += [phase, *totals]

    def apart(self, kernel: Kernel, result: Plan) -> Kernel:
        """A kernel outside of regions."""
        split = self.splittable(kernel)
        name = self.names[kernel.output]
        return lowered(kernel, name, split, result.places, self.lanes, False)

    def splittable(self, kernel: Kernel) -> Split | None:
        """The sample index of a kernel outside of regions, if it can be cut into blocks."""
        use = self.uses[id(kernel)]
        split = use.split
        if split is None or not use.reduced:
            return split if kernel.time is None else None
        return split if split.count % self.lanes == 0 or sums(kernel.body, split.index) else None


def by_tile(
    kernel: Kernel, names: dict[Symbol, str], tiles: int, lanes: tuple[int, ...] = ()
) -> tuple[Symbol, Kernel]:
    """The array in which each tile keeps its own sums, by lane if there are lanes, and the kernel that adds them up."""
    y = kernel.output
    out = tuple(Index(i.size) for i in kernel.out)
    parts = Symbol(y.level, (tiles, *(i.size for i in out), *lanes), y.dtype, y.graph)
    names[parts] = f"s{len(names)}"
    array = Array(names[parts], parts.shape, parts.dtype)
    at = None
    if kernel.at is not None:
        renewed = dict(zip(kernel.out, out, strict=True))
        at = tuple(loop.substituted(e, renewed) for e in kernel.at)
    tile, within = Index(tiles), [Index(n) for n in lanes]
    return parts, Kernel(
        y, out, loop.reduce("+", [tile, *within], array[(tile, *out, *within)]), at
    )


def work(kernel: Kernel) -> int:
    """About how many scalar operations a kernel takes."""
    nodes, _, _ = measure(kernel.body)
    reduction = top_reduction(kernel.body)
    inner = math.prod(k.size for k in reduction.over) if reduction is not None else 1
    scatter = scattered(kernel)
    if scatter is not None:  # each term goes to one row only
        inner = max(inner // scatter.row.size, 1)
    steps = 1 if kernel.time is None else kernel.time.size
    return steps * math.prod(i.size for i in kernel.out) * inner * max(nodes // 4, 1)
