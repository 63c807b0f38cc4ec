"""A compiled function that is differentiated outside: `loss(compiled(x)).backward()`.

The graph of f and of its gradient (joint.py) is cut in two programs:

    ahead   x, w     -> y, and what the gradient reads of f (kept)
    back    x, w, kept, g -> dx, dw

On the tape a call is one node. Its rule runs `back`. Where the gradient is to be differentiated again, the rule replays
the steps of the uncut graph as operations of the tape, which record themselves.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fathom.compiler.capture import Captured, trace
from fathom.compiler.graph import alive, copied, shared
from fathom.compiler.program import Program
from fathom.core import tape
from fathom.core.base import is_plain, new
from fathom.core.bundle import Bundle, Output
from fathom.core.primitive import Bilinear, Elementwise, Linear, Primitive
from fathom.core.tracing import Graph, Step, Symbol

if TYPE_CHECKING:
    from fathom.tensors import Tensor

AGAIN = 8  # elementwise steps that are computed again rather than kept


class Outside:
    """The two programs of a function that is differentiated outside, and its node on the tape."""

    def __init__(self, captured: Captured):
        self.captured = captured
        graph, pullback = captured.graph, captured.pullback
        assert pullback is not None
        self.pullback = pullback
        both = selected(graph, [*graph.outputs, *pullback.gradients], graph.updates)
        self.replayed_steps = alive(selected(graph, pullback.gradients)).steps
        both = alive(shared(both))
        outputs, gradients = both.outputs[: len(graph.outputs)], both.outputs[len(graph.outputs) :]
        ahead = alive(selected(both, outputs, both.updates))
        old = {x for x, _ in both.updates}
        whole = alive(selected(both, gradients))
        read = reads(s for s in whole.steps if s.output not in {f.output for f in ahead.steps})
        self.kept = kept(ahead, read | set(gradients), old)
        # What f writes over is kept for the replay, too.
        again = (reads(self.replayed_steps) & old) - set(self.kept)
        self.kept += [x for x in given_to(graph) if x in again]
        self.ahead = alive(selected(both, [*outputs, *self.kept], both.updates))
        back = selected(both, gradients)
        back.steps = [step for step in both.steps if step.output not in set(self.kept)]
        self.back, self.places = self.backward(alive(back))
        self.reach = reached(self.back, pullback.cotangents)

    def backward(self, back: Graph) -> tuple[Graph, list[Symbol]]:
        """The graph of the gradients as one of inputs: first those of the node, then the gradients that arrive."""
        live = [
            symbol
            for x, (symbol, _) in zip(self.captured.live, back.constants, strict=True)
            if x is not None
        ]
        # Symbols of the node's inputs after the roots: arguments, counters and rates, state, what was kept.
        places = [s for s in [*back.inputs, *live] if s not in set(self.kept)] + self.kept
        constants = [pair for pair in back.constants if pair[0] not in set(places)]
        result = Graph(back.level, [*places, *self.pullback.cotangents], constants, back.steps)
        result.outputs = back.outputs
        return result, places

    @property
    def ran(self) -> bool:
        """Whether the gradient has been asked for."""
        return "program" in vars(self)

    @functools.cached_property
    def program(self) -> Program:
        """The native code of the gradient, made when it is first asked for."""
        return Program(self.back)

    # ---- recording ----

    def record(self, ys: list[Tensor], tensors: list[Tensor], drawn: list, saved: list) -> None:
        """Give the results their history: one node for the call. `drawn` are the arrays of the inputs after the
        arguments, `saved` those that are kept."""
        around = self.around(tensors, drawn, saved)
        roots = [tensors[r] if isinstance(r, int) else r for r in self.pullback.roots]
        inputs = [tape.refreshed(x) for x in [*roots, *around]]
        versions: dict[int, list[int]] = {}  # by array: a result may be one that the gradient reads
        for x in inputs:
            if x.version is None:
                x.version = [0]
            versions.setdefault(id(x.array), x.version)
        for y in ys:
            y.version = versions.setdefault(id(y.array), [0])
        chosen = [ys[k] for k in self.pullback.outputs]
        whole = new(chosen[0].array)
        whole.tracked, whole.version = True, [0]
        whole.node = tape.Node(CompiledFunction(self), tuple(inputs), whole)
        for position, y in enumerate(chosen):
            y.tracked, y.node = True, tape.Node(Output(position, len(chosen)), (whole,), y)

    def around(self, tensors: list[Tensor], drawn: list, saved: list) -> list[Tensor]:
        """The tensors behind `places`."""
        graph = self.captured.graph
        known = dict(zip(graph.inputs, [*tensors, *[new(a) for a in drawn]], strict=True))
        for x, (symbol, _) in zip(self.captured.live, graph.constants, strict=True):
            if x is not None:
                known[symbol] = x
        known |= {symbol: new(array) for symbol, array in zip(self.kept, saved, strict=True)}
        return [known[symbol] for symbol in self.places]

    # ---- the rule ----

    def pulled(self, bundle: Bundle, around: Sequence[Tensor]) -> list[Tensor | None]:
        """The gradient of each root; None where nothing that arrived leads to it."""
        gs = [
            new(np.zeros(symbol.shape, symbol.dtype)) if g is None else g
            for g, symbol in zip(bundle, self.pullback.cotangents, strict=True)
        ]
        arrived = {
            s for g, s in zip(bundle, self.pullback.cotangents, strict=True) if g is not None
        }
        needed = reads(self.back.steps) | set(self.back.outputs)
        with trace:
            plain = all(is_plain(g) for g in gs) and all(
                is_plain(x) for x, s in zip(around, self.places, strict=True) if s in needed
            )
            arrays = [x.array for x in [*around, *gs]]
        if plain and not tape.mode.enabled:
            found = self.computed(arrays)
        else:
            found = self.replayed(gs, around)
        return [g if from_ & arrived else None for g, from_ in zip(found, self.reach, strict=True)]

    def computed(self, arrays: list) -> list[Tensor]:
        """The gradients by native code, each in memory of its own."""
        given = {id(a) for a in arrays} | {id(a) for _, a in self.back.constants}
        return [new(a.copy() if id(a) in given else a) for a in self.program.run(arrays)]

    def replayed(self, gs: list[Tensor], around: Sequence[Tensor]) -> list[Tensor]:
        """The gradients by operations of the tape, so that they can be differentiated again."""
        graph, pullback = self.captured.graph, self.pullback
        if pullback.final and tape.mode.enabled:
            raise RuntimeError(
                "compile: the gradient of a compiled function that calls an autograd.Function cannot be"
                " differentiated again (create_graph=True); call the function as it is, without compile"
            )
        known = {symbol: new(array) for symbol, array in graph.constants}
        known |= dict(zip(self.places, around, strict=True))
        known |= dict(zip(pullback.cotangents, gs, strict=True))
        ahead = {step.output for step in alive(selected(graph, graph.outputs, graph.updates)).steps}
        for step in self.replayed_steps:
            left_out = step.output in ahead and step.output not in pullback.tracked
            with tape.grad_mode(False) if left_out else contextlib.nullcontext():
                known[step.output] = step.primitive(*[known[x] for x in step.inputs])
        return [known[symbol] for symbol in pullback.gradients]


@dataclass(frozen=True, eq=False)
class CompiledFunction(Primitive):
    """A call of a compiled function, as recorded: all its results together."""

    outside: Outside = field(repr=False)

    def vjp(self, wanted, g, y, *xs):
        roots = len(self.outside.pullback.roots)
        found = self.outside.pulled(g, xs[roots:])
        return [*found, *[None] * (len(xs) - roots)]


# ---- cutting a graph -------------------------------------------------------------------------------


def selected(graph: Graph, outputs: Iterable[Symbol], updates: Iterable[tuple] = ()) -> Graph:
    """The graph with these outputs and updates in place of its own."""
    result = copied(graph, graph.steps, {})
    result.outputs, result.updates = list(outputs), list(updates)
    return result


def given_to(graph: Graph) -> list[Symbol]:
    """What a graph computes from."""
    return [*graph.inputs, *[symbol for symbol, _ in graph.constants]]


def reads(steps: Iterable[Step]) -> set[Symbol]:
    """What the steps read."""
    return {x for step in steps for x in step.inputs}


def kept(ahead: Graph, read: set[Symbol], old: set[Symbol]) -> list[Symbol]:
    """What the first program keeps for the second, of the symbols that that reads: inputs that are written over, and
    what is not computed again in a few elementwise steps from the inputs and from what is kept."""
    given = given_to(ahead)
    exact = {x for step in ahead.steps if not is_smooth(step.primitive) for x in step.inputs}
    read = set(read)
    for step in reversed(ahead.steps):  # instead of a view what it shows: windows repeat it
        if step.primitive.is_view:
            for symbols in (read, exact):
                if step.output in symbols:
                    symbols.remove(step.output)
                    symbols.add(step.inputs[0])
    found = [x for x in given if x in read & old]
    price = {x: 0 for x in given if x not in old or x in found}
    for step in ahead.steps:
        again = cost_of_again(step, price)
        few = again is not None and again <= AGAIN * math.prod(step.output.shape)
        if again is not None and few and step.output not in read & exact:
            price[step.output] = again
        elif step.output in read:
            found.append(step.output)
            price[step.output] = 0
    return found


def is_smooth(primitive: Primitive) -> bool:
    """Whether small errors of the inputs make small errors of the output and of the gradient. A largest element is
    found by comparing: of what is computed again, the last digit may differ, and none is equal to it."""
    return isinstance(primitive, (Elementwise, Linear, Bilinear))


def cost_of_again(step: Step, price: dict[Symbol, int]) -> int | None:
    """How many scalar operations compute the output from what is at hand; None if sums or products would have to."""
    moves = step.primitive.is_view or not step.inputs
    if not (moves or isinstance(step.primitive, Elementwise)):
        return None
    if not all(x in price for x in step.inputs):
        return None
    own = 0 if moves else math.prod(step.output.shape)
    return own + sum(price[x] for x in set(step.inputs))


def reached(back: Graph, cotangents: list[Symbol]) -> list[set[Symbol]]:
    """For each gradient, the arriving gradients that it depends on."""
    sources: dict[Symbol, set[Symbol]] = {g: {g} for g in cotangents}
    for step in back.steps:
        sources[step.output] = set().union(*[sources.get(x, set()) for x in step.inputs])
    return [sources.get(y, set()) for y in back.outputs]
