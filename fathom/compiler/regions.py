"""Regions: kernels that one thread runs one after the other on a block of samples, while it is in cache.

Where no kernel couples samples, a block of 16 of them goes through forward and backward at once: what is read by the
region alone lives in scratch memory of the thread, and a sum over samples (a gradient) is kept by tile and lane,
to be added up by a kernel after the region. A model without such kernels has phases of one kernel each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from fathom.compiler.fuse import Host, Kernel, measure
from fathom.compiler.samples import Label, Place, Split, labelled, lowered, sums
from fathom.compiler.schedule import gathered, loads, plain_price, top_reduction
from fathom.core import loop
from fathom.core.loop import Array, Index, Load, Reduce
from fathom.core.tracing import Graph, Symbol

TILES = 16  # pieces of a region: enough for an even share
KEPT = 4096  # elements of a sum over samples that may be kept by lane
GAIN = 0.8  # samples go to the lanes where that takes less than this part of the time


@dataclass
class Phase:
    """Kernels with one outermost loop between them, cut into tiles that threads claim."""

    kernels: list[Kernel]
    size: int
    chunk: int  # how much of the loop a tile is
    region: bool = False
    sums: list[Symbol] = field(default_factory=list)  # arrays with a part for each tile, from 0

    @property
    def tiles(self) -> int:
        return -(-self.size // self.chunk)


@dataclass
class Plan:
    """A program's phases, and where its arrays lie."""

    phases: list[Phase | Host]
    names: dict[Symbol, str]
    places: dict[str, Place] = field(default_factory=dict)


def planned(
    steps: Sequence[Kernel | Host], names: dict[Symbol, str], graph: Graph, lanes: int
) -> Plan:
    """The phases of a program: with samples in the lanes where that is worth it."""
    plain = Plan([s if isinstance(s, Host) else alone(s) for s in steps], names)
    best, least = plain, GAIN * sum(work(s) * plain_price(s, lanes) for s in kernels_of(steps))
    for axis in range(2):
        labels = first_labels(graph, names, axis, lanes)
        if labels:
            plan, price = Samples(list(steps), dict(names), graph, labels, lanes).plan()
            if price < least:
                best, least = plan, price
    return best


def kernels_of(steps: Sequence[Kernel | Host]) -> list[Kernel]:
    return [s for s in steps if isinstance(s, Kernel) and 0 not in s.output.shape]


def alone(kernel: Kernel) -> Phase:
    """A phase of one kernel."""
    return Phase([kernel], 0, 1)


def first_labels(graph: Graph, names: dict, axis: int, lanes: int) -> dict[str, Label]:
    """The inputs' labels, if this axis of theirs counts samples."""
    count = next((x.shape[axis] for x in graph.inputs if len(x.shape) > max(axis, 1)), 0)
    if count < lanes:
        return {}
    return {
        names[x]: Label(axis, 1, count, 1)
        for x in graph.inputs
        if len(x.shape) > axis and x.shape[axis] == count and x in names
    }


