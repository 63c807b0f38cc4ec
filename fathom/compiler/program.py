"""A program: the kernels of a graph as one native module, its arrays, and the way to run it.

program = Program(graph)
outputs = program.run(inputs)                # arrays in, arrays out
"""

from __future__ import annotations

import ctypes
import functools
import math
import sys
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fathom.compiler.emit import Emitter
from fathom.compiler.engine import built, give_way, lanes
from fathom.compiler.fuse import Host, Kernel, Loop, reductions
from fathom.compiler.graph import improved
from fathom.compiler.lowering import lowered
from fathom.compiler.memory import Span, aligned, arranged
from fathom.compiler.pack import packed
from fathom.compiler.pattern import pattern
from fathom.compiler.regions import Phase, kernels_of, planned, work
from fathom.compiler.scatter import ScatterEmitter, scattered
from fathom.compiler.schedule import loads, position
from fathom.compiler.threads import Turn, get_num_threads, workers
from fathom.compiler.tiles import Job, Pointer, Repeat, Run, main_text
from fathom.compiler.transpose import TurnEmitter, turned
from fathom.compiler.winograd import with_fewer_products
from fathom.core.apply import QUIET
from fathom.core.loop import Array
from fathom.core.tracing import Graph, Symbol

MAIN = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
TILES = 16  # pieces of a phase of one kernel: enough for an even share
LARGE = 1 << 16  # bytes of an output whose memory is worth keeping
SMALL = 200_000  # scalar operations: less than this is not worth a second thread


@dataclass
class Part:
    """Phases that run one after the other in one native call."""

    name: str
    jobs: list[Job]
    work: int = 0
    scratch: int = 0  # bytes of memory for each thread


