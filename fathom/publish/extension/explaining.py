"""The directive {explain}: an operation in math, code and diagram, and its page to step through.

```{explain} softmax
```
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from fathom.explain import Explanation, explain
from fathom.explain.svg import svg as svg_of
from fathom.publish.figures import unlike
from fathom.publish.frames import FOLDER, frame
from fathom.publish.sources import FORMATTING, without_docstring

FEW = 3  # derivatives; more are for the page to step through
STYLED = re.compile(r"<style>(.*?)</style>", re.DOTALL)


class Explain(SphinxDirective):
    """An operation by name, such as softmax or nn.functional.conv2d."""

    required_arguments = 1
    final_argument_whitespace = False

    def run(self) -> list[nodes.Node]:
        """The three perspectives one below the other, and the step-by-step page folded away."""
        name = self.arguments[0].strip().removeprefix("fathom.")
        try:
            e = explain(name)
        except ValueError as error:
            raise self.error(str(error)) from error
        box = nodes.container("", classes=["explain"], explains=name)
        self.set_source_info(box)
        box += nodes.paragraph("", "", nodes.literal(name, name), classes=["explain-name"])
        box += [self.about(e), *self.math(e), *self.code(e)]
        if e.operations:
            box += [self.diagram(e), self.steps(e)]
        return [box]

    def about(self, e: Explanation) -> nodes.Node:
        """The operation's own sentence."""
        found = nodes.paragraph(classes=["explain-about"])
        for piece in re.split(r"(\$[^$]+\$|`[^`]+`)", e.about):
            inside = piece[1:-1]
            if piece.startswith("$"):
                found += nodes.math(inside, inside)
            elif piece.startswith("`"):
                found += nodes.literal(inside, inside)
            elif piece:
                found += nodes.Text(piece)
        return found

    def math(self, e: Explanation) -> list[nodes.Node]:
        """The formula, and the derivatives where they are few."""
        formulas = [e.formula]
        if e.formula is None and len(e.operations) == 1:
            formulas = [e.operations[0].formula]
        pulls = [pull.formula for operation in e.backward() for pull in operation.pulls]
        if len(pulls) <= FEW:
            formulas += pulls
        found = [self.formula(text) for text in dict.fromkeys(formulas) if text]
        return [heading("Math"), *found] if found else []

    def formula(self, text: str) -> nodes.Node:
        node = nodes.math_block(text, text, nowrap=False, number=None, label=None)
        self.set_source_info(node)
        return node

    def code(self, e: Explanation) -> list[nodes.Node]:
        """Its definition, without the docstring: the page has said that."""
        place = e.definition
        if place is None:
            return []
        text = FORMATTING.sub("", without_docstring(place.text))
        where = nodes.paragraph(
            "", "", nodes.inline("", f"{place.file}, line {place.line}", classes=["place"])
        )
        return [heading("Code"), where, nodes.literal_block(text, text, language="python")]

    def diagram(self, e: Explanation) -> nodes.Node:
        """The computation of its small example, as boxes."""
        svg = svg_of(e, use_dot=False)  # the same drawing on every computer
        prefix = (
            f"d{hashlib.sha256(svg.encode()).hexdigest()[:6]}-{self.env.new_serialno('fathom')}-"
        )
        # The drawing's style is for a file of its own; in a page it must not reach anything else.
        scoped = STYLED.sub(
            lambda m: f"<style>.computation {{{m[1]}}}</style>", unlike(svg, prefix)
        )
        drawing = nodes.raw("", f'<div class="computation">{scoped}</div>', format="html")
        return nodes.container("", heading("Diagram"), drawing, classes=["explain-diagram"])

    def steps(self, e: Explanation) -> nodes.Node:
        """The page on which one steps through the numbers, folded."""
        text = e.html()
        name = f"{FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:16]}.html"
        place = Path(self.env.srcdir, "_extra", name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        above = "../" * self.env.docname.count("/")
        return nodes.raw(
            "",
            "<details class='steps'><summary>Step through its numbers</summary>"
            f"{frame(above + name, e.title)}</details>",
            format="html",
        )


def heading(text: str) -> nodes.Node:
    """The name of a perspective; no section, so that it is in no table of contents."""
    return nodes.paragraph("", text, classes=["perspective"])
