"""Parts of a graph that are recomputed for their gradient (ops/recompute.py), written out.

Until here such a part is one step, so that its values and the equal ones of its gradient stay two: sharing them would
keep them from forward to backward, which is what the part is there to avoid.
"""

from __future__ import annotations

from fathom.compiler.graph import copied, held
from fathom.core.base import new
from fathom.core.tracing import Graph, Step, Symbol


def with_bodies(graph: Graph) -> Graph:
    """The graph with the steps of each Recomputed in its place."""
    names: dict[Symbol, Symbol] = {}
    written = Graph(graph.level, graph.inputs, list(graph.constants))
    written.known = {id(array): symbol for symbol, array in graph.constants}
    for step in graph.steps:
        inputs = tuple(names.get(x, x) for x in step.inputs)
        if type(step.primitive).__name__ == "Recomputed":
            xs = [new(held(x, written)) for x in inputs]
            (y,) = step.primitive.body.replay(xs)
            names[step.output] = written.symbol_of(y)
        else:
            written.steps.append(Step(step.output, step.primitive, inputs))
    result = copied(graph, written.steps, names)
    result.constants = written.constants
    return result
