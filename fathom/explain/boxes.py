"""The diagram as boxes and arrows: what a static picture shows of a computation.

A small computation is shown operation by operation, a large one module by module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fathom.explain.figures import short, sizes
from fathom.explain.parts import Explanation, Figures, Group, Operation, Value

FEW = 40


@dataclass(eq=False)
class Box:
    """A step, or a value that is known before. kind: "operation", "group", "input", "parameter" or "constant"."""

    kind: str
    title: str
    lines: list[str]
    gradient: str = ""
    sources: list[Box] = field(default_factory=list)


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
    if isinstance(part, Operation):
        return Box("operation", part.name, lines, gradient)
    title = (
        f"{part.path} {part.name}" if part.path and not part.path.endswith(part.name) else part.name
    )
    if part.parameters:
        lines.append(f"{part.parameters:,} parameters")
    return Box("group", title, lines, gradient)


def leaf(value: Value) -> Box:
    return Box(value.role, value.name, [shape_and_value(value.figures)], said_gradient(value))


def said_gradient(value: Value) -> str:
    return "" if value.gradient is None else f"gradient {numbers(value.gradient)}"


def shape_and_value(figures: Figures) -> str:
    """0.49 of a scalar, else 3 × 4 · and its range."""
    said = numbers(figures)
    return said if not figures.shape else f"{sizes(figures.shape)} · {said}"


def numbers(figures: Figures) -> str:
    """Up to three numbers, or the range."""
    if figures.values is not None and figures.values.size <= 3:
        return ", ".join(short(x, 3) for x in figures.values.reshape(-1).tolist())
    if figures.low is None or figures.high is None:
        return ""
    return f"{short(figures.low, 2)} … {short(figures.high, 2)}"
