"""A program as a person reads it, stage by stage: `step.show("loops")` prints one.

graph       the primitives, one a line, as they were traced
loops       the kernels as nested loops, phase by phase
schedule    for each kernel what fills the lanes and the registers, what threads share, and why
memory      each array, how long it is needed, where it lies; the peak, and that of eager mode
llvm        the module before LLVM's passes
assembly    the machine code of this computer
time        how long each kernel takes, beside what this computer can do at most
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fathom.compiler.engine import assembly, target
from fathom.compiler.fuse import Host, Loop
from fathom.compiler.pattern import pattern
from fathom.compiler.pseudocode import kernel_lines
from fathom.compiler.reads import loads
from fathom.compiler.reasons import reasons
from fathom.compiler.regions import Phase, kernels_of
from fathom.compiler.source import TILES, Source
from fathom.compiler.timing import time_table
from fathom.core.loop import Index
from fathom.core.tracing import Graph, Step, Symbol, summary


@dataclass
class Shown:
    """A program's source with the graph it came from, and what the user calls its inputs and constants."""

    program: Source
    graph: Graph
    labels: dict[Symbol, str] = field(default_factory=dict)

    def text(self, stage: str) -> str:
        """One stage."""
        if stage not in STAGES:
            raise ValueError(f"show: expected one of {', '.join(STAGES)}, got {stage!r}")
        return STAGES[stage](self)

    def role(self, symbol: Symbol) -> str:
        """What an array holds: an input, a constant, or what a primitive computed."""
        if symbol in self.labels:
            return self.labels[symbol]
        graph = self.program.graph
        names = graph.names()
        values = {step.output: type(step.primitive).__name__ for step in graph.steps}
        values |= {c: summary(array) for c, array in graph.constants}
        name = names.get(symbol, "")
        return f"{name} = {values[symbol]}" if symbol in values else name


def graph_text(shown: Shown) -> str:
    """The graph, with the names that the user gave."""
    names = shown.graph.names()
    known = [f"{names[s]} is {label}" for s, label in shown.labels.items() if names.get(s) != label]
    return "\n".join([str(shown.graph), *known])


# ---- loops -----------------------------------------------------------------------------------------


def loops_text(shown: Shown) -> str:
    """The arrays that come from outside, then the phases, one after the other: Python, but for its speed."""
    program, lines = shown.program, []
    phases = [phase for phase in program.plan.phases if isinstance(phase, Phase)]
    read = {r.array.name for phase in phases for k in phase.kernels for r in loads(k.body)}
    for symbol in program.given:
        if program.names.get(symbol) in read:
            name = f"# {program.names[symbol]}{shape_text(symbol.shape)}"
            lines.append(f"{name:<26} {symbol.dtype}   {shown.role(symbol)}".rstrip())
    for number, phase in enumerate(program.plan.phases):
        lines += ["", *phase_lines(shown, number, phase)]
    return "\n".join(lines)


def phase_lines(shown: Shown, number: int, phase: Phase | Host) -> list[str]:
    """One phase: a loop that threads share."""
    program = shown.program
    if isinstance(phase, Host):
        inputs = " ".join(program.names[x] for x in phase.step.inputs)
        made = f"{program.names[phase.output]} = {phase.step.primitive} {inputs}"
        return [f"# phase {number}: the eager rule of a primitive", made.rstrip()]
    lines = [f"# phase {number}"]
    around: tuple[Index, ...] = ()
    depth = 0
    if phase.region:
        lines[0] += f": blocks of {program.lanes} samples, each through all of these kernels"
        lines.append(f"for b in range({phase.size}):")
        depth = 1
        around = tuple(k.block for k in phase.kernels if k.block is not None)
    elif phase.rows:
        lines[0] += f": blocks of {phase.block} rows, each through all of these kernels"
        lines.append(f"for b in range(0, {phase.rows}, {phase.block}):")
        depth = 1
    for item in phase.items:
        if isinstance(item, Loop):
            steps = f"reversed(range({item.length}))" if item.reverse else f"range({item.length})"
            lines.append("    " * depth + f"for t in {steps}:")
        inner = depth + isinstance(item, Loop)
        for kernel in kernels_of([item]):
            array = program.array(kernel.output)
            shape, _ = pattern(kernel, array)
            run, _ = program.written[shape, phase.together, None]
            title = f"# {run.kernel}: {array.name}{shape_text(kernel.output.shape)}"
            title += f" {array.dtype}   {shown.role(kernel.output)}"
            body = [title.rstrip(), *kernel_lines(kernel, array, around, (phase.rows, phase.block))]
            lines += ["    " * inner + line for line in body]
    return lines


def shape_text(shape: tuple[int, ...]) -> str:
    return f" ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


# ---- schedule --------------------------------------------------------------------------------------


