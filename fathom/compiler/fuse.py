"""Fusion: a graph of primitives becomes a list of kernels, each one expression for every element of an array.

A tensor is a function from index to value, so a producer is inlined into its consumers by calling it. It is
given an array of its own instead where that would repeat work: it is an output, it reduces, it is costly
and read more than once, or whoever reads it reads each element many times. A reduction whose only reader takes each
element once (a bias, a scale, a residual) waits for that reader: the two are one kernel, y = f(sum of products).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fathom.compiler.affine import Affine, affine, simplify
from fathom.compiler.choices import choice_of
from fathom.compiler.functions import can_emit
from fathom.compiler.graph import number_in
from fathom.compiler.scans import Recurrence
from fathom.core import loop
from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce, remembered
from fathom.core.primitive import Elementwise
from fathom.core.tracing import Graph, Step, Symbol

COSTLY = {
    "exp",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "tanh",
    "erf",
    "atan2",
    "pow",
    "/",
    "%",
    "erfinv",
}
LARGEST = 60  # nodes of an expression that may still be inlined twice
MOST = 200  # nodes of an expression that may be inlined at all
READS = 3  # arrays: reading one that holds the result is cheaper than reading these again
MOVES = {
    "Alias",
    "Reshape",
    "Permute",
    "Expand",
    "Slice",
    "Flip",
    "Windows",
    "StopGradient",
    "Copy",
}
ONE_TO_ONE = MOVES - {"Expand", "Slice", "Windows"}  # each element of the input is read once
REPEATS = {"Expand", "Windows", "Gather"}  # each element of the input may be read several times
NATIVE = {
    np.dtype(d) for d in ("float32", "float64", "int64", "int32", "bool", "uint8", "int8", "int16")
}


@dataclass(frozen=True)
class Border:
    """The terms of a sum over `index` are zero unless low <= index + offset < high."""

    index: Index
    offset: Affine
    low: int
    high: int


@dataclass
class Kernel:
    """output[out] = body, for all values of the indices `out`.

    `at`: the element that the indices stand for, where that is not `out` itself. `time`: an index that a loop around
    the kernel runs through (loops.py). With samples in the lanes (samples.py) the element goes to position `store`;
    `block` is the first index, of which `full` values fill all lanes (and the last `left` of them), and `lane` the
    last; a kernel that `adds` adds to what is there.
    """

    output: Symbol
    out: tuple[Index, ...]
    body: Expr
    at: tuple[Expr, ...] | None = None
    time: Index | None = None
    store: Affine | None = None
    block: Index | None = None
    lane: Index | None = None
    full: int = 0
    left: int = 0
    adds: bool = False
    borders: tuple[Border, ...] = ()

    def element(self) -> tuple[Expr, ...]:
        """Which element of the output is computed."""
        return self.out if self.at is None else self.at


@dataclass
class Host:
    """A primitive that has no scalar expression (or a dtype the machine lacks): its eager rule runs."""

    step: Step

    @property
    def output(self) -> Symbol:
        return self.step.output


class Inlined:
    """What a primitive's element rule reads when its input has no array: the input's own element."""

    def __init__(self, step: Step, inputs: Sequence):
        self.step, self.inputs = step, inputs
        self.shape, self.dtype = step.output.shape, step.output.dtype

    def __getitem__(self, at):
        value = self.step.primitive.element(tuple(loop.as_expr(i) for i in at), *self.inputs)
        return loop.cast(value, self.dtype)


@dataclass(frozen=True)
class Number:
    """A constant that is the same everywhere."""

    value: object
    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, at):
        return Const(self.value, self.dtype)


@dataclass
class Loop:
    """Kernels that run one after the other for each value of `time`."""

    kernels: list[Kernel]
    length: int
    reverse: bool

    @property
    def output(self) -> Symbol:
        return self.kernels[-1].output


Unit = Kernel | Host | Loop


def fused(graph: Graph) -> tuple[list[Kernel | Host], dict[str, Symbol]]:
    """The kernels in order, and the symbol behind each array that they name."""
    return Fusion(graph).run()


class Fusion:
    """The pass: decide for each step of the graph whether it gets an array."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.readable: dict[Symbol, object] = {}
        self.arrays: dict[str, Symbol] = {}
        self.uses = Counter(x for step in graph.steps for x in step.inputs)
        self.readers: dict[Symbol, list[Step]] = {}
        for step in graph.steps:
            for x in step.inputs:
                self.readers.setdefault(x, []).append(step)
        self.kept = {*graph.outputs, *(value for _, value in graph.updates)}
        self.steps = {step.output: step for step in graph.steps}
        self.waiting: set[Symbol] = set()  # reductions that their reader will finish
        self.kernels: list[Kernel | Host] = []

    def run(self):
        for x in self.graph.inputs:
            self.store(x)
        for c, array in self.graph.constants:
            number = number_in(array)
            if number is None or c.dtype not in NATIVE:
                self.store(c)
            else:
                self.readable[c] = Number(number.item(), c.shape, c.dtype)
        for step in self.graph.steps:
            if isinstance(step.primitive, Recurrence):
                self.store(step.output)  # read before it is written, one row earlier
        for step in self.graph.steps:
            self.add(step)
        return self.kernels, self.arrays

    def store(self, symbol: Symbol) -> Array:
        """Give the symbol an array."""
        name = f"a{len(self.arrays)}"
        self.arrays[name] = symbol
        self.readable[symbol] = array = Array(name, symbol.shape, symbol.dtype)
        return array

    def add(self, step: Step) -> None:
        if isinstance(step.primitive, Recurrence):
            self.recur(step)
            return
        if not self.native(step):
            self.host(step)
            return
        waiting = [x for x in step.inputs if x in self.waiting]
        for x in waiting[1:]:
            self.materialise(x)
        out = tuple(Index(n) for n in step.output.shape)
        body = self.body(step, out)
        if waiting and not (body is not None and self.finishes(step, body)):
            self.materialise(waiting[0])
            body = self.body(step, out)
        if body is None or not can_emit(body):
            self.host(step)
            return
        if self.needs_array(step, body, out):
            self.kernels.append(Kernel(step.output, out, body))
            self.store(step.output)
        else:
            self.readable[step.output] = Inlined(step, [self.readable[x] for x in step.inputs])

    def recur(self, step: Step) -> None:
        """A kernel for the first row of the states, and one for the others."""
        init, after = step.inputs
        primitive, state = step.primitive, tuple(Index(n) for n in step.output.shape[1:])
        first = simplify(self.readable[init][state])
        start = (Const(primitive.start()), *state)
        self.kernels.append(Kernel(step.output, state, first, start))
        out = tuple(Index(n) for n in after.shape)
        rows = (primitive.row(out[0]), *out[1:])
        self.kernels.append(Kernel(step.output, out, simplify(self.readable[after][out]), rows))
        self.waiting -= {init, after}

    def body(self, step: Step, out: tuple[Index, ...]) -> Expr | None:
        """The step's element; None where it has none."""
        inputs = [self.readable[x] for x in step.inputs]
        try:
            return simplify(loop.cast(step.primitive.element(out, *inputs), step.output.dtype))
        except NotImplementedError:
            return None

    def finishes(self, step: Step, body: Expr) -> bool:
        """Whether the step may be computed on the sum that it reads while that is still in registers. What is
        costly is written once for each register, so it stays a kernel of its own."""
        plain = isinstance(step.primitive, Elementwise)
        one_to_one = plain or type(step.primitive).__name__ in ONE_TO_ONE
        sums = reductions(body)
        if not one_to_one or len(sums) != 1:
            return False
        size, costly, _ = measure(body)
        inner_size, inner_costly, _ = measure(sums[0].body)
        return size - inner_size <= LARGEST and costly == inner_costly

    def waits(self, step: Step, body: Expr) -> bool:
        """Whether a reduction has one reader, which may finish it."""
        readers = self.readers.get(step.output, [])
        if step.output in self.kept or len(readers) != 1 or len(reductions(body)) != 1:
            return False
        if type(step.primitive).__name__ == "ScatterAdd":
            return False  # see scatter.py
        name = type(readers[0].primitive).__name__
        return isinstance(readers[0].primitive, Elementwise) or name in ONE_TO_ONE

    def native(self, step: Step) -> bool:
        return (
            all(s.dtype in NATIVE for s in (*step.inputs, step.output))
            and type(step.primitive).__name__ != "Argsort"
        )

    def host(self, step: Step) -> None:
        for x in step.inputs:
            self.materialise(x)
        self.kernels.append(Host(step))
        self.store(step.output)

    def materialise(self, x: Symbol) -> None:
        """Give an inlined symbol an array after all."""
        if isinstance(self.readable[x], Array):
            return
        out = tuple(Index(n) for n in x.shape)
        self.kernels.append(Kernel(x, out, simplify(self.readable[x][out])))
        self.waiting.discard(x)
        self.store(x)

    def needs_array(self, step: Step, body: Expr, out: tuple[Index, ...]) -> bool:
        symbol = step.output
        if symbol in self.kept:
            return True
        size, costly, reduces = measure(body)
        if reduces and self.waits(step, body):
            self.waiting.add(symbol)
            return False
        if reduces or size > MOST or (size > LARGEST and choice_of(body, out[1:])):
            return True
        readers = self.readers.get(symbol, [])
        if self.uses[symbol] > 1 and large_reads(body, symbol) >= READS:
            return True
        many = self.uses[symbol] > 1 or any(self.repeated(symbol, reader) for reader in readers)
        if isinstance(step.primitive, Elementwise) or costly or size > LARGEST:
            return many and (costly > 0 or size > LARGEST or self.reread(symbol))
        # a copy is cheaper than a test, or an index that is itself read, at each read
        dear = type(step.primitive).__name__ in ("Pad", "Gather")
        return self.reread(symbol) and (size > LARGEST or dear)

    def repeated(self, symbol: Symbol, reader: Step) -> bool:
        """Whether the reader reads elements of the symbol more than once."""
        name = type(reader.primitive).__name__
        if name in REPEATS or name in ("Contract", "ScatterAdd", "CumSum"):
            return True
        return name in MOVES and any(
            self.repeated(reader.output, r) for r in self.readers.get(reader.output, [])
        )

    def reread(self, symbol: Symbol) -> bool:
        return any(self.repeated(symbol, reader) for reader in self.readers.get(symbol, []))


