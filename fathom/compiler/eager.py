"""Eager mode's composites as native programs: a softmax, a convolution, a loss are each one operation.

There is a program for each composite and signature. On the tape a call is what a call of a compiled function is
(outside.py): a node, whose gradient is a program, too, and which can be differentiated again.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from fathom.compiler.capture import Captured, narrow, trace
from fathom.compiler.joint import pullback
from fathom.compiler.outside import Outside
from fathom.compiler.program import Program
from fathom.compiler.signature import is_value
from fathom.compiler.spare import Spare
from fathom.core import tape
from fathom.core.base import TensorBase, levels, new
from fathom.core.dtypes import dtype
from fathom.core.tracing import Graph, Symbol, symbolic
from fathom.core.trees import flatten, unflatten

WRITTEN = "as written"
OTHER = "an object"  # an argument that is not known by its value
MOST = 1024  # programs that are kept

spare = Spare()
runs: dict[tuple, Any] = {}  # by composite and signature


def fused(f: Callable, args: tuple, kwargs: dict) -> Any:
    """f(*args, **kwargs) as one operation; as it is written where that is not possible."""
    key: list[Any] = [f, tape.mode.enabled, *kwargs]
    tensors: list[Any] = []
    for x in (*args, *kwargs.values()):
        key.append(signature(x, tensors))
    inside = trace.thread == threading.get_ident()  # a part of what is traced
    if inside or OTHER in key or any(type(x.array) is not np.ndarray for x in tensors):
        return f(*args, **kwargs)
    found = tuple(key)
    run = runs.get(found)
    if run is None:
        if len(runs) >= MOST:
            runs.pop(next(iter(runs)), None)
        run = runs[found] = made(f, args, kwargs)
    return f(*args, **kwargs) if run is WRITTEN else run(tensors)


def signature(x: Any, tensors: list) -> Any:
    """What a program takes of an argument for good; the tensors in it are added to the list."""
    if isinstance(x, TensorBase):
        x = tape.refreshed(x)
        tensors.append(x)
        return x.array.shape, x.array.dtype, x.tracked
    if isinstance(x, (tuple, list)):
        parts = [signature(part, tensors) for part in x]
        return OTHER if OTHER in parts else (type(x), *parts)
    known = is_value(x) or isinstance(x, dtype) or getattr(x, "__closure__", x) is None
    return (type(x), x) if known else OTHER


def made(f: Callable, args: tuple, kwargs: dict) -> Any:
    """What runs this signature: a program, or f as written."""
    if not available():
        return WRITTEN
    try:
        captured = traced(f, args, kwargs)
    except Exception:  # noqa: BLE001 - wrong arguments: f says so in its own words
        return WRITTEN
    return Fused(captured) if is_native(captured.graph) else WRITTEN


@functools.cache
def available() -> bool:
    """Whether there is LLVM on this computer."""
    try:
        import llvmlite.binding  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def is_native(graph: Graph) -> bool:
    """Whether native code computes with all numbers, and makes each result."""
    given = {*graph.inputs, *(constant for constant, _ in graph.constants)}
    symbols = [*given, *(step.output for step in graph.steps)]
    known = all(x.dtype.kind in "fiub" and x.dtype != np.float16 for x in symbols)
    return known and not given & set(graph.outputs)


def traced(f: Callable, args: tuple, kwargs: dict) -> Captured:
    """What f does with such arguments, and the gradient of that. There is no state around a composite."""
    graph = Graph(next(levels))
    since = next(tape.order)
    leaves, structure = flatten((args, kwargs))
    given = [symbolic(x, graph) if isinstance(x, TensorBase) else x for x in leaves]
    tensors = [x for x in given if isinstance(x, TensorBase)]
    graph.inputs = [x.array for x in tensors]
    own_args, own_kwargs = unflatten(structure, given)
    ys, graph.structure = flatten(f(*own_args, **own_kwargs))
    captured = Captured(graph, given_back=[True] * len(ys), results=len(ys))
    captured.pullback = pullback(graph, ys, tensors, [], since)
    graph.outputs = [graph.symbol_of(y) for y in ys]
    captured.live = [None] * len(graph.constants)
    for k in range(len(graph.constants)):
        narrow(graph, k)
    return captured


class Fused:
    """A composite's program for one signature."""

    def __init__(self, captured: Captured):
        self.captured = captured
        self.outside = None if captured.pullback is None else FusedOutside(captured)
        self.graph = captured.graph if self.outside is None else self.outside.ahead
        self.program = Piece(self.graph)

    def __call__(self, tensors: list) -> Any:
        values = self.program.run([x.array for x in tensors])
        results = self.captured.results
        ys = [new(value) for value in values[:results]]
        if self.outside is not None:
            self.outside.record(ys, tensors, [], values[results:])
        return self.graph.restored(ys)


class Piece(Program):
    """A program whose results lie in memory that all composites share."""

    def fresh(self, y: Symbol) -> np.ndarray:
        """An array for an output."""
        return spare.array(y.shape, y.dtype)


class FusedOutside(Outside):
    """A composite on the tape."""

    kind = Piece
