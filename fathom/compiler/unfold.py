"""A fused composite on the tape, turned back into the operations that it stands for: for those who read the tape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.compiler.cut import selected
from fathom.compiler.eager import FusedOutside
from fathom.compiler.graph import alive
from fathom.compiler.outside import CompiledFunction
from fathom.core import tape
from fathom.core.base import new
from fathom.core.bundle import Output

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def unfold(node: tape.Node) -> None:
    """If the node is a fused composite, make it the last of the operations inside, with the others before it.

    The value stays what it is; those inside are computed anew. Where an argument was written to since, or the tape
    was freed, the node stays as it is.
    """
    call = node.parents[0] if isinstance(node.primitive, Output) and node.parents else node
    if not isinstance(call, tape.Node) or not isinstance(call.primitive, CompiledFunction):
        return
    outside = call.primitive.outside
    if not isinstance(outside, FusedOutside) or call.inputs is None or is_stale(call):
        return
    since = next(tape.order)
    position = node.primitive.position if isinstance(node.primitive, Output) else 0
    last = replayed(outside, call.inputs)[outside.pullback.outputs[position]].node
    assert last is not None  # a result that the tape knows
    inside = sorted(tape.reachable([last], since) - {last}, key=lambda n: n.order)
    inside = [n for n in inside if n.order > since]
    for k, one in enumerate(
        inside, 1
    ):  # after all that the composite was given, and before the node
        one.order = node.order - 1 + k / (len(inside) + 1)
    node.primitive, node.inputs = last.primitive, last.inputs
    node.counts, node.parents = last.counts, last.parents


def is_stale(node: tape.Node) -> bool:
    """Whether an input was written to since."""
    counts = zip(node.inputs or (), node.counts, strict=True)
    return any(x.version is not None and x.version[0] != count for x, count in counts)


def replayed(outside: FusedOutside, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """The results of the composite by operations of the tape."""
    graph = outside.captured.graph
    held = inputs[len(outside.pullback.roots) :]
    known = {symbol: new(array) for symbol, array in graph.constants}
    known |= dict(zip(outside.places, held, strict=True))
    with tape.grad_mode(True):
        outside.apply(alive(selected(graph, graph.outputs)).steps, known)
    return [known[symbol] for symbol in graph.outputs]