def reductions(e: Expr) -> list[Reduce]:
    """The reductions that are computed wherever the expression is: not those in a branch, or in an index."""
    return [e] if isinstance(e, Reduce) else inner_reductions(e)


@remembered
def inner_reductions(e: Expr) -> list[Reduce]:
    """Those of the expression's parts."""
    match e:
        case Call(name="where", args=(test, *branches)):
            safe = [r for b in branches for r in reductions(b) if reads_inside(r.body)]
            return list(dict.fromkeys(reductions(test) + safe))
        case Call():
            return list(dict.fromkeys(r for a in e.args for r in reductions(a)))
    return []


def reads_inside(e: Expr) -> bool:
    """Whether all reads are inside of their arrays, whatever the indices are."""
    match e:
        case Load():
            ranges = [affine(i).range() for i in e.at]
            return all(
                0 <= low and high < n for (low, high), n in zip(ranges, e.array.shape, strict=True)
            )
        case Reduce():
            return reads_inside(e.body)
        case Call():
            return all(reads_inside(a) for a in e.args)
    return True


def large_reads(e: Expr, symbol: Symbol) -> int:
    """How many arrays of at least the symbol's size an expression reads."""
    size = math.prod(symbol.shape)
    return len({a.name for a in arrays(e) if math.prod(a.shape) >= size})


@remembered
def arrays(e: Expr) -> list[Array]:
    """The arrays that an expression reads."""
    match e:
        case Load():
            return [e.array, *(a for i in e.at for a in arrays(i))]
        case Reduce():
            return arrays(e.body)
        case Call():
            return [a for x in e.args for a in arrays(x)]
    return []


@remembered
def measure(e: Expr) -> tuple[int, int, bool]:
    """The number of nodes, of costly calls, and whether anything is reduced."""
    match e:
        case Const() | Index():
            return 1, 0, False
        case Load():
            return 1 + len(e.at), 0, False
        case Reduce():
            size, costly, _ = measure(e.body)
            return size + 1, costly, True
        case Call():
            parts = [measure(a) for a in e.args]
            return (
                1 + sum(p[0] for p in parts),
                (e.name in COSTLY) + sum(p[1] for p in parts),
                any(p[2] for p in parts),
            )
    raise AssertionError(e)
