"""Loops over time, seen from all steps at once.

The states of a loop y (ops/scan.py) obey an equation between arrays: y[1:] = body(y[:-1], x, w), one row for each
step. Written down as steps of the graph it is an ordinary tensor program, except that its first input is its own
result, one row earlier.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fathom.compiler.graph import copied, held
from fathom.core.base import new
from fathom.core.derived import mapped
from fathom.core.primitive import Primitive
from fathom.core.tracing import Graph, Step, Symbol


@dataclass(frozen=True)
class Recurrence(Primitive):
    """States y of a loop over time from the first one and the next ones, which are themselves functions of y:
    row t + 1 of y is row t of `after`; row t, of a loop in reverse."""

    length: int
    reverse: bool

    def shape(self, init, after):
        return (self.length + 1, *init)

    def start(self) -> int:
        """The row of the first state."""
        return self.length if self.reverse else 0

    def row(self, t):
        """The row of the state after step t."""
        return t if self.reverse else t + 1


def with_recurrences(graph: Graph, left: Collection[Symbol]) -> Graph:
    """The graph with every Scan unfolded, apart from those whose output is in `left`."""
    steps: list[Step] = []
    result = copied(graph, steps, {})
    result.constants = list(graph.constants)  # bodies bring numbers of their own
    for step in graph.steps:
        scan = step.primitive
        if type(scan).__name__ != "Scan" or step.output in left or not scan.length:
            steps.append(step)
            continue
        body, after = unfolded(step, result)
        steps += body
        again = Recurrence(scan.length, scan.reverse)
        steps.append(Step(step.output, again, (step.inputs[0], after)))
    return result


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