class Samples:
    """The plan with samples in the lanes."""

    def __init__(self, steps, names, graph: Graph, labels: dict[str, Label], lanes: int):
        self.steps, self.names, self.graph, self.lanes = steps, names, graph, lanes
        self.labels = labels
        labelled(steps, names, labels)
        hosts = {names[x] for s in steps if isinstance(s, Host) for x in (*s.step.inputs, s.output)}
        self.outside = {names[x] for x in names if self.is_outside(x)} | hosts
        self.twins(hosts)
        self.uses = labelled(self.steps, names, labels)
        self.made = {names[s.output] for s in self.steps}

    def is_outside(self, x: Symbol) -> bool:
        """Whether the array comes from the caller or goes to it."""
        g = self.graph
        results = {*g.outputs, *(value for _, value in g.updates)}
        return x in results or x in g.inputs or any(x is c for c, _ in g.constants)

    def twins(self, hosts: set[str]) -> None:
        """Give arrays of the caller a copy with samples innermost, which kernels read and write."""
        first: list[Kernel | Host] = []
        last: list[Kernel | Host] = []
        written = {self.names[s.output] for s in self.steps}
        copies: dict[str, Array] = {}
        for x, name in list(self.names.items()):
            if name in self.outside - hosts and name in self.labels and len(x.shape) > 1:
                twin = Symbol(x.level, x.shape, x.dtype, x.graph)
                copy = Array(f"b{name[1:]}", x.shape, x.dtype)
                self.names[twin], self.labels[copy.name] = copy.name, self.labels[name]
                out = tuple(Index(n) for n in x.shape)
                copies[name] = copy
                if name in written:
                    last.append(Kernel(x, out, copy[out]))
                    self.steps = [
                        Kernel(twin, s.out, s.body)
                        if isinstance(s, Kernel) and s.output is x
                        else s
                        for s in self.steps
                    ]
                else:
                    first.append(Kernel(twin, out, Array(name, x.shape, x.dtype)[out]))
        self.steps = [
            Kernel(s.output, s.out, renamed(s.body, copies)) if isinstance(s, Kernel) else s
            for s in self.steps
        ]
        self.steps = first + self.steps + last

    def plan(self) -> tuple[Plan, float]:
        """The plan, and about how long its kernels take."""
        result = Plan([], self.names)
        order = self.ordered(list(enumerate(self.steps)))
        self.places(order, result)
        price = 0.0
        for region, members in order:
            for k, step in members:
                if isinstance(step, Kernel) and 0 not in step.output.shape:
                    price += work(step) * self.price(k, step)
            self.append(result, region, members)
        return result, price

    def price(self, k: int, step: Kernel) -> float:
        use = self.uses[k]
        if use.split is None:
            return plain_price(step, self.lanes)
        outside = [r for r in loads(step.body) if r.array.name in self.outside]
        return (1.5 if use.reduced else 1.0) + 4 * (
            len(use.apart) + gathered(outside, use.split.index)
        )

    # ---- which kernels run together ----

    def ordered(self, pending: list) -> list[tuple[bool, list]]:
        """Groups of steps in the order in which they run, and whether a group is a region."""
        groups: list[tuple[bool, list]] = []
        while pending:
            before: list = []
            region: list = []
            after: list = []
            inside: set[str] = set()
            later: set[str] = set()
            for k, step in pending:
                reads = self.reads(step)
                name = self.names[step.output]
                fits = (
                    isinstance(step, Kernel)
                    and 0 not in step.output.shape
                    and (self.fits(k, step, inside) or self.collects(k, step, inside))
                )
                if reads & later or (reads & inside and not fits):
                    after.append((k, step))
                    later.add(name)
                elif fits:
                    region.append((k, step))
                    if self.uses[k].reduced:
                        later.add(name)
                    else:
                        inside.add(name)
                else:
                    before.append((k, step))
            groups += [(False, [item]) for item in before]
            if region:
                groups.append((True, region))
            pending = after
        return groups

    def reads(self, step: Kernel | Host) -> set[str]:
        if isinstance(step, Host):
            return {self.names[x] for x in step.step.inputs}
        return {r.array.name for r in loads(step.body)}

    def fits(self, k: int, step: Kernel, inside: set[str]) -> bool:
        """Whether a kernel computes each sample from the region's arrays of that sample alone."""
        use = self.uses[k]
        return use.split is not None and not use.reduced and not use.apart & inside

    def collects(self, k: int, step: Kernel, inside: set[str]) -> bool:
        """Whether a kernel is a sum over samples that is small enough to be kept lane by lane."""
        use, e = self.uses[k], step.body
        return (
            use.split is not None
            and use.reduced
            and isinstance(e, Reduce)
            and e.name == "+"
            and use.split.index in e.over
            and not use.apart & inside
            and bool(self.reads(step) & inside)
            and math.prod(step.output.shape) <= KEPT
        )

    # ---- where arrays lie ----

    def places(self, order, result: Plan) -> None:
        """Samples innermost for all labelled arrays that the caller does not see; in scratch memory where
        only their region reads them."""
        home = {self.names[s.output]: g for g, (_, members) in enumerate(order) for _, s in members}
        readers: dict[str, set[int]] = {}
        for g, (_, members) in enumerate(order):
            for _, step in members:
                for name in self.reads(step):
                    readers.setdefault(name, set()).add(g)
        for symbol, name in self.names.items():
            if name in self.labels and name not in self.outside and name in home:
                local = order[home[name]][0] and readers.get(name, set()) <= {home[name]}
                array = Array(name, symbol.shape, symbol.dtype)
                result.places[name] = Place(array, self.labels[name], self.lanes, local)

    def append(self, result: Plan, region: bool, members: list) -> None:
        """The phase of one group."""
        if not region:
            ((k, step),) = members
            if isinstance(step, Host):
                result.phases.append(step)
            else:
                split = self.splittable(k, step)
                name = self.names[step.output]
                result.phases.append(
                    alone(lowered(step, name, split, result.places, self.lanes, False))
                )
            return
        kernels, totals = [], []
        split = self.uses[members[0][0]].split
        assert split is not None
        size = -(-split.count // self.lanes)
        collecting = any(self.uses[k].reduced for k, _ in members)
        phase = Phase(kernels, size, -(-size // (TILES // 2 if collecting else TILES)), True)
        for k, step in members:
            name = self.names[step.output]
            kernel = lowered(
                step, name, self.uses[k].split, result.places, self.lanes, self.uses[k].reduced
            )
            if self.uses[k].reduced:
                parts, total = self.kept(step, phase.tiles)
                kernel.output = parts
                phase.sums.append(parts)
                totals.append(alone(total))
            kernels.append(kernel)
        result.phases += [phase, *totals]

    def splittable(self, k: int, step: Kernel) -> Split | None:
        """The sample index of a kernel outside of regions, if it can be cut into blocks."""
        split = self.uses[k].split
        if split is None or not self.uses[k].reduced:
            return split
        return split if split.count % self.lanes == 0 or sums(step.body, split.index) else None

    def kept(self, step: Kernel, tiles: int) -> tuple[Symbol, Kernel]:
        """The array in which each tile keeps its sums by lane, and the kernel that adds them up."""
        y = step.output
        parts = Symbol(y.level, (tiles, *y.shape, self.lanes), y.dtype, y.graph)
        self.names[parts] = f"s{self.names[y][1:]}"
        array = Array(self.names[parts], parts.shape, parts.dtype)
        out = tuple(Index(n) for n in y.shape)
        tile, lane = Index(tiles), Index(self.lanes)
        return parts, Kernel(y, out, loop.reduce("+", [tile, lane], array[(tile, *out, lane)]))


def renamed(e, copies: dict[str, Array]):
    """The expression, reading the copies."""
    match e:
        case Load():
            at = tuple(renamed(a, copies) for a in e.at)
            return Load(copies.get(e.array.name, e.array), at)
        case Reduce():
            return Reduce(e.name, e.over, renamed(e.body, copies))
        case loop.Call():
            return loop.Call(e.name, tuple(renamed(a, copies) for a in e.args), e.dtype)
    return e


def work(kernel: Kernel) -> int:
    """About how many scalar operations a kernel takes."""
    nodes, _, _ = measure(kernel.body)
    reduction = top_reduction(kernel.body)
    inner = math.prod(k.size for k in reduction.over) if reduction is not None else 1
    return math.prod(kernel.output.shape) * inner * max(nodes // 4, 1)
