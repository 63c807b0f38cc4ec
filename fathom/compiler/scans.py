"""Loops over time, seen from all steps at once.

The states of a loop y (ops/scan.py) obey an equation between arrays: y[1:] = body(y[:-1], x, w), one row for each
step. Written down as steps of the graph it is an ordinary tensor program, except that its first input is its own
result, one row earlier.
"""

from __future__ import annotations

from fathom.compiler.graph import held
from fathom.core.base import new
from fathom.core.derived import mapped
from fathom.core.tracing import Graph, Step, Symbol


def unfolded(step: Step, graph: Graph) -> tuple[list[Step], Symbol]:
    """The body of a Scan step on all its rows: the steps, and the symbol of the next states (length, *S).

    They read the Scan's output (sliced: the states that each step starts from), its sequences and its constants; what
    depends on constants alone has no time axis. The next states are y[1:], or y[:-1] of a Scan in reverse. Numbers
    that the body was written with become constants of the graph.
    """
    scan = step.primitive
    known = {id(array): symbol for symbol, array in graph.constants}
    written = Graph(graph.level, graph.inputs, graph.constants, known=known)
    y, _, *rest = [new(held(symbol, written)) for symbol in (step.output, *step.inputs)]
    starts, _ = scan.ends(y)
    body = mapped(scan.body, scan.length, scan.batched())
    (after,) = body.replay([starts, *rest])
    return written.steps, written.symbol_of(after)
