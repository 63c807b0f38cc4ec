"""Eager mode's composites as native programs: a softmax, a convolution, a loss are each one operation.

There is a program for each composite and signature. On the tape a call is what a call of a compiled function is
(outside.py): a node, whose gradient is a program, too, and which can be differentiated again.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from fathom.compiler.capture import Captured, narrow, overwritten, trace
from fathom.compiler.joint import pullback
from fathom.compiler.layout import Made
from fathom.compiler.native import Native
from fathom.compiler.outside import Outside
from fathom.compiler.precision import in_halves
from fathom.compiler.program import Program
from fathom.compiler.spare import Spare
from fathom.compiler.threads import Turn
from fathom.core import tape
from fathom.core.base import TensorBase, levels, new
from fathom.core.composite import Varying
from fathom.core.dtypes import dtype
from fathom.core.tracing import Graph, symbolic
from fathom.core.trees import flatten, unflatten

WRITTEN = "as written"
OTHER = "an object"  # an argument that is not known by its value
PLAIN = frozenset({int, float, bool, str, type(None)})
MOST = 1024  # programs that are kept

spare = Spare()
runs: dict[tuple, Any] = {}  # by composite and signature


def fused(f: Callable, args: tuple, kwargs: dict) -> Any:
    """f(*args, **kwargs) as one operation; as it is written where that is not possible."""
    given = [read(x) if type(x) is Varying else x for x in args]
    key: list[Any] = [f, tape.mode.enabled, in_halves(), *kwargs]
    tensors: list[Any] = []
    for x in (*given, *kwargs.values()):
        key.append(signature(x, tensors))
    inside = trace.thread == threading.get_ident()  # a part of what is traced
    if inside or OTHER in key or any(type(x.array) is not np.ndarray for x in tensors):
        return f(*args, **kwargs)
    found = tuple(key)
    run = runs.get(found)
    if run is None:
        if len(runs) >= MOST:
            runs.pop(next(iter(runs)), None)
        run = runs[found] = made(f, tuple(given), kwargs)
    return f(*args, **kwargs) if run is WRITTEN else run(tensors)


def read(x: Any) -> Any:
    """Numbers that vary, as tensors."""
    if isinstance(x, dict):
        return {name: read(value) for name, value in x.items()}
    return tuple(map(read, x)) if isinstance(x, tuple) else new(np.array(x))


def signature(x: Any, tensors: list) -> Any:
    """What a program takes of an argument for good; the tensors in it are added to the list."""
    kind = type(x)
    if kind in PLAIN:
        return kind, x
    if isinstance(x, TensorBase):
        x = tape.refreshed(x)
        tensors.append(x)
        return x.array.shape, x.array.dtype, x.tracked
    if isinstance(x, dict):
        x = tuple(x.items())
    if isinstance(x, (tuple, list)):
        parts = [signature(part, tensors) for part in x]
        return OTHER if OTHER in parts else (kind, *parts)
    alone = kind is FunctionType and x.__closure__ is None
    return x if alone or isinstance(x, (dtype, type)) else OTHER


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
    """Whether native code computes with all numbers, and makes each result. (A result that is an argument, as it is or
    after it was written to, has to be that tensor.)"""
    given = {*graph.inputs, *(constant for constant, _ in graph.constants)}
    symbols = [*given, *(step.output for step in graph.steps)]
    known = all(x.dtype.kind in "fiub" and x.dtype != np.float16 for x in symbols)
    written = [value for _, value in graph.updates]
    apart = len({*graph.outputs, *written}) == len(graph.outputs) + len(written)
    return known and apart and not given & {*graph.outputs, *written}


def traced(f: Callable, args: tuple, kwargs: dict) -> Captured:
    """What f does with such arguments, and the gradient of that. There is no state around a composite."""
    graph = Graph(next(levels))
    since = next(tape.order)
    leaves, structure = flatten((args, kwargs))
    given = [stand_in(x, graph) for x in leaves]
    tensors = [x for x in given if isinstance(x, TensorBase)]
    graph.inputs = [x.array for x in tensors]
    own_args, own_kwargs = unflatten(structure, given)
    ys, graph.structure = flatten(f(*own_args, **own_kwargs))
    captured = Captured(graph, given_back=[True] * len(ys), results=len(ys))
    captured.pullback = pullback(graph, ys, tensors, [], since)
    graph.outputs = [graph.symbol_of(y) for y in ys]
    graph.updates = overwritten(captured, tensors)
    captured.live = [None] * len(graph.constants)
    for k in range(len(graph.constants)):
        narrow(graph, k)
    return captured


def stand_in(x: Any, graph: Graph) -> Any:
    """A symbol in the place of a tensor; else the argument itself."""
    if not isinstance(x, TensorBase):
        return x
    y = symbolic(x, graph)
    y.tracked = x.tracked and tape.mode.enabled
    return y


class Fused:
    """A composite's program for one signature."""

    def __init__(self, captured: Captured):
        self.captured = captured
        self.outside = None if captured.pullback is None else FusedOutside(captured)
        self.graph = captured.graph if self.outside is None else self.outside.ahead
        self.program = Piece(self.graph, over=bool(captured.overwritten), halves=captured.halves)
        self.turn = Turn()  # what is computed and then written belongs together

    def __call__(self, tensors: list) -> Any:
        if self.captured.overwritten:
            return self.written(tensors)
        values = self.program.run([x.array for x in tensors])
        results = self.captured.results
        ys = [new(value) for value in values[:results]]
        if self.outside is not None:
            self.outside.record(ys, tensors, [], values[results:])
        return self.graph.restored(ys)

    def written(self, tensors: list) -> Any:
        """A call of a composite that writes to its arguments, mostly straight into their memory."""
        targets = [tensors[k] for k in self.captured.overwritten]
        results = self.captured.results
        with self.turn:
            values = self.program.run([x.array for x in tensors])
            for x, value in zip(targets, values[results:], strict=True):
                if value is not x.array:
                    x.array[...] = value
        for x in targets:
            if x.version is None:
                x.version = [0]
            x.version[0] += 1
            x.seen = x.version[0]
        return self.graph.restored([new(value) for value in values[:results]])


class Sharing(Native):
    """Native code whose results lie in memory that all composites share."""

    def fresh(self, k: int, entry: Made) -> tuple[np.ndarray, int]:
        """An array for an output, and its address."""
        array = spare.array(tuple(entry.shape), np.dtype(entry.dtype))
        return array, array.ctypes.data


class Piece(Program):
    """The program of a composite."""

    kind = Sharing


class FusedOutside(Outside):
    """A composite on the tape."""

    kind = Piece