class Program:
    """Native code for a graph, and the memory it runs in."""

    def __init__(self, graph: Graph, timed: bool = False, width: int | None = None):
        self.lanes = lanes() if width is None else width  # float32 in a vector register
        self.graph, units, names = lowered(improved(with_fewer_products(graph)))
        graph = self.graph
        self.plan = packed(planned(units, names, graph, self.lanes), self.lanes)
        self.names = self.plan.names
        self.slot = {name: k for k, name in enumerate(dict.fromkeys(self.names.values()))}
        self.given = [*graph.inputs, *(c for c, _ in graph.constants)]
        self.results = [*graph.outputs, *(value for _, value in graph.updates)]
        self.texts: list[str] = []
        self.timed = timed
        self.written: dict[tuple, tuple[Run, list[int]]] = {}  # the functions, by what they compute
        self.functions: dict[str, Kernel] = {}  # the kernel behind each native function
        self.declared = {
            "declare i64 @llvm.smin.i64(i64, i64)",
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
            "declare i64 @llvm.readcyclecounter()",
        }
        self.parts: list[Part | Host] = []
        for phase in self.plan.phases:
            self.add(phase)
        for part in self.parts:
            if isinstance(part, Part):
                self.texts.append(main_text(part.name, part.jobs, part.scratch, timed))
        self.settle()
        self.bind()
        self.given_out: dict[Symbol, list[np.ndarray]] = {}
        self.busy = Turn()  # its memory serves one call at a time

    # ---- code ----

    @functools.cached_property
    def engine(self):
        """The machine code, compiled now or loaded from the cache."""
        return built(self.llvm())

    @functools.cached_property
    def mains(self) -> dict[str, Callable]:
        """The native function of each part."""
        parts = [part.name for part in self.parts if isinstance(part, Part)]
        mains = {name: MAIN(self.engine.get_function_address(name)) for name in parts}
        for main in mains.values():
            main.engine = self.engine  # who comes late still finds the code
        return mains

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
        job = Job([], phase.size, phase.chunk, phase.region)
        for item in phase.items:
            if isinstance(item, Loop):
                runs = tuple(self.kernel(k, phase, offsets) for k in item.kernels)
                job.items.append(Repeat(runs, item.length, item.reverse))
            else:
                job.items.append(self.kernel(item, phase, offsets))
        if not phase.region:
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
        key = shape, phase.region, own
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
        self.functions[name] = kernel
        chunk = emitter.schedule.chunk(self.lanes, TILES)
        run = Run(name, (), kernel.time is not None, whole, chunk)
        return run, [arrays.index(a) for a in emitter.used]

    def emitter(self, kernel: Kernel, region: bool) -> Emitter:
        """Who writes the kernel."""
        sort = Emitter
        if not region and scattered(kernel) is not None:
            sort = ScatterEmitter
        elif not region and turned(kernel, self.lanes) is not None:
            sort = TurnEmitter
        return sort(kernel, self.array(kernel.output), self.lanes)

    def array(self, symbol: Symbol) -> Array:
        """The symbol's array as kernels see it."""
        name = self.names[symbol]
        if name in self.plan.places:
            return self.plan.places[name].flat
        return Array(name, symbol.shape, symbol.dtype)

    def is_local(self, name: str) -> bool:
        return name in self.plan.places and self.plan.places[name].local

    def scratch(self, phase: Phase) -> tuple[dict[str, int], int]:
        """Where the arrays of a region that live in scratch memory lie there, and how much of it there is."""
        spans: dict[str, Span] = {}
        for k, item in enumerate(phase.items):
            for kernel in kernels_of([item]):
                name = self.names[kernel.output]
                if self.is_local(name):
                    a = self.plan.places[name].flat
                    first = spans[name].first if name in spans else k
                    spans[name] = Span(first, k, a.shape[0] * a.dtype.itemsize)
                for read in loads(kernel.body):
                    if read.array.name in spans:
                        a = spans[read.array.name]
                        spans[read.array.name] = Span(a.first, k, a.size)
        offsets, total = arranged(list(spans.values()))
        return dict(zip(spans, offsets, strict=True)), total

    def pointer(self, name: str, phase: Phase, offsets: dict[str, int]) -> Pointer:
        """How a kernel of the phase reaches an array."""
        if name in offsets:
            return Pointer(offset=offsets[name])
        for symbol in phase.sums:
            if self.names[symbol] == name:
                size = math.prod(symbol.shape[1:]) * symbol.dtype.itemsize
                return Pointer(self.slot[name], stride=size)
        return Pointer(self.slot[name])

    def llvm(self) -> str:
        """The module as LLVM assembly."""
        width = f'"prefer-vector-width"="{32 * self.lanes}"'
        attributes = f"attributes #0 = {{ noinline nounwind {width} }}"
        return "\n".join([*sorted(self.declared), "", *self.texts, attributes, ""])

    # ---- memory ----

    def settle(self) -> None:
        """Lay the arrays that the program keeps to itself into one arena."""
        kept = self.kept_spans()
        offsets, size = arranged(list(kept.values()))
        self.arena, self.spare = aligned(size), aligned(0)
        self.direct = self.overwritten()
        self.addresses: dict[int, tuple[weakref.ref, int]] = {}
        self.table = np.zeros(len(self.slot), np.uint64)
        self.kept: dict[Symbol, np.ndarray] = {}
        for symbol, offset in zip(kept, offsets, strict=True):
            a = self.array(symbol)
            count = math.prod(a.shape)
            memory = self.arena[offset : offset + count * a.dtype.itemsize]
            self.kept[symbol] = memory.view(a.dtype).reshape(a.shape)
            self.table[self.slot[a.name]] = memory.ctypes.data if count else 0

    def bind(self) -> None:
        """Where the arrays that are given go in the table, and those that are made at each call."""
        slots = {s: self.slot[name] for s, name in self.names.items() if s not in self.kept}
        self.bound = [  # not the numbers that kernels hold
            (k, s, slots.get(s))
            for k, s in enumerate(self.given)
            if s in self.names or s in self.results
        ]
        self.made = [(y, slots.get(y)) for y in self.results if y not in self.kept]

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
        fresh = {id(y) for y in self.graph.outputs}
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

    # ---- running ----

    def run(
        self,
        inputs: Sequence[np.ndarray],
        constants: Sequence[np.ndarray] | None = None,
        over: bool = False,
    ) -> list[np.ndarray]:
        """The graph's outputs, as new arrays, and then its updates, in arrays that the next call writes to again;
        `constants` in place of those that were traced. With `over` an update may be written over the input or
        constant that it replaces: then it is that array itself."""
        constants = list(constants or [])
        constants += [array for _, array in self.graph.constants[len(constants) :]]
        given = [*inputs, *constants]
        with self.busy:
            table, known = self.table.copy(), {}
            for k, symbol, slot in self.bound:
                known[symbol] = a = np.asarray(given[k], order="C")
                if slot is not None:
                    table[slot] = self.address(a)
            for y, slot in self.made:
                if y not in known:
                    known[y] = a = self.fresh(y)
                    if slot is not None:
                        table[slot] = self.address(a)
            known |= self.kept
            if over:
                for value, x in self.direct.items():
                    known[value] = known[x]
                    table[self.slot[self.names[value]]] = table[self.slot[self.names[x]]]
            for part in self.parts:
                if isinstance(part, Part):
                    self.call(part, table)
                else:
                    self.by_hand(part, table, known)
            return [known[y] for y in self.results]

    def address(self, a: np.ndarray) -> int:
        """Where an array's memory begins. It is remembered, for asking takes longer than a small kernel."""
        known = self.addresses.get(id(a))
        if known is not None and known[0]() is a:
            return known[1]
        if len(self.addresses) > 4 * len(self.slot) + 64:
            self.addresses.clear()
        found = a.ctypes.data
        self.addresses[id(a)] = weakref.ref(a), found
        return found

    def fresh(self, y: Symbol) -> np.ndarray:
        """An array for an output: one of an earlier call that nobody holds any more, or a new one."""
        before = self.given_out.setdefault(y, [])
        for k in range(len(before)):
            if sys.getrefcount(before[k]) <= 2:  # the list, and the question
                return before[k]
        array = np.empty(y.shape, y.dtype)
        if array.nbytes >= LARGE and len(before) < 2:  # the one in use, and the one before
            before.append(array)
        return array

    def call(self, part: Part, table: np.ndarray) -> None:
        """Run a part on this thread, and on others where that pays."""
        helpers = get_num_threads() - 1 if part.work > SMALL else 0
        state = np.zeros(16 * len(part.jobs) + 16, np.int64)
        scratch = self.scratch_memory(part.scratch * (helpers + 1))
        # a thread that comes late still finds the memory, too
        memory = (table.ctypes, scratch.ctypes, state.ctypes)
        workers.run(functools.partial(self.mains[part.name], *memory, give_way()), helpers)

    def cycles(self) -> dict[str, int]:
        """The cycles that each kernel's function took so far, in a program made with `timed`."""
        found = {}
        for name in self.functions:
            address = self.engine.get_global_value_address(f"clock_{name}")
            found[name] = ctypes.c_int64.from_address(address).value
        return found

    def scratch_memory(self, size: int) -> np.ndarray:
        """Memory for the threads, kept from call to call."""
        if size > self.spare.nbytes:
            self.spare = aligned(size)
        return self.spare

    def by_hand(self, host: Host, table: np.ndarray, known: dict) -> None:
        """Compute a primitive by its eager rule."""
        arrays = [known[x] for x in host.step.inputs]
        y = QUIET.copy().run(host.step.primitive.eager, np, *arrays)
        y = np.asarray(y, host.output.dtype, order="C")
        if y.base is not None and host.output in self.results:
            y = y.copy()  # a view may look at memory that the next call writes to
        known[host.output] = y
        table[self.slot[self.names[host.output]]] = y.ctypes.data