def schedule_text(shown: Shown) -> str:
    """For each kernel its loops, and why they are as they are."""
    program, lines = shown.program, [f"vectors of {shown.program.lanes} float32"]
    for name, kernel in program.functions.items():
        array = program.array(kernel.output)
        lines += ["", f"{name}   {array.name}{shape_text(kernel.output.shape)}"]
        by_rows = program.together[name] == "rows"
        lines += [f"    {line}" for line in reasons(kernel, program.lanes, TILES, by_rows)]
    return "\n".join(lines)


# ---- memory ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A line of the table of arrays."""

    name: str
    role: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    life: str
    place: str


def memory_text(shown: Shown) -> str:
    """Each array with its size, from which phase to which it is needed and where it lies; then the peak."""
    program = shown.program
    rows = list(memory_rows(shown))
    table = [("array", "shape", "dtype", "bytes", "phases", "where", "what")]
    table += [
        (r.name, shape_text(r.shape).strip(), r.dtype, f"{r.size:,}", r.life, r.place, r.role)
        for r in rows
    ]
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if k == 3 else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    scratch = max((p.scratch for p in program.parts if not isinstance(p, Host)), default=0)
    arena, fresh = program.arranged[1], sum(r.size for r in rows if r.place == "new")
    apart = sum(r.size for r in rows if r.place.startswith("arena"))
    totals = {
        "given by the caller": sum(r.size for r in rows if r.place == "the caller's"),
        f"arena, of {apart:,} bytes of arrays": arena,
        "scratch memory of each thread": scratch,
        "new at each call": fresh,
        "peak beside what is given, on one thread": arena + scratch + fresh,
        "peak of eager mode beside what is given": eager_peak(shown.graph),
    }
    width = max(map(len, totals))
    return "\n".join([*lines, "", *[f"{k:<{width}} {v:>14,} bytes" for k, v in totals.items()]])


def memory_rows(shown: Shown) -> Iterator[Row]:
    """The arrays, in the order of their names' making."""
    program = shown.program
    spans = program.kept_spans()
    for symbol, name in program.names.items():
        array = program.array(symbol)
        size = math.prod(array.shape) * array.dtype.itemsize
        if symbol in spans:
            life = f"{spans[symbol].first}-{spans[symbol].last}"
            place = f"arena {program.offsets[symbol]:,}" if size else "arena"
        elif symbol in program.direct:
            life, place = "all", f"over {program.names[program.direct[symbol]]}"
        elif program.is_local(name):
            life, place = local_life(program, symbol), "scratch"
            size = program.local_size(name)
        else:
            life, place = "all", "the caller's" if symbol in program.given else "new"
        yield Row(name, shown.role(symbol), symbol.shape, str(array.dtype), size, life, place)


def local_life(program: Source, symbol: Symbol) -> str:
    """The phase of an array in scratch memory."""
    for number, phase in enumerate(program.plan.phases):
        if isinstance(phase, Phase) and any(k.output is symbol for k in phase.kernels):
            return str(number)
    return ""


def eager_peak(graph: Graph) -> int:
    """The most bytes that are held at one time if each primitive's output is an array of its own, as in eager
    mode, and freed after its last use. A view holds the array that it looks at."""
    owner: dict[Symbol, Symbol] = {}
    for step in graph.steps:
        view = step.primitive.is_view and step.inputs
        owner[step.output] = owner.get(step.inputs[0], step.inputs[0]) if view else step.output
    last: dict[Symbol, int] = {}
    for k, step in enumerate(graph.steps):
        for x in step.inputs:
            last[owner.get(x, x)] = k
    kept = [*graph.outputs, *(y for _, y in graph.updates)]
    last |= {owner.get(y, y): len(graph.steps) for y in kept}
    held = peak = 0
    ends: dict[int, list[Symbol]] = {}
    for symbol, k in last.items():
        ends.setdefault(k, []).append(symbol)
    made: set[Symbol] = set()
    for k, step in enumerate(graph.steps):
        if owner[step.output] is step.output:
            made.add(step.output)
            held += bytes_of(step)
        peak = max(peak, held)
        held -= sum(math.prod(s.shape) * s.dtype.itemsize for s in ends.get(k, []) if s in made)
    return peak


def bytes_of(step: Step) -> int:
    return math.prod(step.output.shape) * step.output.dtype.itemsize


# ---- code ------------------------------------------------------------------------------------------


def llvm_text(shown: Shown) -> str:
    """The module as it is given to LLVM."""
    return shown.program.llvm()


def assembly_text(shown: Shown) -> str:
    """The machine code, without the directives that the assembler alone needs."""
    if not shown.program.texts:
        return ""
    lines = assembly(shown.program.llvm(), target()).splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s+\.(?!long|quad|zero|byte)", line))


def timing_text(shown: Shown) -> str:
    """The table of kernels with their times."""
    return time_table(shown.graph, shown.program.lanes, shown.program.halves)


STAGES: dict[str, Callable[[Shown], str]] = {
    "graph": graph_text,
    "loops": loops_text,
    "schedule": schedule_text,
    "memory": memory_text,
    "llvm": llvm_text,
    "assembly": assembly_text,
    "time": timing_text,
}
