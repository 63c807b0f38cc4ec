"""The directive {library}: the library's own lines on the page, never a copy of them.

```{library} fathom.core.tape.sweep
:without-docstring:
:lines: 1-12
```
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from fathom.publish.sources import lines_of


class Library(SphinxDirective):
    """A function, class, method or module of fathom, in its own words."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "lines": directives.unchanged_required,
        "without-docstring": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """The lines, and above them where they stand."""
        name = self.arguments[0].strip()
        try:
            found = lines_of(
                name, self.options.get("lines"), "without-docstring" not in self.options
            )
        except ValueError as error:
            raise self.error(str(error)) from error
        block = nodes.literal_block(found.text, found.text, language="python", classes=["library"])
        box = nodes.container("", classes=["library"], library=name, place=found.place)
        box += nodes.paragraph(
            "",
            "",
            nodes.literal(name, name),
            nodes.Text(" "),
            nodes.inline("", found.place, classes=["place"]),
        )
        box += block
        self.set_source_info(box)
        return [box]
