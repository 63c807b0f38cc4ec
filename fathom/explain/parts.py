"""The parts of an explanation: plain data, one tree. Renderers read it and compute nothing.

    Explanation
      Group                 a module, or a function that was called; holds groups and operations
        Operation           one primitive: math, code, numbers
          Value             what it read and what it made, with the gradient that arrived there
          Pull              one edge of the backward pass: from the operation to one of its inputs

Formulas are LaTeX, in the subset that `explain.mathml` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_SECTIONS = 3  # of a page of the book that are named


@dataclass(eq=False)
class Figures:
    """A tensor in numbers: all of them where they are few, else a picture; and their range.

    `picture` is a grid of 2-D tiles, averaged down to a size that a page can show.
    """

    shape: tuple[int, ...]
    dtype: str
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    values: np.ndarray | None = None
    picture: np.ndarray | None = None
    odd: int = 0  # how many are NaN or infinite


@dataclass(frozen=True)
class Place:
    """Where code stands: the file, the number of its first line, its text, and what it defines."""

    file: str
    line: int
    text: str
    name: str = ""


@dataclass(eq=False)
class Arrival:
    """One gradient that arrived at a value: from which operation (None: the start), and its numbers."""

    maker: Operation | None
    figures: Figures

    @property
    def source(self) -> str:
        """Where it came from, in words."""
        return "the start" if self.maker is None else self.maker.output.name


@dataclass(eq=False, repr=False)
class Value:
    """A tensor of the computation.

    role  "input", "parameter", "constant" (known before) or "result" (of an operation)
    """

    number: int
    name: str
    role: str
    figures: Figures
    maker: Operation | None = None
    readers: list[Operation] = field(default_factory=list)
    gradient: Figures | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    added: str = ""  # the accumulation written out: 0.2 + 0.3 = 0.5
    wanted: bool = False  # a gradient is computed here
    constant: float | None = (
        None  # the number, where it is one everywhere: a formula shows it in its place
    )

    def __repr__(self) -> str:  # short: the parts hold each other
        return f"<{self.role} {self.name}>"


@dataclass(frozen=True)
class Check:
    """A gradient held against a central difference along a random direction.

    error  |g . dx - (f(x + h dx) - f(x - h dx)) / 2h| / |g|
    kink   the one-sided differences part here, so that no derivative exists: any slope between is right
    """

    error: float
    kink: bool

    def text(self) -> str:
        """The check in words."""
        if self.kink:
            return "no derivative here: the slopes to the left and to the right differ"
        return f"finite difference agrees to {self.error:.1e}"


@dataclass(eq=False)
class Pull:
    """One edge of the backward pass: the gradient that an operation gives to one of its inputs.

    formula  the gradient of the input: the arriving gradient times the local derivative
    partial  the local derivative of an elementwise operation
    local    its numbers: of an elementwise operation one for each element; of others, where they are
             few, the Jacobian matrix, a row for each element of the output
    worked   elements of the product with the numbers in place
    """

    to: Value
    letter: str
    product: Figures
    formula: str | None = None
    partial: str | None = None
    local: Figures | None = None
    local_is_jacobian: bool = False
    worked: list[str] = field(default_factory=list)
    check: Check | None = None


@dataclass(eq=False, repr=False)
class Operation:
    """One primitive, applied: y = primitive(*inputs)."""

    number: int  # its turn in the forward pass, from 1
    name: str  # of the function that was called, or of the primitive
    primitive: str
    letters: list[str]  # of the inputs, in formulas
    inputs: list[Value]
    output: Value
    formula: str | None = None
    worked: list[str] = field(default_factory=list)
    about: str = ""  # the primitive's own sentence
    line: Place | None = None  # the user's
    definition: Place | None = None
    group: Group | None = None
    turn: int | None = None  # in the backward pass, from 1
    arrived: Figures | None = None
    pulls: list[Pull] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<{self.number} {self.name}: {self.primitive}>"


@dataclass(eq=False, repr=False)
class Group:
    """What happened inside one call of a module or of a function of fathom.

    kind  "module", "function", or "" for the whole computation
    """

    name: str
    kind: str
    path: str
    children: list[Group | Operation] = field(default_factory=list)
    place: Place | None = None
    line: Place | None = None  # from where it was called
    parameters: int = 0

    def __repr__(self) -> str:
        return f"<{self.kind or 'all'} {self.path or self.name} of {len(self.children)}>"

    def operations(self) -> Iterator[Operation]:
        """All operations inside, in order."""
        for child in self.children:
            if isinstance(child, Group):
                yield from child.operations()
            else:
                yield child


@dataclass(frozen=True)
class Use:
    """A place in the book: the page's short name, its title, and the section, if it has one."""

    page: str
    title: str
    section: str = ""


