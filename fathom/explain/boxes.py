"""The diagram as boxes and arrows: what a static picture shows of a computation.

A small computation is shown operation by operation, a large one module by module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fathom.explain.figures import short, sizes
from fathom.explain.parts import Explanation, Figures, Group, Operation, Value

FEW = 40
SHOWN = 4  # numbers that a box shows one by one
TILES = 4  # pictures in a box


@dataclass(eq=False)
class Box:
    """A step, or a value that is known before. kind: "operation", "group", "input", "parameter" or "constant"."""

    kind: str
    title: str
    lines: list[str]
    gradient: str = ""
    sources: list[Box] = field(default_factory=list)
    tiles: list[np.ndarray] = field(
        default_factory=list
    )  # a picture of the value, where numbers are too many
    operation: Operation | None = None  # what it shows: one step, or
    value: Value | None = None  # a value that is known before


def boxes(explanation: Explanation) -> list[Box]:
    """The boxes, each after those that it reads."""
    if not explanation.operations:  # made from nothing that is a tensor
        return [leaf(value) for value in explanation.values]
    full = len(explanation.operations) <= FEW
    found: list[Box] = []
    makers: dict[int, Box] = {}  # by number of the value
    for part in steps(explanation.root, full):
        operations = [part] if isinstance(part, Operation) else list(part.operations())
        box = box_of(part, operations)
        read = dict.fromkeys(v for o in operations for v in o.inputs if v.constant is None)
        made = {o.output for o in operations}
        for value in read:
            if value.number not in makers and value not in made and (full or value.role == "input"):
                makers[value.number] = leaf(value)
                found.append(makers[value.number])
        box.sources = list(dict.fromkeys(makers[v.number] for v in read if v.number in makers))
        makers |= {value.number: box for value in made}
        found.append(box)
    return found


def steps(group: Group, full: bool) -> Iterator[Operation | Group]:
    """The parts that get a box: all operations, or the innermost modules."""
    for child in group.children:
        inner = isinstance(child, Group) and any(
            isinstance(c, Group) and c.kind == "module" for c in child.children
        )
        if isinstance(child, Group) and (full or inner):
            yield from steps(child, full)
        else:
            yield child


def box_of(part: Operation | Group, operations: list[Operation]) -> Box:
    out = operations[-1].output
    lines = [shape_and_value(out.figures)]
    gradient = said_gradient(out)
    tiles = tiles_of(out.figures)
    if isinstance(part, Operation):
        return Box("operation", name_of(part), lines, gradient, tiles=tiles, operation=part)
    title = (
        f"{part.path} {part.name}" if part.path and not part.path.endswith(part.name) else part.name
    )
    if part.parameters:
        lines.append(f"{part.parameters:,} parameters")
    return Box("group", title, lines, gradient, tiles=tiles)


def name_of(part: Operation) -> str:
    """What a box is called: a primitive as its function, anything else as it is."""
    is_primitive = part.definition is not None and part.definition.file.startswith("fathom/ops/")
    return spoken(part.name) if is_primitive else part.name


def spoken(name: str) -> str:
    """A name of a primitive as its function is called: amax for Amax, scatter_add for ScatterAdd.

    >>> spoken("ScatterAdd"), spoken("BatchNorm2d"), spoken("matmul")
    ('scatter_add', 'batch_norm2d', 'matmul')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def leaf(value: Value) -> Box:
    lines = [shape_and_value(value.figures)]
    tiles = tiles_of(value.figures)
    return Box(value.role, value.name, lines, said_gradient(value), tiles=tiles, value=value)


def said_gradient(value: Value) -> str:
    return "" if value.gradient is None else f"grad {numbers(value.gradient)}"


def shape_and_value(figures: Figures) -> str:
    """All the numbers where they are few, else 3 × 4 and their range."""
    said = numbers(figures)
    return said if is_short(figures) else f"{sizes(figures.shape)} · {said}".rstrip(" ·")


def is_short(figures: Figures) -> bool:
    """Whether its numbers can stand in a line: a scalar, a vector or a matrix of a few."""
    return figures.values is not None and figures.values.size <= SHOWN and len(figures.shape) <= 2


def numbers(figures: Figures) -> str:
    """Up to four numbers, or the range."""
    if figures.values is not None and is_short(figures):
        return bracketed(figures.values.tolist())
    if figures.low is None or figures.high is None:
        return ""
    return f"{minus(figures.low, 2)} … {minus(figures.high, 2)}"


def bracketed(x: Any) -> str:
    """[0.5, −1] of a vector, [[1], [2]] of a matrix."""
    return f"[{', '.join(map(bracketed, x))}]" if isinstance(x, list) else minus(x, 3)


def minus(value: float, digits: int) -> str:
    """A number with the sign that mathematics has."""
    return short(value, digits).replace("-", "−")


def tiles_of(figures: Figures) -> list[np.ndarray]:
    """A few matrices (H, W) that show a value; none where its numbers are shown, or where it has none."""
    if is_short(figures) or not figures.shape:
        return []
    if figures.values is not None:
        rows = figures.values.reshape(
            (-1, *figures.shape[-2:]) if len(figures.shape) > 1 else (1, 1, -1)
        )
        return [np.asarray(tile, np.float64) for tile in rows[:TILES]]
    return [] if figures.picture is None else list(figures.picture[:TILES])
