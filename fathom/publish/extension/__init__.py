"""What Sphinx learns for the book: typeset formulas, {explain}, {library}, {value}, plots of the theme, notebooks.

Imported by Sphinx alone, which is there only with the extra `book`.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from fathom.publish.extension import notebooks
from fathom.publish.extension.explaining import Explain
from fathom.publish.extension.formulas import in_a_line, on_its_own
from fathom.publish.extension.images import check_descriptions, image
from fathom.publish.extension.library import Library
from fathom.publish.extension.values import value


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("fathom", (in_a_line, None), (on_its_own, None))
    app.add_node(nodes.image, override=True, html=image)
    app.add_directive("explain", Explain)
    app.add_directive("library", Library)
    app.add_role("value", value)
    app.connect("doctree-resolved", check_descriptions)
    app.connect("doctree-resolved", notebooks.written, priority=900)  # when all is resolved
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
