"""A page as Sphinx resolved it, written as plain Markdown: what a notebook's cells hold.

    {numref}`fig-x`  ->  Figure 2.1        {eq}`chain`  ->  (2.3)        {cite:p}`lecun1998`  ->  (LeCun et al., 1998)

The tree has no role and no directive left, so nothing of the book's own notation can reach the reader. A kind
of node that has no method here is an error, not a gap.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fathom.publish.errors import BookError

SPECIAL = re.compile(r"([\\`*_\[\]<>$])")
PLAIN = (
    "inline",
    "number_reference",
    "download_reference",
    "generated",
    "abbreviation",
    "math_number",
)
THROUGH = ("compound", "compact_paragraph", "legend", "citation_list", "block_quote_text")
SILENT = (
    "comment", "target", "index", "substitution_definition", "pending", "toctree", "only", "meta", "colspec",
    "system_message", "problematic",
)  # fmt: skip
NOTES = (
    "note", "warning", "tip", "hint", "important", "caution", "danger", "attention", "error", "seealso",
    "admonition", "topic", "sidebar",
)  # fmt: skip


class Markdown:
    """Writes nodes of a document as Markdown.

    number    of an equation's node, its number
    picture   the file of an image's node
    level     how many sections the current node is in
    """

    def __init__(self, number: Callable[[Any], str], picture: Callable[[Any], Path]):
        self.number = number
        self.picture = picture
        self.level = 0

    def block(self, node: Any) -> str:
        """A node that stands on lines of its own; empty for what shows nothing."""
        name = type(node).__name__
        if name in SILENT:
            return ""
        if name in NOTES:
            return self.note(node)
        if name in THROUGH:
            return self.blocks(node)
        writes = getattr(self, f"block_{name}", None)
        if writes is None:
            raise BookError(
                f"{node.source}:{node.line}: a notebook cannot show {name}; teach fathom/publish/markdown.py"
            )
        return writes(node)

    def blocks(self, node: Any) -> str:
        return "\n\n".join(text for child in node.children if (text := self.block(child)))

    def line(self, node: Any) -> str:
        """What stands within a line, of all children."""
        return "".join(self.word(child) for child in node.children)

    def word(self, node: Any) -> str:
        """One thing within a line."""
        name = type(node).__name__
        if name == "Text":
            return SPECIAL.sub(r"\\\1", node.astext())
        if name in SILENT:
            return ""
        if name in PLAIN:
            return self.line(node)
        writes = getattr(self, f"word_{name}", None)
        if writes is None:
            raise BookError(
                f"{node.source}:{node.line}: a notebook cannot show {name}; teach fathom/publish/markdown.py"
            )
        return writes(node)

    # ---- within a line -----------------------------------------------------------------------------

    def word_emphasis(self, node: Any) -> str:
        return f"*{self.line(node)}*"

    def word_strong(self, node: Any) -> str:
        return f"**{self.line(node)}**"

    def word_title_reference(self, node: Any) -> str:
        return f"*{self.line(node)}*"

    def word_literal(self, node: Any) -> str:
        text = node.astext()
        mark = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
        space = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{mark}{space}{text}{space}{mark}"

    def word_math(self, node: Any) -> str:
        return f"${node.astext().strip()}$"

    def word_reference(self, node: Any) -> str:
        """A link to somewhere else, or to another page's notebook; within the page there is only the text."""
        text = self.line(node)
        address = node.get("refuri", "")
        if "://" in address or address.startswith("mailto:"):
            return f"[{text}]({address})"
        page, _, _ = address.partition("#")
        return f"[{text}]({page.removesuffix('.html')}.ipynb)" if page else text

    def word_image(self, node: Any) -> str:
        return self.block_image(node)

    def word_superscript(self, node: Any) -> str:
        return f"<sup>{self.line(node)}</sup>"

    def word_subscript(self, node: Any) -> str:
        return f"<sub>{self.line(node)}</sub>"

    def word_footnote_reference(self, node: Any) -> str:
        return f"<sup>{node.astext()}</sup>"

    def word_raw(self, node: Any) -> str:
        return node.astext() if "html" in node.get("format", "") else ""

    # ---- on lines of their own -----------------------------------------------------------------------

    def block_paragraph(self, node: Any) -> str:
        return self.line(node)

    def block_title(self, node: Any) -> str:
        return f"{'#' * max(self.level, 1)} {self.line(node)}"

    def block_rubric(self, node: Any) -> str:
        return f"**{self.line(node)}**"

    def block_container(self, node: Any) -> str:
        return self.blocks(node)

    def block_raw(self, node: Any) -> str:
        return self.word_raw(node)

    def block_transition(self, node: Any) -> str:
        return "---"

    def block_literal_block(self, node: Any) -> str:
        language = node.get("language", "python")
        return f"```{'' if language in ('none', 'default') else language}\n{node.astext()}\n```"

    def block_math_block(self, node: Any) -> str:
        text = node.astext().strip()
        if r"\\" in text and not text.startswith(r"\begin"):
            text = rf"\begin{{aligned}}{text}\end{{aligned}}"
        if node.get("number"):
            text += rf" \tag{{{self.number(node)}}}"
        return f"$$\n{text}\n$$"

    def block_bullet_list(self, node: Any) -> str:
        return "\n".join(indented(self.blocks(item), "- ") for item in node.children)

    def block_enumerated_list(self, node: Any) -> str:
        start = node.get("start", 1)
        return "\n".join(
            indented(self.blocks(item), f"{start + k}. ") for k, item in enumerate(node.children)
        )

    def block_definition_list(self, node: Any) -> str:
        return "\n\n".join(self.blocks(item) for item in node.children)

    def block_term(self, node: Any) -> str:
        return f"**{self.line(node)}**"

    def block_definition(self, node: Any) -> str:
        return self.blocks(node)

    def block_block_quote(self, node: Any) -> str:
        return quoted(self.blocks(node))

    def block_attribution(self, node: Any) -> str:
        return f"— {self.line(node)}"

    def block_line_block(self, node: Any) -> str:
        return "  \n".join(self.line(child) for child in node.children)

    def note(self, node: Any) -> str:
        """An admonition, as a quotation under its title."""
        title = type(node).__name__.capitalize()
        rest = []
        for child in node.children:
            if type(child).__name__ == "title":
                title = self.line(child)
            else:
                rest.append(self.block(child))
        return quoted("\n\n".join([f"**{title}**", *filter(None, rest)]))

    def block_figure(self, node: Any) -> str:
        return self.blocks(node)

    def block_caption(self, node: Any) -> str:
        number = self.number(node.parent)
        return f"*{f'{number}: ' if number else ''}{self.line(node)}*"

    def block_image(self, node: Any) -> str:
        """A picture, within the cell: a notebook travels without its folder."""
        file = self.picture(node)
        if not file.is_file():  # the build has told of it
            return ""
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        data = base64.b64encode(file.read_bytes()).decode()
        return f"![{node.get('alt', '')}](data:{kind};base64,{data})"

    def block_table(self, node: Any) -> str:
        rows = [
            [self.blocks(cell).replace("\n", " ").replace("|", r"\|") for cell in row.children]
            for row in node.findall(lambda x: type(x).__name__ == "row")
        ]
        titles = [
            self.block_title_of_table(x) for x in node.children if type(x).__name__ == "title"
        ]
        head, *body = rows
        lines = [head, ["---"] * len(head), *body]
        return "\n\n".join([*titles, "\n".join(f"| {' | '.join(row)} |" for row in lines)])

    def block_title_of_table(self, node: Any) -> str:
        number = self.number(node.parent)
        return f"*{f'{number}: ' if number else ''}{self.line(node)}*"

    def block_footnote(self, node: Any) -> str:
        label, *rest = node.children
        return f"<sup>{label.astext()}</sup> {' '.join(self.block(child) for child in rest)}"

    def block_citation(self, node: Any) -> str:
        label, *rest = node.children
        return f"- **{label.astext()}** {' '.join(self.block(child) for child in rest)}"


def indented(text: str, mark: str) -> str:
    """An item of a list: its mark, and its lines below one another."""
    return mark + text.replace("\n", "\n" + " " * len(mark))


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
