"""The kernels of a graph as the text of one native module, and how that module is called.

source = Source(graph)
source.llvm()                                # the module, as LLVM assembly
source.layout                                # its arrays and parts
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

from fathom.compiler.amx import TileEmitter, by_tiles
from fathom.compiler.emit import Emitter
from fathom.compiler.engine import lanes
from fathom.compiler.fuse import Host, Kernel, Loop, reductions
from fathom.compiler.graph import improved
from fathom.compiler.groups import grouped
from fathom.compiler.halves import halved
from fathom.compiler.layout import ByHand, Calls, Given, Kept, Layout, Made
from fathom.compiler.lowering import lowered
from fathom.compiler.memory import Span, arranged
from fathom.compiler.pack import packed
from fathom.compiler.pattern import pattern
from fathom.compiler.reads import loads, position
from fathom.compiler.regions import Phase, kernels_of, planned, work
from fathom.compiler.scatter import ScatterEmitter, scattered
from fathom.compiler.tiles import Job, Pointer, Repeat, Run, calls_text, program_text
from fathom.compiler.transpose import TurnEmitter, turned
from fathom.compiler.winograd import with_fewer_products
from fathom.core.loop import Array
from fathom.core.tracing import Graph, Symbol

TILES = 16  # pieces of a phase of one kernel: enough for an even share


@dataclass
class Part:
    """Phases that run one after the other in one native call."""

    name: str
    jobs: list[Job]
    work: int = 0
    scratch: int = 0  # bytes of memory for each thread


class Source:
    """A graph as kernels, phases and native code. With `over` an update may be written over the input or constant that
    it replaces; with `timed` each kernel counts its cycles; with `halves` large products of matrices are computed in
    halves (halves.py)."""

    def __init__(
        self,
        graph: Graph,
        timed: bool = False,
        width: int | None = None,
        over: bool = False,
        halves: bool = False,
    ):
        self.lanes = lanes() if width is None else width  # float32 in a vector register
        self.traced = graph
        self.graph, units, names = lowered(improved(with_fewer_products(graph)))
        graph = self.graph
        plan = planned(units, names, graph, self.lanes, halves)
        plan = packed(halved(plan, self.lanes) if halves else plan, self.lanes)
        self.plan = grouped(plan, graph, self.lanes)
        self.names = self.plan.names
        self.slot = {name: k for k, name in enumerate(dict.fromkeys(self.names.values()))}
        self.given = [*graph.inputs, *(c for c, _ in graph.constants)]
        self.results = [*graph.outputs, *(value for _, value in graph.updates)]
        self.texts: list[str] = []
        self.timed, self.halves = timed, halves
        self.written: dict[tuple, tuple[Run, list[int]]] = {}  # the functions, by what they compute
        self.functions: dict[str, Kernel] = {}  # the kernel behind each native function
        self.together: dict[str, str] = {}  # and what its phase is (regions.py)
        self.declared = {
            "declare i64 @llvm.smin.i64(i64, i64)",
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
            "declare i64 @llvm.readcyclecounter()",
        }
        self.parts: list[Part | Host] = []
        for phase in self.plan.phases:
            self.add(phase)
        self.direct = self.overwritten() if over else {}

    # ---- code ----

    def add(self, phase: Phase | Host) -> None:
        """Write a phase's kernels as functions of the module, and put it into the newest part."""
        if isinstance(phase, Host):
            self.parts.append(phase)
            return
        kernels = [k for k in phase.kernels if 0 not in k.output.shape]
        if not kernels:
            return
        if not self.parts or isinstance(self.parts[-1], Host):
            self.parts.append(Part(f"part{len(self.parts)}", []))
        part = self.parts[-1]
        offsets, scratch = self.scratch(phase)
        job = Job([], phase.size, phase.chunk, bool(phase.together))
        for item in phase.items:
            if isinstance(item, Loop):
                runs = tuple(self.kernel(k, phase, offsets) for k in item.kernels)
                job.items.append(Repeat(runs, item.length, item.reverse))
            else:
                job.items.append(self.kernel(item, phase, offsets))
        if phase.rows:
            job.items = [
                replace(run, step=run.whole // phase.rows * phase.block) for run in job.items
            ]
        elif not phase.region:
            (only,) = job.items
            job.size = job.chunk = 1
            if isinstance(only, Run) and only.whole is not None:
                job.size, job.chunk = only.whole, only.chunk
                job.items = [replace(only, whole=None)]
        for symbol in phase.sums:
            name = self.names[symbol]
            size = math.prod(symbol.shape[1:]) * symbol.dtype.itemsize
            job.cleared.append((self.pointer(name, phase, offsets), size))
        part.jobs.append(job)
        part.work += sum(work(k) for k in kernels)
        part.scratch = max(part.scratch, scratch)

    def kernel(self, kernel: Kernel, phase: Phase, offsets: dict[str, int]) -> Run:
        """The call of a kernel; of one function where kernels differ only in their arrays."""
        shape, arrays = pattern(kernel, self.array(kernel.output))
        own = id(kernel) if self.timed else None  # each counts its own cycles
        key = shape, phase.together, own
        if key not in self.written:
            self.written[key] = self.function(kernel, phase, arrays)
        run, order = self.written[key]
        return replace(run, pointers=tuple(self.pointer(arrays[k], phase, offsets) for k in order))

    def function(
        self, kernel: Kernel, phase: Phase, arrays: tuple[str, ...]
    ) -> tuple[Run, list[int]]:
        """Write a kernel as a function of the module: a call of it, and which of the arrays it is given."""
        name = f"k{len(self.texts)}"
        emitter = self.emitter(kernel, phase.region)
        self.texts.append(emitter.function(name))
        self.declared |= emitter.t.declared
        out = emitter.schedule.out
        whole = None if phase.region else out[0].size if out else 1
        self.functions[name], self.together[name] = kernel, phase.together
        chunk = emitter.schedule.chunk(self.lanes, TILES)
        return Run(name, (), whole, chunk), [arrays.index(a) for a in emitter.used]

    def emitter(self, kernel: Kernel, region: bool) -> Emitter:
        """Who writes the kernel."""
        sort: type[Emitter] = Emitter
        if by_tiles(kernel):
            sort = TileEmitter
        elif not region and scattered(kernel) is not None:
            sort = ScatterEmitter
        elif turned(kernel, self.lanes) is not None:
            sort = TurnEmitter
        return sort(kernel, self.array(kernel.output), self.lanes)

    def array(self, symbol: Symbol) -> Array:
        """The symbol's array as kernels see it."""
        name = self.names[symbol]
        if name in self.plan.places:
            return self.plan.places[name].flat
        return Array(name, symbol.shape, symbol.dtype)

    def is_local(self, name: str) -> bool:
        return name in self.local or (name in self.plan.places and self.plan.places[name].local)

    @functools.cached_property
    def local(self) -> dict[str, int]:
        """The arrays of which scratch memory holds a block of rows, and its bytes."""
        phases = [phase for phase in self.plan.phases if isinstance(phase, Phase)]
        return {name: size for phase in phases for name, size in phase.local.items()}

    def local_size(self, name: str) -> int:
        """The bytes of an array in scratch memory."""
        if name in self.local:
            return self.local[name]
        a = self.plan.places[name].flat
        return a.shape[0] * a.dtype.itemsize

    def scratch(self, phase: Phase) -> tuple[dict[str, int], int]:
        """Where the arrays of a region that live in scratch memory lie there, and how much of it there is."""
        spans: dict[str, Span] = {}
        for k, item in enumerate(phase.items):
            for kernel in kernels_of([item]):
                name = self.names[kernel.output]
                if self.is_local(name):
                    first = spans[name].first if name in spans else k
                    spans[name] = Span(first, k, self.local_size(name))
                for read in loads(kernel.body):
                    if read.array.name in spans:
                        a = spans[read.array.name]
                        spans[read.array.name] = Span(a.first, k, a.size)
        offsets, total = arranged(list(spans.values()))
        return dict(zip(spans, offsets, strict=True)), total

    def pointer(self, name: str, phase: Phase, offsets: dict[str, int]) -> Pointer:
        """How a kernel of the phase reaches an array."""
        if name in offsets:
            return Pointer(offset=offsets[name], block=phase.local.get(name, 0))
        for symbol in phase.sums:
            if self.names[symbol] == name:
                size = math.prod(symbol.shape[1:]) * symbol.dtype.itemsize
                return Pointer(self.slot[name], stride=size)
        return Pointer(self.slot[name])

    def llvm(self) -> str:
        """The module as LLVM assembly."""
        place = {name: k for k, name in enumerate(self.functions)}
        parts = [part for part in self.parts if isinstance(part, Part)]
        programs = [program_text(p.name, p.jobs, p.scratch, place) for p in parts]
        calls = calls_text(list(place), [job for p in parts for job in p.jobs], self.timed)
        width = f'"prefer-vector-width"="{32 * self.lanes}"'
        attributes = f"attributes #0 = {{ noinline nounwind {width} }}"
        return "\n".join(
            [*sorted(self.declared), "", *self.texts, *programs, calls, attributes, ""]
        )

    # ---- memory ----

    @functools.cached_property
    def offsets(self) -> dict[Symbol, int]:
        """Where the arrays that the program keeps to itself lie in its arena."""
        return self.arranged[0]

    @functools.cached_property
    def arranged(self) -> tuple[dict[Symbol, int], int]:
        """The offsets of the arena's arrays, and its size."""
        spans = self.kept_spans()
        offsets, size = arranged(list(spans.values()))
        return dict(zip(spans, offsets, strict=True)), size

    @functools.cached_property
    def layout(self) -> Layout:
        """How the program is called."""
        kept = self.offsets
        numbers: dict[Symbol, int] = {}

        def number(x: Symbol) -> int:
            return numbers.setdefault(self.direct.get(x, x), len(numbers))

        slots = {x: self.slot[name] for x, name in self.names.items()}
        over = {x: y for y, x in self.direct.items()}
        given = [
            Given(k, number(x), [slots[s] for s in (x, over.get(x)) if s in slots])
            for k, x in enumerate(self.given)
            if x in self.names or x in self.results  # not the numbers that kernels hold
        ]
        there = {*kept, *self.given, *self.direct}
        hosts = [phase.output for phase in self.plan.phases if isinstance(phase, Host)]
        made = [
            Made(number(y), list(y.shape), y.dtype.str, slots.get(y))
            for y in dict.fromkeys(self.results)
            if y not in there and y not in hosts
        ]
        arena = []
        for x, offset in kept.items():
            a = self.array(x)
            arena.append(Kept(number(x), list(a.shape), a.dtype.str, slots[x], offset))
        parts = [
            Calls(part.name, len(part.jobs), part.work, part.scratch)
            if isinstance(part, Part)
            else ByHand(
                part.step.primitive,
                [number(x) for x in part.step.inputs],
                number(part.output),
                part.output.dtype,
                slots[part.output],
                part.output in self.results,
            )
            for part in self.parts
        ]
        results = [number(y) for y in self.results]
        known = len(self.traced.inputs) + len(self.traced.constants)
        brought = [a for _, a in self.graph.constants[len(self.traced.constants) :]]
        if all(g.place < known for g in given):
            brought = []  # kernels hold them all
        return Layout(
            len(numbers),
            len(self.slot),
            self.arranged[1],
            given,
            made,
            arena,
            parts,
            results,
            brought,
        )

    def overwritten(self) -> dict[Symbol, Symbol]:
        """Updates that may be written straight over what they replace: each element is computed from itself,
        in a phase of its own, and nobody reads the old values later."""
        old = {value: x for x, value in self.graph.updates}
        last: dict[str, int] = {}
        makers: dict[Symbol, int] = {}
        for p, phase in enumerate(self.plan.phases):
            if isinstance(phase, Host):
                last |= {self.names[x]: p for x in phase.step.inputs}
                continue
            for kernel in phase.kernels:
                last |= {r.array.name: p for r in loads(kernel.body)}
            if len(phase.kernels) == 1 and phase.kernels[0].output in old:
                makers[phase.kernels[0].output] = p
        found = {}
        for value, p in makers.items():
            x = old[value]
            (kernel,) = self.plan.phases[p].kernels
            store = position(kernel.element(), value.shape)
            reads = [r for r in loads(kernel.body) if r.array.name == self.names[x]]
            alike = x.shape == value.shape and x.dtype == value.dtype
            own = all(position(r.at, x.shape) == store for r in reads)
            fresh = value not in self.graph.outputs and not reductions(kernel.body)
            if alike and own and fresh and kernel.lane is None and last.get(self.names[x], p) <= p:
                found[value] = x
        return found

    def kept_spans(self) -> dict[Symbol, Span]:
        """From which phase to which each array of the arena is needed; what outlives a call to the end."""
        fresh = {id(y) for y in [*self.graph.outputs, *self.direct]}
        symbols = {name: s for s, name in self.names.items()}
        spans: dict[Symbol, Span] = {}
        last = len(self.plan.phases)
        for p, phase in enumerate(self.plan.phases):
            if isinstance(phase, Host):
                reads = [self.names[x] for x in phase.step.inputs]
            else:
                reads = [r.array.name for k in phase.kernels for r in loads(k.body)]
                for y in [k.output for k in phase.kernels]:
                    if id(y) not in fresh and not self.is_local(self.names[y]):
                        a = self.array(y)
                        size = math.prod(a.shape) * a.dtype.itemsize
                        end = last if y in self.results else p
                        first = spans[y].first if y in spans else p
                        spans[y] = Span(first, end, size)
            for name in reads:
                y = symbols[name]
                if y in spans:
                    spans[y] = Span(spans[y].first, max(spans[y].last, p), spans[y].size)
        return spans
