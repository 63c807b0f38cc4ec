"""From a graph to kernels: the passes in their order."""

from __future__ import annotations

from fathom.compiler.bodies import with_bodies
from fathom.compiler.borders import bordered
from fathom.compiler.copies import in_parts, without_copies
from fathom.compiler.fuse import Unit, fused
from fathom.compiler.graph import alive, shared
from fathom.compiler.loops import NoLoop, looped
from fathom.compiler.pieces import in_pieces
from fathom.compiler.ranges import narrowed
from fathom.compiler.scans import with_recurrences
from fathom.core.tracing import Graph, Symbol


def lowered(graph: Graph) -> tuple[Graph, list[Unit], dict[Symbol, str]]:
    """The graph with its loops over time unfolded, its kernels and loops, and the name of each array. A Scan that is
    no loop of kernels stays a primitive, computed by its eager rule."""
    left: set[Symbol] = set()
    while True:
        unfolded = with_bodies(alive(shared(with_recurrences(graph, left))))
        kernels, arrays = fused(unfolded)
        names = {symbol: name for name, symbol in arrays.items()}
        kernels = narrowed(kernels, names, unfolded)
        kernels = in_pieces(without_copies(kernels, names, unfolded))
        kernels = in_parts(kernels, names, unfolded)
        kernels = bordered(kernels, names)
        try:
            return unfolded, looped(kernels, names, unfolded), names
        except NoLoop as failure:
            left.add(failure.state)