def by_title(uses: Iterable[Use]) -> dict[str, str]:
    """The titles of the pages, each with its sections in words: "The loss · One step and 2 more"."""
    sections: dict[str, list[str]] = {}
    for use in uses:
        sections.setdefault(use.title, []).extend([use.section] if use.section else [])
    return {
        title: " · ".join(found[:MOST_SECTIONS])
        + (f" and {len(found) - MOST_SECTIONS} more" if len(found) > MOST_SECTIONS else "")
        for title, found in sections.items()
    }


@dataclass(eq=False, repr=False)
class Explanation:
    """Math, code, diagram and numbers of one computation, or of one operation.

    Show it with `print`, as the last line of a notebook's cell, or `save` it: the ending of the file's
    name says how (.html, .svg, .tex, .txt).
    """

    title: str
    about: str
    root: Group
    values: list[Value]
    operations: list[Operation]
    outputs: list[Value]
    definition: Place | None = None  # of what is explained
    formula: str | None = None  # of what is explained, from its docstring
    seed: str = ""  # in words, with which gradient the backward pass began
    details: list[str] = field(default_factory=list)  # what else its docstring says
    shapes: str = ""  # of the example
    session: str = ""  # the example as one would type it, with the answer
    uses: list[Use] = field(default_factory=list)  # where the book uses it

    def backward(self) -> list[Operation]:
        """The operations in the order of the backward pass."""
        return sorted((o for o in self.operations if o.turn), key=lambda o: o.turn or 0)

    def find(self, name: str) -> Operation:
        """The first operation of this name, such as "exp" or "Exp"; raises KeyError where there is none."""
        for operation in self.operations:
            if name in (operation.name, operation.primitive.split("(")[0]):
                return operation
        names = ", ".join(dict.fromkeys(operation.name for operation in self.operations))
        raise KeyError(f"no operation is called {name!r}; there are {names}")

    def value(self, name: str) -> Value:
        """The value of this name, such as "x" or "fc1.weight"; raises KeyError where there is none."""
        for value in self.values:
            if value.name == name:
                return value
        raise KeyError(
            f"no value is called {name!r}; there are {', '.join(v.name for v in self.values)}"
        )

    def text(self, width: int = 100, color: bool = False) -> str:
        """As text for a terminal."""
        from fathom.explain.text import text

        return text(self, width, color)

    def html(self) -> str:
        """As one page that needs nothing else: no network, no other file."""
        from fathom.explain.html import html

        return html(self)

    def svg(self) -> str:
        """The diagram of the computation."""
        from fathom.explain.svg import svg

        return svg(self)

    def latex(self) -> str:
        """The mathematics, as a document for LaTeX."""
        from fathom.explain.tex import latex

        return latex(self)

    def save(self, path: Any) -> None:
        """Write it to a file; its ending says in which form."""
        from fathom.explain.save import save

        save(self, path)

    def _repr_html_(self) -> str:
        from fathom.explain.html import framed

        return framed(self)

    def __repr__(self) -> str:
        return self.text()
