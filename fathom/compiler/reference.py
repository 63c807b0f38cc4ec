"""The reference: run a graph by reading each primitive's `element` aloud. Slow, plain, and the law.

Every other way of running a graph must agree with this one, and this one with eager mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fathom.core import loop
from fathom.core.apply import QUIET
from fathom.core.interpreter import evaluate
from fathom.core.primitive import Primitive
from fathom.core.tracing import Graph


def run(graph: Graph, *inputs: Any) -> list[np.ndarray]:
    """The graph's outputs, given an array for each of its inputs. Primitives that have no element rule
    (see `without_element`) are computed by their eager rule."""
    if len(inputs) != len(graph.inputs):
        raise TypeError(f"the graph takes {len(graph.inputs)} inputs, got {len(inputs)}")
    known = {symbol: np.asarray(x) for symbol, x in zip(graph.inputs, inputs)}
    known |= {symbol: np.asarray(x) for symbol, x in graph.constants}
    for step in graph.steps:
        known[step.output] = compute(step.primitive, [known[x] for x in step.inputs])
    return [known[y] for y in graph.outputs]


def eagerly(
    graph: Graph, inputs: Sequence[np.ndarray], constants: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """The graph's outputs and then its updates, each primitive by its eager rule: for what runs only once, so that
    compiling it would not pay."""
    given = [*graph.inputs, *(symbol for symbol, _ in graph.constants)]
    known = dict(zip(given, [*inputs, *constants], strict=True))
    results = [*graph.outputs, *(value for _, value in graph.updates)]
    last = {x: k for k, step in enumerate(graph.steps) for x in step.inputs}
    kept = {*results, *given}
    for k, step in enumerate(graph.steps):
        y = QUIET.copy().run(step.primitive.eager, np, *[known[x] for x in step.inputs])
        known[step.output] = np.asarray(y, step.output.dtype)
        for x in {*step.inputs, step.output}:
            if last.get(x, k) == k and x not in kept:
                del known[x]  # nobody reads it again
    return [np.array(known[y]) for y in results]


def compute(primitive: Primitive, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """One primitive's output, by its element rule if it has one."""
    try:
        return interpreted(primitive, inputs)
    except NotImplementedError:
        with np.errstate(all="ignore"):
            return np.asarray(primitive.eager(np, *inputs))


def interpreted(primitive: Primitive, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """One primitive's output, by its element rule. Raises NotImplementedError where it has none."""
    at, body = expression(primitive, [(x.shape, x.dtype) for x in inputs])
    arrays = {f"x{k}": x for k, x in enumerate(inputs)}
    return evaluate(body, at, arrays).astype(primitive.dtype(*[x.dtype for x in inputs]))


def expression(
    primitive: Primitive, inputs: Sequence[tuple[tuple[int, ...], np.dtype]]
) -> tuple[list[loop.Index], loop.Expr]:
    """The indices of the output and the scalar expression there, for inputs x0, x1, ... of these
    shapes and dtypes."""
    arrays = [loop.Array(f"x{k}", shape, dtype) for k, (shape, dtype) in enumerate(inputs)]
    at = [loop.Index(size) for size in primitive.shape(*[x.shape for x in arrays])]
    return at, primitive.element(tuple(at), *arrays)


def without_element(graph: Graph) -> list[str]:
    """The names of the graph's primitives that have no element rule."""
    missing = set()
    for step in graph.steps:
        try:
            expression(step.primitive, [(x.shape, x.dtype) for x in step.inputs])
        except NotImplementedError:
            missing.add(type(step.primitive).__name__)
    return sorted(missing)
