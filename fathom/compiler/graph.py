"""Passes over a graph: the same outputs from fewer or better steps.

algebra   Fold(Contract(g, w))  ->  Contract(Windows(Pad(g)), Flip(w)): what operations know of each other
shared    t3 = Exp() x; t7 = Exp() x  ->  one of them; and of equal numbers one
alive     steps that nothing reads  ->  gone
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from fathom.core.base import new
from fathom.core.tracing import Graph, Step, Symbol

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
    """Replay the graph; where a step knows a better program for itself after its producer, take that."""
    uses = Counter(x for step in graph.steps for x in step.inputs)
    kept = {*graph.outputs, *(y for _, y in graph.updates)}
    producer = {step.output: step for step in graph.steps}
    names: dict[Symbol, Symbol] = {}
    replay = Graph(graph.level, graph.inputs, graph.constants)
    for step in graph.steps:
        before = producer.get(step.inputs[0]) if step.inputs else None
        better = None
        alone = len(step.inputs) == 1 and before is not None and uses[before.output] == 1
        if alone and before.output not in kept:
            xs = [new(held(names.get(x, x), replay)) for x in before.inputs]
            better = step.primitive.after(before.primitive, *xs)
        if better is None:
            names[step.output] = replay.add(step.primitive, [names.get(x, x) for x in step.inputs])
        else:
            names[step.output] = better.array
    return copied(graph, replay.steps, names)


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
