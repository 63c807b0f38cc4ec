"""Which names of fathom occur on which page: what an explanation needs to say where the book uses it.

    {"fathom.softmax": [{"page": "lenet", "title": "LeNet learns to see", "section": "The loss"}], ...}

Names are read from the code, which is parsed and not run: `nn.Linear` after `from fathom import nn` is
fathom.nn.Linear. {explain} names what it explains.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fathom.publish.pages import Page, headings, pages

EXPLAIN = re.compile(r"^\s*(?:`{3,}|:{3,})\{explain\}\s*([\w.]+)", re.MULTILINE)
Place = dict[str, str]


def index(book: Path) -> dict[str, list[Place]]:
    """The names of a book's folder, sorted, each with its places in the order of the pages."""
    found: dict[str, list[Place]] = {}
    for page in pages(book):
        for name, section in uses(page):
            place = {"page": page.name, "title": spoken(page.title), "section": spoken(section)}
            places = found.setdefault(name, [])
            if place not in places:
                places.append(place)
    return dict(sorted(found.items()))


def uses(page: Page) -> Iterator[tuple[str, str]]:
    """The names that a page uses, each with the heading that it stands under."""
    titles = headings(page)
    known: dict[str, str] = {}  # what the page's own names stand for
    for number, cell in enumerate(page.cells):
        above = [text for place, _, text in titles if place < number]
        section = above[-1] if above else page.title
        if cell.cell_type == "code":
            yield from ((name, section) for name in names_in(cell.source, known))
            continue
        for line in cell.source.split("\n"):
            here = [text for place, _, text in titles if place == number and line.endswith(text)]
            section = here[0] if here and line.startswith("#") else section
            if found := EXPLAIN.match(line):
                yield f"fathom.{found[1].removeprefix('fathom.')}", section


def names_in(code: str, known: dict[str, str]) -> list[str]:
    """The full names in some code, each once. `known` is what was imported before; imports are added to it.

    >>> from fathom.publish.index import names_in
    >>> names_in("from fathom import nn\\nnet = nn.Linear(2, 1)", {})
    ['fathom.nn.Linear']
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a magic of IPython
        return []
    for node in ast.walk(tree):
        known.update(imported(node))
    found: dict[str, None] = {}
    inner: set[int] = set()  # what is a part of a longer name: fathom.nn in fathom.nn.Linear
    for node in ast.walk(tree):  # from the outside in
        name = full_name(node, known) if isinstance(node, ast.expr) else None
        if name is None or id(node) in inner:
            continue
        inner |= {id(below) for below in ast.walk(node)}
        if "." in name:
            found[name] = None
    return list(found)


def imported(node: ast.AST) -> dict[str, str]:
    """The names that an import of fathom makes, and what they stand for."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or "fathom": alias.name if alias.asname else "fathom"
            for alias in node.names
            if alias.name.split(".")[0] == "fathom"
        }
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "fathom":
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {}


def full_name(node: ast.expr, known: dict[str, str]) -> str | None:
    """fathom.nn.Linear for `nn.Linear`; None for what is no name of fathom."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        above = full_name(node.value, known)
        return None if above is None else f"{above}.{node.attr}"
    return None


def spoken(heading: str) -> str:
    """A heading without its marks: `x` as x, *x* as x."""
    return re.sub(
        r"[`*]", "", re.sub(r"\{\w+(?::\w+)?\}`([^`<]*)(?:<[^`]*>)?`", r"\1", heading)
    ).strip()
