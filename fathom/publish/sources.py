"""The library's own lines: the source of a function, class, method or module by its full name."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from dataclasses import dataclass
from typing import Any

from fathom.explain.source import shown

FORMATTING = re.compile(
    r"[ \t]*# fmt: (?:skip|on|off)$", re.MULTILINE
)  # a word to a tool, not to a reader


@dataclass(frozen=True)
class Lines:
    """Lines of a file of fathom, and where they stand: "fathom/core/tape.py, lines 12-40"."""

    text: str
    place: str


def lines_of(name: str, part: str | None = None, docstring: bool = True) -> Lines:
    """The source of what has this name.

    part  lines of it, counted from 1 and as the page shows them: "3-9", "12-" or "1-4, 9-"

    Raises ValueError for a name that fathom does not have, and for lines that are not there.

    >>> from fathom.publish.sources import lines_of
    >>> print(lines_of("fathom.ops.exponential.Exp.eager").text)
    def eager(self, xp, x):
        return xp.exp(x)
    """
    thing = inspect.unwrap(found(name))
    try:
        lines, start = inspect.getsourcelines(thing)
    except (OSError, TypeError) as error:
        raise ValueError(f"library: {name} has no source in Python") from error
    text = FORMATTING.sub("", textwrap.dedent("".join(lines)).rstrip())
    if not docstring:
        text = without_docstring(text)
    if part:
        text = chosen(text, part, name)
    first = max(start, 1)
    place = f"{shown(inspect.getsourcefile(thing) or '')}, line {first}"
    return Lines(text, place)


def found(name: str) -> Any:
    """What a full name names: a module, or something in one."""
    parts = name.split(".")
    if parts[0] != "fathom":
        raise ValueError(f"library: {name} is not a name of fathom; write it out, from fathom on")
    thing: Any = importlib.import_module("fathom")
    for k, part in enumerate(parts[1:], start=2):
        path = ".".join(parts[:k])
        own = getattr(thing, part, None)
        # A function may be called as its module is: at the end of the name it is the function that is meant.
        thing = own if k == len(parts) and own is not None else submodule(path) or own
        if thing is None:
            raise ValueError(f"library: there is no {path} (in {name})")
    return thing


def submodule(path: str) -> Any:
    """The module of this name, or None."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is not None and (path == error.name or path.startswith(f"{error.name}.")):
            return None
        raise


def without_docstring(text: str) -> str:
    """A definition without the docstrings in it; a body that is nothing else keeps it."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a part of a statement
        return text
    lines = text.split("\n")
    doomed: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.Module):
            continue
        if ast.get_docstring(node, clean=False) is None or len(node.body) == 1:
            continue
        first = node.body[0]
        doomed |= set(range(first.lineno - 1, first.end_lineno or first.lineno))
        after = first.end_lineno or first.lineno
        if after < len(lines) and not lines[after].strip():
            doomed.add(after)  # the empty line behind it
    return "\n".join(line for k, line in enumerate(lines) if k not in doomed)


def chosen(text: str, part: str, name: str) -> str:
    """Some of the lines; where some are left out between others, an ellipsis says so."""
    lines = text.split("\n")
    pieces = []
    for piece in part.split(","):
        first, dash, last = piece.strip().partition("-")
        try:
            start = int(first or 1)
            end = int(last or len(lines)) if dash else start
        except ValueError as error:
            raise ValueError(
                f"library: {piece.strip()!r} are no lines; write 3-9 or 12-"
            ) from error
        if not 1 <= start <= end <= len(lines):
            raise ValueError(f"library: {name} has lines 1-{len(lines)}, not {piece.strip()}")
        pieces.append("\n".join(lines[start - 1 : end]))
    return textwrap.dedent("\n...\n".join(pieces))
