"""Each page as a notebook that runs under plain Jupyter, with everything in it resolved.

Code cells are the author's, with their outputs; {explain} is a cell that explains; all else is Markdown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from fathom.explain import explain
from fathom.publish.extension.images import file_of
from fathom.publish.figures import on_paper
from fathom.publish.markdown import Markdown
from fathom.train.files import write_whole

HIDDEN = ("hide-input", "remove-input", "remove-cell", "hide-cell")


def written(app: Sphinx, document: nodes.document, name: str) -> None:
    """Write the notebook of a page into the website, and a link to it at the head of the page."""
    if app.builder.format != "html":
        return
    source = json.loads(Path(app.srcdir, f"{name}.ipynb").read_text(encoding="utf-8"))
    found = list(cells(app, document, name, source["cells"]))
    notebook = {
        "cells": [{"id": f"cell-{k}", **cell} for k, cell in enumerate(found)],
        "metadata": {key: source["metadata"][key] for key in ("kernelspec", "language_info")},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    write_whole(Path(app.outdir, f"{name}.ipynb"), text + "\n")
    link(document, name)


def link(document: nodes.document, name: str) -> None:
    """A link to the notebook under the page's title."""
    title = next(iter(document.findall(nodes.title)), None)
    if title is None:
        return
    file = f"{name.rpartition('/')[2]}.ipynb"
    anchor = f'<p class="notebook-link"><a href="{file}" download>Notebook</a></p>'
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", anchor, format="html"))


def cells(app: Sphinx, document: nodes.document, name: str, given: list[Any]) -> Iterator[Any]:
    """The cells of the notebook, in the order of the page."""
    markdown = Markdown(
        lambda node: numbered(app, name, node), lambda node: file_of(app.srcdir, node)
    )
    done = -1  # the last of the page's code cells that is written
    text: list[str] = []
    for node, level in parts(document, 0):
        markdown.level = level
        index = node.get("cell_index") if isinstance(node, nodes.Element) else None
        if index is None and node.get("explains") is None:
            text.append(markdown.block(node))
            continue
        yield from prose(text)
        text = list(captions(markdown, node))
        if index is None:
            yield explanation(node["explains"])
            continue
        yield from (
            code(cell) for cell in given[done + 1 : index + 1] if cell["cell_type"] == "code"
        )
        done = index
    yield from prose(text)
    yield from (code(cell) for cell in given[done + 1 :] if cell["cell_type"] == "code")


def parts(node: Any, level: int) -> Iterator[tuple[Any, int]]:
    """The parts of a document in order, each with the number of sections that it is in."""
    for child in node.children:
        if isinstance(child, nodes.section):
            yield from parts(child, level + 1)
        elif isinstance(child, nodes.Element):
            yield child, level


def prose(text: list[str]) -> Iterator[Any]:
    """A cell of Markdown, if there is any."""
    whole = "\n\n".join(filter(None, text))
    if whole:
        yield {"cell_type": "markdown", "metadata": {}, "source": whole}


def captions(markdown: Markdown, node: Any) -> Iterator[str]:
    """The captions of the figures that a cell draws, with their numbers."""
    for figure in node.findall(nodes.figure):
        yield from (markdown.block(x) for x in figure.children if isinstance(x, nodes.caption))


def code(cell: Any) -> Any:
    """A code cell without what only the book's tools read; plots on paper, explanations as they were made."""
    tags = [tag for tag in cell["metadata"].get("tags", []) if tag not in HIDDEN]
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if set(cell["metadata"].get("tags", [])) & set(HIDDEN):
        metadata["jupyter"] = {"source_hidden": True}
    return {
        "cell_type": "code",
        "execution_count": cell["execution_count"],
        "metadata": metadata,
        "outputs": [shown(output) for output in cell["outputs"]],
        "source": cell["source"],
    }


def shown(output: Any) -> Any:
    data = output.get("data", {})
    if "image/svg+xml" in data:
        drawing = on_paper("".join(data["image/svg+xml"]))
        return {**output, "data": {**data, "image/svg+xml": drawing}}
    if "fathom-page" in output.get("metadata", {}):
        data = {**data, "text/html": output["metadata"]["fathom-page"]}
        return {**output, "data": data, "metadata": {}}
    return output


def explanation(name: str) -> Any:
    """A cell that explains an operation, with what it shows."""
    e = explain(name)
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [
            {
                "output_type": "display_data",
                "data": {"text/html": e._repr_html_(), "text/plain": e.text(100)},
                "metadata": {},
            }
        ],
        "source": f'import fathom\n\nfathom.explain("{name}")',
    }


def numbered(app: Sphinx, name: str, node: Any) -> str:
    """The number of an equation, or the words and the number of a figure or table; empty without one."""
    equation = isinstance(node, nodes.math_block)
    kind = "displaymath" if equation else "table" if isinstance(node, nodes.table) else "figure"
    numbers = app.env.toc_fignumbers.get(name, {}).get(kind, {})
    found = next((numbers[anchor] for anchor in node["ids"] if anchor in numbers), None)
    if found is None:
        return ""
    number = ".".join(map(str, found))
    return number if equation else app.config.numfig_format[kind] % number
