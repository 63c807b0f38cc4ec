"""Passes over a graph: the same outputs from fewer or better steps.

algebra   Fold(Contract(g, w))  ->  Contract(Windows(Pad(g)), Flip(w)): what operations know of each other
shared    t3 = Exp() x; t7 = Exp() x  ->  one of them; and of equal numbers one
alive     steps that nothing reads  ->  gone
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.base import new
from fathom.core.tracing import Graph, Step, Symbol

if TYPE_CHECKING:
    from fathom.tensors import Tensor

SPREADS = {"Expand", "Reshape"}  # of a number everywhere: the same number


def improved(graph: Graph) -> Graph:
    """The graph after all passes."""
    return alive(shared(alive(algebra(graph))))


def copied(graph: Graph, steps: list[Step], names: dict[Symbol, Symbol]) -> Graph:
    """A graph of these steps, with the old graph's inputs; outputs and updates by their new names."""
    result = Graph(graph.level, graph.inputs, graph.constants, steps, structure=graph.structure)
    result.outputs = [names.get(y, y) for y in graph.outputs]
    result.updates = [(x, names.get(y, y)) for x, y in graph.updates]
    return result


def algebra(graph: Graph) -> Graph:
    """The graph with what a step knows to be a better program for itself after its producer."""
    uses = Counter(x for step in graph.steps for x in step.inputs)
    kept = {*graph.outputs, *(y for _, y in graph.updates)}
    producer = {step.output: step for step in graph.steps}

    def better(step: Step, tensor: Callable[[Symbol], Tensor]) -> Tensor | None:
        before = producer.get(step.inputs[0]) if len(step.inputs) == 1 else None
        if before is None or uses[before.output] != 1 or before.output in kept:
            return None
        return step.primitive.after(before.primitive, *map(tensor, before.inputs))

    return replayed(graph, better)


def replayed(
    graph: Graph, better: Callable[[Step, Callable[[Symbol], Tensor]], Tensor | None]
) -> Graph:
    """The graph with what `better` makes of a step in the step's place; None leaves it there.

    `better` is given the step, and what makes a symbol of the graph the tensor that it is now. It applies operations,
    which are written down; numbers that it brings become constants.
    """
    names: dict[Symbol, Symbol] = {}
    known = {id(array): symbol for symbol, array in graph.constants}
    written = Graph(graph.level, graph.inputs, list(graph.constants), known=known)

    def tensor(symbol: Symbol) -> Tensor:
        return new(held(names.get(symbol, symbol), written))

    for step in graph.steps:
        y = better(step, tensor)
        if y is None:
            inputs = tuple(names.get(x, x) for x in step.inputs)
            written.steps.append(Step(step.output, step.primitive, inputs))
        else:
            names[step.output] = written.symbol_of(y)
    result = copied(graph, written.steps, names)
    result.constants = written.constants
    return result


def held(symbol: Symbol, graph: Graph) -> Symbol:
    """The symbol, writing what is applied to it into `graph`."""
    symbol.graph = graph
    return symbol


def shared(graph: Graph) -> Graph:
    """Equal primitives of equal inputs are computed once, and equal numbers are one."""
    names: dict[Symbol, Symbol] = {}
    seen: dict[tuple, Symbol] = {}
    numbers: dict[Symbol, tuple] = {}  # of what is one number everywhere its bits, and its dtype
    for c, array in graph.constants:
        if (number := number_in(array)) is not None:
            numbers[c] = number.tobytes(), number.dtype
            names[c] = seen.setdefault((numbers[c], c.shape), c)
    steps = []
    for step in graph.steps:
        inputs = tuple(names.get(x, x) for x in step.inputs)
        key: tuple = (type(step.primitive), step.primitive, inputs)
        if type(step.primitive).__name__ in SPREADS and inputs[0] in numbers:
            numbers[step.output] = numbers[inputs[0]]
            key = numbers[inputs[0]], step.output.shape
        if key in seen:
            names[step.output] = seen[key]
        else:
            seen[key] = step.output
            steps.append(Step(step.output, step.primitive, inputs))
    return copied(graph, steps, names)


def number_in(array: np.ndarray) -> np.generic | None:
    """The number that an array repeats without end; None of one that has memory for its elements."""
    array = np.asarray(array)
    if array.ndim and array.size and not any(array.strides):
        return array[(0,) * array.ndim]
    return None


def alive(graph: Graph) -> Graph:
    """Without the steps whose output nobody needs."""
    producer = {step.output: step for step in graph.steps}
    waiting = [*graph.outputs, *(y for _, y in graph.updates)]
    needed = set()
    while waiting:
        y = waiting.pop()
        if y not in needed:
            needed.add(y)
            waiting += producer[y].inputs if y in producer else ()
    return copied(graph, [step for step in graph.steps if step.output in needed], {})
