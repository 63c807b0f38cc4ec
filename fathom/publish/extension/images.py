"""Pictures: drawings in SVG become part of the page, in the theme's colours; each picture has a description."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from fathom.publish.figures import inlined

LOGGER = logging.getLogger(__name__)


def visit_image(writer: Any, node: nodes.image) -> None:
    """An SVG as an element of the page; every other picture as Sphinx writes it."""
    if not node["uri"].lower().endswith(".svg") or "://" in node["uri"]:
        HTML5Translator.visit_image(writer, node)
        return
    file = file_of(writer.builder.srcdir, node)
    writer.builder.images.pop(node["uri"], None)  # no page needs the file any more
    prefix = f"f{hashlib.sha256(node['uri'].encode()).hexdigest()[:6]}-{numbered(writer)}-"
    drawing = inlined(file.read_text(encoding="utf-8"), prefix, description(node))
    writer.body.append(f'<div class="drawing">{drawing}</div>')


def depart_image(writer: Any, node: nodes.image) -> None:
    """Nothing is open."""


image = (visit_image, depart_image)


def numbered(writer: Any) -> int:
    """How many drawings the page has by now."""
    writer.drawings = getattr(writer, "drawings", 0) + 1
    return writer.drawings


def file_of(folder: Any, node: nodes.image) -> Path:
    """The file of a picture."""
    return Path(folder, node["uri"].lstrip("/"))


def description(node: nodes.image) -> str:
    """What a picture shows, in words: its alt text, or else the caption of its figure."""
    if node.get("alt"):
        return node["alt"]
    figure = node.parent
    while figure is not None and not isinstance(figure, nodes.figure):
        figure = figure.parent
    captions = (
        [] if figure is None else [x for x in figure.children if isinstance(x, nodes.caption)]
    )
    return captions[0].astext() if captions else ""


def check_descriptions(app: Sphinx, document: nodes.document, name: str) -> None:
    """A picture that nobody described is a warning: a reader who cannot see it would have nothing."""
    for node in document.findall(nodes.image):
        if not description(node):
            LOGGER.warning(
                "a picture without a description; give its cell `mystnb: image: alt:` or a caption",
                location=node,
                type="fathom",
                subtype="alt",
            )
