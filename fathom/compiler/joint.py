"""The gradient of a traced function whose results are differentiated outside, written into the same graph.

before   the steps of y = f(x, w)
after    those, and with a symbol g for the gradient that will arrive at y the steps of dx, dw = J^T g
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


@dataclass(eq=False)
class End:
    """Where a history inside ends: the leaf, or the tensor with a history of its own, that was read there; and what
    takes its place on the tape, so that hooks, and what was computed before, are left to the sweep outside."""

    tensor: Tensor
    stand_in: Tensor


def pullback(
    graph: Graph, ys: list[Tensor], given: list[Tensor], state: list[Tensor], since: int
) -> Pullback | None:
    """Write the gradient of the ys into the graph; None where no gradient of theirs is wanted outside.

    `given` are the symbolic arguments, `state` the tensors that are symbols during the trace, `since` the number
    of the tape when it began: what was recorded earlier is outside.
    """
    outputs = [k for k, y in enumerate(ys) if is_open(y, since)]
    edges = {k: tape.edge(ys[k]) for k in outputs}
    nodes = [node for node in tape.reachable(edges.values(), since) if node.order > since]
    ends = {edge: End(ys[k], new(edge.array)) for k, edge in edges.items() if is_end(edge, since)}
    cut_off(nodes, ends, since)
    roots = [(root_of(end.tensor, graph, given, state), end.stand_in) for end in ends.values()]
    roots = [(root, stand_in) for root, stand_in in roots if root is not None]
    if not roots:
        return None
    tracked = {node.array for node in nodes if isinstance(node.array, Symbol)}
    final = any(isinstance(node.primitive, Output) for node in nodes)
    cotangents = [graph.symbol(ys[k].shape, ys[k].array.dtype) for k in outputs]
    starts = [ends[edge].stand_in if edge in ends else edge for edge in edges.values()]
    arriving = zip(starts, [new(g) for g in cotangents], strict=True)
    stand_ins = [stand_in for _, stand_in in roots]
    arrived = tape.sweep(arriving, stand_ins, create_graph=False, retain_graph=False)
    found = [(root, graph.symbol_of(arrived[s])) for root, s in roots if s in arrived]
    reached, gradients = [root for root, _ in found], [gradient for _, gradient in found]
    return Pullback(outputs, cotangents, reached, gradients, tracked, final)


def is_open(y: Tensor, since: int) -> bool:
    """Whether y can be differentiated outside: it is tracked, and no `backward` inside used up its history."""
    edge = tape.edge(y)
    nodes = tape.reachable([edge], since)
    return y.tracked and all(node.inputs is not None for node in nodes if node.order > since)


def is_end(edge: tape.Node | Tensor, since: int) -> bool:
    """Whether an edge is a leaf, or was there when the trace began."""
    return not isinstance(edge, tape.Node) or edge.order <= since


def cut_off(nodes: Iterable[tape.Node], ends: dict[tape.Node | Tensor, End], since: int) -> None:
    """Put stand-ins into the place of all ends, and add those that were not known."""
    for node in nodes:
        for k, (parent, x) in enumerate(zip(node.parents, node.inputs or (), strict=True)):
            if parent is not None and is_end(parent, since):
                end = ends.setdefault(parent, End(x, new(parent.array)))
                node.parents[k] = end.stand_in


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
            "it writes in place to a tensor with a history that it closes over; let it write to a clone() of it"
        )
    return None
