"""Numbers in the prose: {value}`accuracy:.1%` is the value of an expression after the last cell above it.

An expression may be followed by a colon and a format, as in an f-string. It is evaluated where the page
runs, so a sentence cannot disagree with the program that it speaks of.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fathom.publish.errors import BookError
from fathom.publish.pages import Page, prose_lines

ROLE = re.compile(r"\{value\}`([^`\n]+)`")
CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
SPECIAL = re.compile(r"([\\`|])")


@dataclass(frozen=True)
class Value:
    """An expression in the prose: the number of its cell, its line there, and how it is written out."""

    cell: int
    line: int
    expression: str
    form: str

    @property
    def code(self) -> str:
        """Python that says it."""
        return f"format(({self.expression}), {self.form!r})"


def values_of(page: Page) -> dict[int, list[Value]]:
    """The values of a page, by the number of the code cell after which they are evaluated.

    Raises BookError for what is no expression, and for values above the first code cell.
    """
    found: dict[int, list[Value]] = {}
    last = -1
    for number, cell in enumerate(page.cells):
        if cell.cell_type == "code":
            last = number
        for line, text in written(cell):
            for role in roles(text):
                try:
                    expression, form = split(role)
                except ValueError as error:
                    raise BookError(f"{page.where(number, line)}: {error}") from error
                if last < 0:
                    raise BookError(
                        f"{page.where(number, line)}: {{value}}`{role}` stands above the first code cell, "
                        "where nothing is computed yet"
                    )
                found.setdefault(last, []).append(Value(number, line, expression, form))
    return found


def written(cell: Any) -> list[tuple[int, str]]:
    """The prose of a cell, line by line: the text of a Markdown cell, the caption of a code cell's figure."""
    if cell.cell_type == "code":
        return [(0, caption(cell))]
    lines = prose_lines(cell.source)
    return [(k + 1, line) for k, (line, prose) in enumerate(lines) if prose]


def caption(cell: Any) -> str:
    """The caption of the figure that a code cell draws; empty where there is none."""
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    return figure.get("caption") or ""


def roles(text: str) -> Iterator[str]:
    """What stands in the value roles of a text; a role shown as code is none.

    >>> from fathom.publish.values import roles
    >>> list(roles("{value}`a` of {value}`b:.2f`, see ``{value}`c` ``"))
    ['a', 'b:.2f']
    """
    for match in replaceable(text):
        yield match[1]


def replaceable(text: str) -> list[re.Match[str]]:
    """The value roles of a text, in order."""
    shown = [
        found.span()
        for found in CODE.finditer(text)
        if not text[: found.start()].endswith("}")  # it belongs to a role
    ]
    return [
        role
        for role in ROLE.finditer(text)
        if not any(start < role.start() < end for start, end in shown)
    ]


def replaced(text: str, says: Callable[[str], str]) -> str:
    """The text with each role replaced by what `says` makes of its inside."""
    pieces, at = [], 0
    for role in replaceable(text):
        pieces += [text[at : role.start()], says(role[1])]
        at = role.end()
    return "".join([*pieces, text[at:]])


def as_role(text: str) -> str:
    """The role again, now around the computed text, for Sphinx."""
    plain = SPECIAL.sub(r"\\\1", text.replace("\n", " ")) or " "
    return f"{{value}}`{plain}`"


def split(role: str) -> tuple[str, str]:
    """An expression and its format. Raises ValueError where the one cannot be parsed.

    >>> from fathom.publish.values import split
    >>> split("accuracy:.1%"), split("x[1:2]"), split("x[1:2]:,")
    (('accuracy', '.1%'), ('x[1:2]', ''), ('x[1:2]', ','))
    """
    expression, colon, form = role.rpartition(":")
    candidates = [(role, ""), (expression, form)] if colon else [(role, "")]
    for expression, form in candidates:
        try:
            ast.parse(expression.strip(), mode="eval")
        except SyntaxError:
            continue
        return expression.strip(), form
    raise ValueError(f"{{value}}`{role}` is no expression of Python")
