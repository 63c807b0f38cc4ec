"""Parts of a graph that are recomputed for their gradient (ops/recompute.py), written out.

Until here such a part is one step, so that its values and the equal ones of its gradient stay two: sharing them would
keep them from forward to backward, which is what the part is there to avoid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fathom.compiler.graph import replayed
from fathom.core.tracing import Graph, Step, Symbol

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def with_bodies(graph: Graph) -> Graph:
    """The graph with the steps of each Recomputed in its place."""

    def body(step: Step, tensor: Callable[[Symbol], Tensor]) -> Tensor | None:
        if type(step.primitive).__name__ != "Recomputed":
            return None
        (y,) = step.primitive.body.replay([tensor(x) for x in step.inputs])
        return y

    return replayed(graph, body)
