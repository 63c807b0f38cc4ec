"""A compiled function that is differentiated outside: `loss(compiled(x)).backward()`.

On the tape a call is one node, CompiledFunction, with a node above it for each of several results. Its rule runs a
second native program (cut.py). Where the gradient is itself to be differentiated, or a transform looks on, the rule
replays the traced steps as operations of the tape, which know how.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fathom.compiler.capture import Captured, now, trace
from fathom.compiler.cut import cut, reads, selected
from fathom.compiler.graph import alive
from fathom.compiler.program import Program
from fathom.core import tape
from fathom.core.base import is_plain, new
from fathom.core.bundle import Bundle, Output
from fathom.core.primitive import Primitive
from fathom.core.tracing import Graph, Step, Symbol

if TYPE_CHECKING:
    from fathom.tensors import Tensor


class Outside:
    """The parts of a function that is differentiated outside, and its node on the tape.

    ahead    the graph of the forward pass; its last outputs are kept for the gradient
    back     the graph of the gradients, whose inputs are the `places`, then the gradients that arrive
    places   the symbols that the node holds: arguments, counters and rates, state, what is kept
    """

    kind = Program

    def __init__(self, captured: Captured):
        graph, pullback = captured.graph, captured.pullback
        assert pullback is not None
        self.captured, self.pullback = captured, pullback
        parts = cut(graph, pullback.gradients)
        self.ahead, self.kept = parts.ahead, parts.kept
        live = [
            s for x, (s, _) in zip(captured.live, graph.constants, strict=True) if x is not None
        ]
        self.places = [s for s in [*graph.inputs, *live] if s not in set(self.kept)] + self.kept
        constants = [pair for pair in graph.constants if pair[0] not in set(self.places)]
        inputs = [*self.places, *pullback.cotangents]
        self.back = Graph(graph.level, inputs, constants, parts.back.steps, parts.back.outputs)
        self.read = reads(self.back.steps) | set(self.back.outputs)
        self.sources = sources(self.back, pullback.cotangents)
        self.steps = alive(selected(graph, pullback.gradients)).steps  # for the replay
        inside = {s.output for s in alive(selected(graph, graph.outputs, graph.updates)).steps}
        self.unrecorded = inside - pullback.tracked

    @property
    def ran(self) -> bool:
        """Whether the gradient has been asked for."""
        return "program" in vars(self)

    @functools.cached_property
    def program(self) -> Program:
        """The native code of the gradient, made when it is first asked for."""
        return self.kind(self.back, halves=self.captured.halves)

    # ---- recording ----

    def record(self, ys: list[Tensor], tensors: list[Tensor], drawn: list, kept: list) -> None:
        """Give the results their history. `drawn` are the arrays of the inputs after the arguments, `kept` the last
        outputs of `ahead`."""
        roots = [tensors[r] if isinstance(r, int) else r for r in self.pullback.roots]
        inputs = [tape.refreshed(x) for x in [*roots, *self.held(tensors, drawn, kept)]]
        versions: dict[int, list[int]] = {}  # by array: a result may be one that the gradient reads
        for x in inputs:
            if x.version is None:
                x.version = [0]
            versions.setdefault(id(x.array), x.version)
        for y in ys:
            y.version = versions.setdefault(id(y.array), [0])
        chosen = [ys[k] for k in self.pullback.outputs]
        only = len(chosen) == 1
        whole = chosen[0] if only else new(chosen[0].array)
        whole.tracked, whole.version = True, whole.version if only else [0]
        whole.node = tape.Node(CompiledFunction(self), tuple(inputs), whole)
        for position, y in enumerate([] if only else chosen):
            y.tracked, y.node = True, tape.Node(Output(position, len(chosen)), (whole,), y)

    def held(self, tensors: list[Tensor], drawn: list, kept: list) -> list[Tensor]:
        """The tensors in the `places`."""
        graph, live = self.captured.graph, self.captured.live
        known = dict(zip(graph.inputs, [*tensors, *[new(a) for a in drawn]], strict=True))
        pairs = zip(graph.constants, live, strict=True)
        known |= {symbol: now(x) for (symbol, _), x in pairs if x is not None}
        known |= {symbol: new(array) for symbol, array in zip(self.kept, kept, strict=True)}
        return [known[symbol] for symbol in self.places]

    # ---- the rule ----

    def pulled(self, gradients: Sequence[Tensor], held: Sequence[Tensor]) -> list[Tensor | None]:
        """The gradient of each root; None where nothing that arrived leads to it."""
        cotangents = self.pullback.cotangents
        arrived = {s for g, s in zip(gradients, cotangents, strict=True) if g is not None}
        gs = [
            new(np.zeros(symbol.shape, symbol.dtype)) if g is None else g
            for g, symbol in zip(gradients, cotangents, strict=True)
        ]
        with trace:
            read = [x for x, s in zip(held, self.places, strict=True) if s in self.read]
            plain = all(is_plain(x) for x in [*gs, *read])
            arrays = [x.array for x in [*held, *gs]]
        native = plain and not tape.mode.enabled
        found = self.computed(arrays) if native else self.replayed(gs, held)
        return [g if s & arrived else None for g, s in zip(found, self.sources, strict=True)]

    def computed(self, arrays: list) -> list[Tensor]:
        """The gradients by native code, each in memory of its own."""
        given = {id(a) for a in arrays} | {id(a) for _, a in self.back.constants}
        return [new(a.copy() if id(a) in given else a) for a in self.program.run(arrays)]

    def replayed(self, gs: list[Tensor], held: Sequence[Tensor]) -> list[Tensor]:
        """The gradients by operations of the tape: they can be differentiated again, and what a result was before it
        was written to is computed anew."""
        if self.pullback.final and tape.mode.enabled:
            raise RuntimeError(
                "compile: the gradient of a compiled function that calls an autograd.Function cannot be"
                " differentiated again (create_graph=True); call the function as it is, without compile"
            )
        known = {symbol: new(array) for symbol, array in self.captured.graph.constants}
        known |= dict(zip([*self.places, *self.pullback.cotangents], [*held, *gs], strict=True))
        self.apply(self.steps, known)
        return [known[symbol] for symbol in self.pullback.gradients]

    def apply(self, steps: Sequence[Step], known: dict[Symbol, Tensor]) -> None:
        """Apply the steps to tensors, as f did: what it did within `no_grad` has no history."""
        for step in steps:
            recording = tape.mode.enabled and step.output not in self.unrecorded
            with tape.grad_mode(recording):
                known[step.output] = step.primitive(*[known[x] for x in step.inputs])


@dataclass(frozen=True, eq=False)
class CompiledFunction(Primitive):
    """A call of a compiled function, as recorded: its result, or all of them together. Its inputs are the tensors whose
    gradients are computed, then those in the `places`."""

    outside: Outside = field(repr=False)

    def vjp(self, wanted, g, y, *xs):
        roots = len(self.outside.pullback.roots)
        arrived = g if isinstance(g, Bundle) else (g,)
        found = self.outside.pulled(arrived, xs[roots:])
        return [*found, *[None] * (len(xs) - roots)]


def sources(back: Graph, cotangents: list[Symbol]) -> list[set[Symbol]]:
    """For each gradient, which of the arriving gradients it depends on."""
    found: dict[Symbol, set[Symbol]] = {g: {g} for g in cotangents}
    for step in back.steps:
        found[step.output] = set().union(*[found.get(x, set()) for x in step.inputs])
    return [found.get(y, set()) for y in back.outputs]
