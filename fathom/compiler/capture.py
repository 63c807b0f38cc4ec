"""Tracing a function with the state around it: parameters, optimizer state, random numbers, gradients.

A function that trains reads and writes tensors that are not its arguments. The trace meets them as plain arrays;
they become inputs of the program, read anew at each call, and what was written to them becomes an update.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.compiler.graph import number_in
from fathom.compiler.joint import Pullback, pullback
from fathom.compiler.precision import in_halves
from fathom.compiler.reach import optimizers_of, tensors_of
from fathom.compiler.threads import Turn
from fathom.core import tape
from fathom.core.base import TensorBase, at_level, is_plain, levels, new
from fathom.core.device import CPU
from fathom.core.random import Generator
from fathom.core.tracing import Graph, Step, Symbol, symbolic
from fathom.core.trees import flatten, unflatten

if TYPE_CHECKING:
    from fathom.tensors import Tensor


LONGEST = 5000  # operations of a program


class Tracing(Turn):
    """While one thread traces, the parameters hold symbols, and no other may read or write them."""

    thread: int | None = None  # the thread that traces now


trace = Tracing()


@dataclass(frozen=True)
class Option:
    """A number of an optimizer's group that may change from call to call: `lr`, or one of `betas`."""

    group: dict
    name: str
    place: int | None = None

    def __str__(self) -> str:
        return self.name if self.place is None else f"{self.name}[{self.place}]"

    def get(self) -> float:
        value = self.group[self.name]
        return value if self.place is None else value[self.place]

    def set(self, value: Any) -> None:
        if self.place is not None:
            value = tuple(
                value if k == self.place else old for k, old in enumerate(self.group[self.name])
            )
        self.group[self.name] = value


@dataclass(frozen=True)
class Gradient:
    """The `.grad` of a tensor: at each call the one that it has then."""

    owner: Tensor


def now(x: Tensor | Gradient) -> Tensor:
    """The tensor that is meant."""
    return x.owner.grad if isinstance(x, Gradient) else x


@dataclass
class Captured:
    """A traced function, and where its program's inputs come from and its results go."""

    graph: Graph
    draws: list[tuple[Generator, int]] = field(
        default_factory=list
    )  # the inputs after the arguments
    options: list[Option] = field(default_factory=list)  # then these numbers
    live: list[Tensor | Gradient | None] = field(
        default_factory=list
    )  # the tensor behind each constant
    written: list[Tensor | Gradient] = field(default_factory=list)  # the tensor of each update
    overwritten: list[int] = field(default_factory=list)  # then those of these arguments
    gradients: list[Tensor] = field(default_factory=list)  # whose .grad the next outputs are
    made: list[Tensor] = field(
        default_factory=list
    )  # tensors that came into being: the last outputs
    given_back: list[bool] = field(default_factory=list)  # which results are tensors, and not None
    results: int = 0  # how many tensors the function returns
    pullback: Pullback | None = None  # the gradient, where a result is to be differentiated outside
    halves: bool = field(default_factory=in_halves)  # how matrices are multiplied

    @property
    def reads_gradients(self) -> bool:
        """Whether it may matter which gradients there are: some are read or left, or nothing else is to be done."""
        around = any(isinstance(x, Gradient) for x in [*self.live, *self.written])
        return around or bool(self.gradients) or not self.results

    def same(self, other: Captured) -> bool:
        """Whether the program of the other is that of this, with the same tensors around it."""
        if self.pullback or other.pullback or str(self.graph) != str(other.graph):
            return False
        pairs = zip(self.graph.constants, other.graph.constants, self.live, strict=True)
        return (
            all(np.array_equal(a, b) for (_, a), (_, b), x in pairs if x is None)
            and self.around() == other.around()
        )

    def around(self) -> list:
        """What is around the program, as it can be compared."""
        held = [self.live, self.written, self.gradients, self.made]
        tensors = [
            [(type(x), id(x.owner if isinstance(x, Gradient) else x)) for x in xs] for xs in held
        ]
        draws = [(id(generator), count) for generator, count in self.draws]
        options = [(id(option.group), option.name, option.place) for option in self.options]
        return [
            *tensors,
            draws,
            options,
            self.overwritten,
            self.given_back,
            self.halves,
            str(self.graph.structure),
        ]


