"""An explanation for a terminal: the steps forward with their formulas and numbers, then the gradients backward.

A small computation is told in full; of a large one each module is one line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from fathom.explain.figures import short, sizes
from fathom.explain.parts import Explanation, Figures, Group, Operation, Pull, Value, by_title
from fathom.explain.plain import plain
from fathom.styled import Line, shown

FEW = 40  # operations that are told in full


def text(explanation: Explanation, width: int = 100, color: bool = False) -> str:
    """The explanation in lines of at most `width` characters, in colour if asked."""
    return shown(lines(explanation, width), width, color, cut=True)


def lines(e: Explanation, width: int) -> Iterator[Line]:
    yield [(e.title, "bold")]
    yield from wrapped(e.about, width)
    if e.formula:
        yield [("  " + readable(e.formula), "bold")]
    for paragraph in e.details:
        yield from wrapped(paragraph, width)
    if e.session:
        yield []
        yield [("Example", "bold"), (f"  {e.shapes}", "dim")]
        yield from ([("  " + line, "")] for line in e.session.splitlines())
    if e.uses:
        yield []
        yield [("In the book", "bold")]
        for title, sections in by_title(e.uses).items():
            yield [(f"  {title}", ""), (f"  {sections}", "dim")]
    if not e.operations:
        return
    full = len(e.operations) <= FEW
    yield []
    yield [("Forward", "bold blue")]
    inputs = [
        v
        for v in e.values
        if v.role in ("input", "parameter") or (v.role == "constant" and v.constant is None)
    ]
    if full:
        for value in inputs:
            yield [
                ("     ", ""),
                (value.name, "green"),
                (f"  {value.role}, {described(value.figures)}", "dim"),
            ]
    yield from forward(e.root, 0, full)
    backward = e.backward()
    if not backward:
        return
    yield []
    yield [("Backward", "bold red"), (f"  {e.seed}", "dim")]
    if full:
        for operation in backward:
            for pull in operation.pulls:
                yield from pulled(operation, pull)
    for value in inputs:
        if value.gradient is not None:
            yield from arrived(value)


def wrapped(paragraph: str, width: int) -> Iterator[Line]:
    """A paragraph in lines; one that is laid out already stays so."""
    if "\n" in paragraph:
        yield from ([("  " + without_marks(line), "")] for line in paragraph.splitlines())
    else:
        yield from ([(line, "")] for line in textwrap.wrap(without_marks(paragraph), width))


def forward(group: Group, depth: int, full: bool) -> Iterator[Line]:
    """The steps of a group, one below the other."""
    for child in group.children:
        if isinstance(child, Operation):
            yield from step(child, depth, full)
            continue
        name = child.path or child.name
        kind = f" {child.name}" if child.path and child.path != child.name else ""
        closed = not full and not any(
            isinstance(c, Group) and c.kind == "module" for c in child.children
        )
        line: Line = [("     " + "  " * depth, ""), (name, "bold"), (kind, "dim")]
        if closed:
            last = list(child.operations())[-1]
            line += [(f"  {described(last.output.figures)}", "")]
        if child.parameters:
            line += [(f"  {child.parameters:,} parameters", "green")]
        yield line
        if not closed:
            yield from forward(child, depth + 1, full)


def step(operation: Operation, depth: int, full: bool) -> Iterator[Line]:
    """One operation: its name and formula, the numbers, the line that asked for it."""
    indent = "  " * depth
    formula = plain(operation.formula) if operation.formula else operation.primitive
    read = ", ".join(
        f"{letter} = {value.name}"
        for letter, value in zip(operation.letters, operation.inputs)
        if value.constant is None
    )
    yield [
        (f"{operation.number:>4} {indent}", "dim"), (operation.name, "bold"), (f"  {formula}", "blue"),
        (f"  where {read}" if full and read else "", "dim"),
        ("" if full else f"  {described(operation.output.figures)}", ""),
    ]  # fmt: skip
    if not full:
        return
    margin = "     " + indent + "  "
    for line in operation.worked[:3]:
        yield [(margin + plain(line), "")]
    if not operation.worked:
        yield [(margin + described(operation.output.figures), "")]
    if operation.line and operation.line.text:
        yield [
            (f"{margin}{operation.line.file}:{operation.line.line}  {operation.line.text}", "dim")
        ]


def pulled(operation: Operation, pull: Pull) -> Iterator[Line]:
    """One edge: from the operation to its input, local derivative, product, check."""
    line: Line = [
        (f"{operation.number:>4} ", "dim"),
        (operation.name, "bold"),
        (f" → {pull.to.name}", ""),
    ]
    if pull.partial:
        line.append((f"  {plain(pull.partial)}", "red"))
    if pull.formula:
        line.append((f"  {plain(pull.formula)}", "red"))
    yield line
    for worked in pull.worked[:3]:
        yield [("       " + plain(worked), "")]
    if not pull.worked:
        yield [("       " + described(pull.product), "")]
    if pull.check:
        yield [("       " + pull.check.text(), "dim")]


def arrived(value: Value) -> Iterator[Line]:
    """The gradient of an input or parameter, and how it added up."""
    count = len(value.arrivals)
    total = f"  {count} gradients add up" if count > 1 else ""
    yield [
        ("     ", ""),
        (value.name, "green"),
        ("  gradient ", "dim"),
        (described(value.gradient), ""),
        (total, "dim"),
    ]
    if value.added:
        yield [("       " + plain(value.added), "")]


def described(figures: Figures | None) -> str:
    """A tensor in a few words: its numbers where they are few, else shape and range."""
    if figures is None:
        return ""
    if figures.values is not None and figures.values.size <= 6:
        return nested(figures.values.tolist())
    if figures.low is None or figures.mean is None or figures.high is None:
        return sizes(figures.shape)
    return f"{sizes(figures.shape)}, {short(figures.low, 3)} … {short(figures.high, 3)}, mean {short(figures.mean, 3)}"


def nested(x: Any) -> str:
    return f"[{', '.join(map(nested, x))}]" if isinstance(x, list) else short(x)


def readable(formula: str) -> str:
    """A formula of a docstring, as it stands where it is beyond the subset."""
    try:
        return plain(formula)
    except ValueError:
        return formula


def without_marks(sentence: str) -> str:
    """A docstring's sentence with its formulas in plain text."""
    pieces = sentence.split("$")
    return "".join(readable(p) if k % 2 else p.replace("`", "") for k, p in enumerate(pieces))
