"""A program: the kernels of a graph as one native module, its arrays, and the way to run it.

program = Program(graph)
outputs = program.run(inputs)                # arrays in, arrays out
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fathom.compiler.cache import cached
from fathom.compiler.emit import Emitter
from fathom.compiler.fuse import Host, Kernel, fused, measure
from fathom.compiler.graph import improved
from fathom.compiler.schedule import scheduled, top_reduction
from fathom.compiler.threads import get_num_threads, main_text, workers
from fathom.core.apply import QUIET
from fathom.core.loop import Array
from fathom.core.tracing import Graph


def target():
    """LLVM's target machine for this computer; an engine takes it over, so each gets its own."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=2
    )


@functools.cache
def lanes() -> int:
    """How many float32 fill a vector register of this computer."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx2") else 4


@functools.cache
def give_way() -> int:
    """The address of the system's function that lets another thread run."""
    library = (
        ctypes.windll.kernel32.SwitchToThread if os.name == "nt" else ctypes.CDLL(None).sched_yield
    )
    return ctypes.cast(library, ctypes.c_void_p).value


MAIN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
TILES = 16  # pieces of a kernel: enough for an even share
SMALL = 200_000  # scalar operations: less than this is not worth a second thread


@dataclass
class Part:
    """Kernels that run one after the other in one native call."""

    name: str
    kernels: list[tuple[str, list[int], int]]
    work: int


class Program:
    """Native code for a graph, and the memory it runs in."""

    def __init__(self, graph: Graph):
        self.graph = graph = improved(graph)
        self.steps, names = fused(graph)
        self.name_of = {symbol: name for name, symbol in names.items()}
        self.slot = {
            symbol: k for k, symbol in enumerate(self.name_of)
        }  # places in the table of arrays
        self.given = [*graph.inputs, *(c for c, _ in graph.constants)]
        self.results = [*graph.outputs, *(value for _, value in graph.updates)]
        self.texts: list[str] = []
        self.declared: set[str] = {"declare i64 @llvm.smin.i64(i64, i64)"}
        self.parts: list[Part | Host] = []
        for step in self.steps:
            self.add(step)
        for part in self.parts:
            if isinstance(part, Part):
                self.texts.append(main_text(part.name, part.kernels, TILES))
        self.engine = built(self.llvm()) if self.texts else None
        self.mains = {
            part.name: MAIN(self.engine.get_function_address(part.name))
            for part in self.parts
            if isinstance(part, Part)
        }
        fresh = {id(y) for y in graph.outputs}
        self.kept = {
            step.output: np.empty(step.output.shape, step.output.dtype)
            for step in self.steps
            if isinstance(step, Kernel) and id(step.output) not in fresh
        }
        self.busy = threading.RLock()  # its memory serves one call at a time

    def add(self, step: Kernel | Host) -> None:
        """Write the kernel as a function of the module, and put it into the newest part."""
        if isinstance(step, Host):
            self.parts.append(step)
            return
        if 0 in step.output.shape:
            return
        if not self.parts or isinstance(self.parts[-1], Host):
            self.parts.append(Part(f"part{len(self.parts)}", [], 0))
        symbol = step.output
        emitter = Emitter(
            scheduled(step, lanes()),
            Array(self.name_of[symbol], symbol.shape, symbol.dtype),
            lanes(),
        )
        name = f"k{len(self.texts)}"
        self.texts.append(emitter.function(name))
        self.declared |= emitter.t.declared
        symbols = {n: s for s, n in self.name_of.items()}
        out = emitter.schedule.out
        self.parts[-1].kernels.append(
            (name, [self.slot[symbols[n]] for n in emitter.used], out[0].size if out else 1)
        )
        self.parts[-1].work += work(step)

    def llvm(self) -> str:
        """The module as LLVM assembly."""
        attributes = 'attributes #0 = { noinline nounwind "prefer-vector-width"="512" }'
        return "\n".join([*sorted(self.declared), "", *self.texts, attributes, ""])

    def run(
        self, inputs: Sequence[np.ndarray], constants: Sequence[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        """The graph's outputs, as new arrays, and then its updates, in arrays that the next call writes to again;
        `constants` in place of those that were traced."""
        if constants is None:
            constants = [array for _, array in self.graph.constants]
        known = {
            s: np.asarray(a, order="C")
            for s, a in zip(self.given, [*inputs, *constants], strict=True)
        }
        with self.busy:
            known |= self.kept
            for y in self.results:
                if y not in known:
                    known[y] = np.empty(y.shape, y.dtype)
            table = np.zeros(len(self.slot), np.uint64)
            for symbol, k in self.slot.items():
                if symbol in known:
                    table[k] = known[symbol].ctypes.data
            for part in self.parts:
                if isinstance(part, Part):
                    self.call(part, table, known)
                else:
                    self.by_hand(part, table, known)
            return [known[y] for y in self.results]

    def call(self, part: Part, table: np.ndarray, known: dict) -> None:
        """Run a part on this thread, and on others where that pays."""
        state = np.zeros(16 * len(part.kernels) + 16, np.int64)
        main = self.mains[part.name]

        engine = self.engine

        def work() -> None:
            assert engine is not None  # a thread that comes late still finds code and counters
            main(table.ctypes.data, state.ctypes.data, give_way())

        helpers = get_num_threads() - 1
        if helpers and part.work > SMALL:
            workers.help(work, helpers)
        work()

    def by_hand(self, host: Host, table: np.ndarray, known: dict) -> None:
        """Compute a primitive by its eager rule."""
        arrays = [known[x] for x in host.step.inputs]
        y = QUIET.copy().run(host.step.primitive.eager, np, *arrays)
        y = np.asarray(y, host.output.dtype, order="C")
        if y.base is not None and host.output in self.results:
            y = y.copy()  # a view may look at memory that the next call writes to
        known[host.output] = y
        table[self.slot[host.output]] = y.ctypes.data


def work(kernel: Kernel) -> int:
    """About how many scalar operations a kernel takes."""
    nodes, _, _ = measure(kernel.body)
    reduction = top_reduction(kernel.body)
    inner = math.prod(k.size for k in reduction.over) if reduction is not None else 1
    return math.prod(kernel.output.shape) * inner * max(nodes // 4, 1)


def built(text: str):
    """An engine that holds the module's machine code, compiled or from the cache."""
    import llvmlite
    import llvmlite.binding as llvm

    machine = target()
    features = llvm.get_host_cpu_features().flatten()
    key = "\n".join([llvmlite.__version__, machine.triple, features, text])
    code = llvm.ObjectFileRef.from_data(cached(key, lambda: compiled(text, machine)))
    empty = llvm.parse_assembly("")
    engine = llvm.create_mcjit_compiler(empty, machine)
    engine.add_object_file(code)
    engine.finalize_object()
    return engine


def compiled(text: str, machine) -> bytes:
    """The machine code of a module, as an object file."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    return machine.emit_object(module)