def capture(f: Callable, args: tuple, kwargs: dict, options: list[Option]) -> Captured:
    """Trace f(*args, **kwargs). Everything it touched holds afterwards what it held before."""
    graph = Graph(next(levels))
    captured = Captured(graph, options=options)
    since = next(tape.order)
    leaves, structure = flatten((args, kwargs))
    given = [symbolic(x, graph) if isinstance(x, TensorBase) else x for x in leaves]
    graph.inputs = [x.array for x in given if isinstance(x, TensorBase)]

    def draw(generator: Generator, count: int) -> Tensor:
        captured.draws.append((generator, count))
        symbol = graph.symbol((), np.dtype(np.int64))
        drawn.append(symbol)
        return new(symbol)

    drawn: list[Symbol] = []
    rates = [graph.symbol((), np.dtype(np.float64)) for _ in options]
    numbers = [option.get() for option in options]
    state = list(tensors_of(f))
    if any(x.device != CPU for x in [*state, *leaves] if isinstance(x, TensorBase)):
        raise RuntimeError("its tensors are not all on the CPU, where native programs run")
    before = {id(x): x.grad for x in state}
    for x in state:
        swap(graph, x)
    kept = [(o, {p: dict(held) for p, held in o.state.items()}) for o in optimizers_of(f)]
    outer = Generator.recorder
    Generator.recorder = draw
    try:
        for option, symbol in zip(options, rates, strict=True):
            option.set(new(symbol))
        call_args, call_kwargs = unflatten(structure, given)
        result = f(*call_args, **call_kwargs)
        ys, graph.structure = flatten(result)
        tensors = [x for x in given if isinstance(x, TensorBase)]
        finish(captured, f, ys, tensors, state, since)
        rewritten = overwritten(captured, tensors)
        del result, ys, given, tensors, call_args, call_kwargs
    except BaseException:
        for optimizer, states in kept:  # what was begun is forgotten
            optimizer.state.clear()
            optimizer.state.update(states)
        raise
    finally:
        Generator.recorder = outer
        for option, value in zip(options, numbers, strict=True):
            option.set(value)
        restore(captured, state, before)
    graph.updates += rewritten
    graph.inputs += drawn + rates
    owners = {id(x.array): x for x in [*captured.written, *state]}
    named = {id(x.grad): Gradient(x) for x in state if x.grad is not None}
    unused(graph, captured)
    live = [owners.get(id(array)) for _, array in graph.constants]
    captured.live = [named.get(id(x), x) for x in live]
    captured.written = [named.get(id(x), x) for x in captured.written]
    for k in range(len(graph.constants)):
        if captured.live[k] is None:
            narrow(graph, k)
        elif number_in(array := graph.constants[k][1]) is not None:  # now: it may be another later
            graph.constants[k] = graph.constants[k][0], np.ascontiguousarray(array)
    return captured


def unused(graph: Graph, captured: Captured) -> None:
    """Forget the constants that nothing reads or writes: state that the function reaches and leaves alone."""
    used = {x for step in graph.steps for x in step.inputs} | set(graph.outputs)
    used |= {x for pair in graph.updates for x in pair}
    if captured.pullback is not None:
        used |= set(captured.pullback.gradients)
    graph.constants = [pair for pair in graph.constants if pair[0] in used]


