"""The gradient of a traced function whose results are differentiated outside, written into the same graph.

y = f(x, w)                 before:  steps of f
g, a symbol for each y      after:   steps of f, then those of J^T g, which gives dx and dw
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core import tape
from fathom.core.base import at_level, new
from fathom.core.bundle import Output
from fathom.core.tracing import Graph, Symbol

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(eq=False)
class Pullback:
    """The gradients of what a traced function was given and of what it closes over, in its graph."""

    outputs: list[int]  # which results have a history
    cotangents: list[Symbol]  # the gradient that will arrive at each of them
    roots: list[Tensor | int]  # whose gradients are computed: tensors, and numbers of arguments
    gradients: list[Symbol]
    tracked: set[Symbol]  # what the tape recorded (and `no_grad` did not leave out)
    final: bool  # whether a part has a backward that cannot be differentiated: an autograd.Function


def pullback(
    graph: Graph, ys: list[Tensor], given: list[Tensor], state: list[Tensor], since: int
) -> Pullback | None:
    """Write the gradient of the ys into the graph; None where no gradient of theirs is wanted outside.

    `given` are the symbolic arguments, `state` the tensors that are symbols during the trace, `since` the number
    of the tape when it began: what was recorded earlier is outside.
    """
    outputs = [k for k, y in enumerate(ys) if is_open(y, since)]
    edges = [tape.edge(ys[k]) for k in outputs]
    nodes = [node for node in tape.reachable(edges, since) if node.order > since]
    ends = inner_ends(nodes, dict(zip(edges, [ys[k] for k in outputs], strict=True)), since)
    roots = {end: root_of(x, graph, given, state) for end, (x, _) in ends.items()}
    wanted = [end for end, root in roots.items() if root is not None]
    if not wanted:
        return None
    tracked = {node.array for node in nodes if isinstance(node.array, Symbol)}
    final = any(isinstance(node.primitive, Output) for node in nodes)
    cotangents = [graph.symbol(ys[k].shape, ys[k].array.dtype) for k in outputs]
    starts = [
        (ends[edge][1] if edge in ends else edge, new(g))
        for edge, g in zip(edges, cotangents, strict=True)
    ]
    kept = [ends[end][1] for end in wanted]
    arrived = tape.sweep(starts, kept, create_graph=False, retain_graph=False)
    found = [end for end in wanted if ends[end][1] in arrived]
    gradients = [graph.symbol_of(arrived[ends[end][1]]) for end in found]
    return Pullback(outputs, cotangents, [roots[end] for end in found], gradients, tracked, final)


def is_open(y: Tensor, since: int) -> bool:
    """Whether y can be differentiated outside: it is tracked, and no `backward` inside used up its history."""
    edge = tape.edge(y)
    nodes = tape.reachable([edge], since)
    return y.tracked and all(node.inputs is not None for node in nodes if node.order > since)


def inner_ends(
    nodes: Iterable[tape.Node], results: dict[tape.Node | Tensor, Tensor], since: int
) -> dict[tape.Node | Tensor, tuple[Tensor, Tensor]]:
    """Where the history inside ends: for each leaf and each node of outside the tensor that was read there, and one
    that takes its place in the tape. So hooks, and what was computed before, are left to the sweep outside."""
    ends: dict[tape.Node | Tensor, tuple[Tensor, Tensor]] = {}

    def is_end(edge: tape.Node | Tensor) -> bool:
        return not isinstance(edge, tape.Node) or edge.order <= since

    for edge, y in results.items():
        if is_end(edge):
            ends[edge] = y, new(y.array)
    for node in nodes:
        for k, (parent, x) in enumerate(zip(node.parents, node.inputs or (), strict=True)):
            if parent is not None and is_end(parent):
                _, node.parents[k] = ends.setdefault(parent, (x, new(parent.array)))
    return ends


def root_of(
    x: Tensor, graph: Graph, given: list[Tensor], state: list[Tensor]
) -> Tensor | int | None:
    """What the end of a history is outside; None for a leaf that the function makes for itself."""
    for k, argument in enumerate(given):
        if x is argument:
            return k
    if any(x is t for t in state) or not at_level(x, graph.level):
        return x
    if x.node is not None:
        raise RuntimeError(
            "it reads a tensor with a history through a view that it made of it; give that tensor to it as an"
            " argument"
        )
    return None
