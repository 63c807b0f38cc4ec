"""A graph in words that say all that its program depends on, so that they can name the program on disk.

Equal words mean equal programs, in every process: the operations with their parameters, the shapes and dtypes, the
numbers that kernels hold, and the compiler itself by the hash of its source. What cannot be put into such words (a
function, an operation that somebody else defined) has no identity, and its program is made anew by each process.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

import fathom.core
from fathom.compiler.graph import number_in
from fathom.core.device import device
from fathom.core.tracing import Graph

PACKAGE = Path(fathom.core.__file__).parent.parent
PARTS = ("core", "compiler", "ops", "methods")  # what a program is made by: operations and passes


class Nameless(Exception):
    """Something has no words that mean the same in every process."""


def identity(graph: Graph) -> str | None:
    """The words for a graph and for the compiler; None where there are none."""
    try:
        return "\n".join([compiler(), *lines(graph)])
    except (Nameless, OSError):
        return None


def lines(graph: Graph) -> Iterator[str]:
    """A line for each input, constant and step, then the results."""
    numbers = {x: k for k, x in enumerate([*graph.inputs, *(c for c, _ in graph.constants)])}
    for x in graph.inputs:
        yield f"input {x.shape} {x.dtype.str}"
    for x, array in graph.constants:
        yield f"constant {x.shape} {x.dtype.str} {number_in(array)!r}"
    for step in graph.steps:
        numbers[step.output] = len(numbers)
        operands = [numbers[x] for x in step.inputs]
        y = step.output
        yield f"{words(step.primitive)} {operands} {y.shape} {y.dtype.str}"
    yield f"outputs {[numbers[y] for y in graph.outputs]}"
    yield f"updates {[(numbers[x], numbers[y]) for x, y in graph.updates]}"


def words(x: Any) -> str:
    """A value that is a parameter of an operation."""
    if x is None or isinstance(
        x, (bool, int, float, complex, str, bytes, np.generic, np.dtype, device)
    ):
        return f"{type(x).__name__} {x!r}"
    if isinstance(x, (tuple, list)):
        return f"({', '.join(map(words, x))})"
    if is_dataclass(x) and type(x).__module__.startswith("fathom."):
        values = [words(getattr(x, field.name)) for field in fields(x)]
        return f"{type(x).__module__}.{type(x).__qualname__}({', '.join(values)})"
    raise Nameless(type(x).__name__)


@functools.cache
def compiler() -> str:
    """The hash of the source of all that makes programs."""
    found = hashlib.sha256()
    for part in PARTS:
        for path in sorted((PACKAGE / part).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()