def narrow(graph: Graph, k: int) -> None:
    """Keep of a constant only what is not repeated: rows that share memory, or one number that is the same everywhere
    (in an array that nobody else holds, so that it cannot change)."""
    symbol, array = graph.constants[k]
    holders = 3  # the graph's pair, this name, and the argument of the question
    if not isinstance(array, np.ndarray) or not array.size:
        return
    kept = [n > 1 and step != 0 for n, step in zip(array.shape, array.strides, strict=True)]
    if array.base is None and sys.getrefcount(array) <= holders and (array == array.flat[0]).all():
        kept = [False] * array.ndim
    part = array[tuple(slice(None) if whole else slice(0, 1) for whole in kept)]
    if part.shape == array.shape:
        return
    if part.size == 1:
        part = np.broadcast_to(part.flat[0], part.shape)  # which is how a program knows a number
    known = len(graph.steps)
    small = graph.symbol(part.shape, part.dtype)
    whole = new(small).expand(symbol.shape)
    assert whole.array is graph.steps[-1].output
    added = graph.steps[known:]
    del graph.steps[known:]
    graph.steps[:0] = [*added[:-1], Step(symbol, added[-1].primitive, added[-1].inputs)]
    graph.constants[k] = small, part


def swap(graph: Graph, x: Tensor) -> None:
    """Put a symbol in the place of a tensor's numbers, as for an argument: all that is done to it is traced."""
    if not is_plain(x):
        return
    array = x.array
    if id(array) not in graph.known:
        graph.known[id(array)] = symbol = graph.symbol(array.shape, array.dtype)
        graph.constants.append((symbol, array))
    graph.adopted.append((weakref.ref(x), array, x.tracked, x.node))
    x.array = graph.known[id(array)]


def finish(
    captured: Captured,
    f: Callable,
    ys: list,
    given: list[Tensor],
    state: list[Tensor],
    since: int,
) -> None:
    """Name the outputs: what the function returns, then the gradients it left."""
    graph = captured.graph
    captured.given_back = [y is not None for y in ys]
    ys = [y for y in ys if y is not None]
    for y in ys:
        if not isinstance(y, TensorBase):
            raise TypeError(
                f"compile: the function must return tensors (nested, or None), got {type(y).__name__}"
            )
    captured.pullback = pullback(graph, ys, given, state, since)
    if len(graph.steps) > LONGEST:
        raise RuntimeError(
            f"it takes {len(graph.steps):,} operations, and more than {LONGEST:,} take long to compile"
            " (a Python loop over time is compiled step by step: fathom.scan makes it one operation)"
        )
    captured.results = len(ys)
    graph.outputs = [graph.symbol_of(y) for y in ys]
    for x in state:
        if (
            x.grad is not None
            and at_level(x.grad, graph.level)
            and not any(x.grad is t for t in state)
        ):
            captured.gradients.append(x)
            graph.outputs.append(graph.symbol_of(x.grad))
    known = {id(x) for x in state}
    for x in tensors_of(f):
        if id(x) not in known and at_level(x, graph.level) and not any(x is t.grad for t in state):
            captured.made.append(x)
            graph.outputs.append(x.array)
            x.array = np.zeros(x.array.shape, x.array.dtype)  # until the program has run
            x.node = None


def overwritten(captured: Captured, given: list[Tensor]) -> list[tuple[Symbol, Symbol]]:
    """The updates of the arguments that were written to in place."""
    graph = captured.graph
    updates = []
    for k, (x, symbol) in enumerate(zip(given, graph.inputs, strict=True)):
        if x.array is not symbol:
            if x.tracked:
                raise RuntimeError(
                    "it writes in place to an argument that requires a gradient; give it a clone()"
                )
            captured.overwritten.append(k)
            updates.append((symbol, graph.symbol_of(x)))
    return updates


def restore(captured: Captured, state: list[Tensor], before: dict) -> None:
    """Give every tensor its numbers back; what was written to those that live on becomes an update."""
    graph = captured.graph
    symbols = []
    for reference, array, tracked, node in graph.adopted:
        x = reference()
        symbols.append(None if x is None else x.array)
        if x is not None:
            x.array, x.tracked, x.node = array, tracked, node
        del x
    for t in state:
        t.grad = before[id(t)]
    gc.collect()  # what was made inside and is kept by nobody is gone now
    for (reference, *_), symbol in zip(graph.adopted, symbols, strict=True):
        x = reference()
        if isinstance(symbol, Symbol) and x is not None and graph.symbol_of(x) is not symbol:
            graph.updates.append((graph.symbol_of(x), symbol))
            captured.written.append(x)
    graph.adopted.clear()
