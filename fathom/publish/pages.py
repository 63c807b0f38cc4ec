"""Pages as their authors write them: MyST Markdown notebooks, read into cells that know their lines.

---
jupytext: ...          the head: what makes a Markdown file a notebook
---
# Title                prose
```{code-cell}
print(1 + 1)           code, which is run
```
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom.publish.errors import BookError

SYNTAX = (
    "amsmath",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "fieldlist",
    "tasklist",
)
HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(\{[^}]*\})?")
VERBATIM = ("{code}", "{code-block}", "{math}")  # directives whose body is not prose


@dataclass
class Page:
    """A page: its name ("tensors"), its file, and its cells as a notebook."""

    name: str
    file: Path
    notebook: Any  # nbformat's NotebookNode; metadata.source_map has the line before each cell

    @property
    def cells(self) -> list[Any]:
        return self.notebook.cells

    @property
    def codes(self) -> list[int]:
        """The numbers of the cells that are code."""
        return [k for k, cell in enumerate(self.cells) if cell.cell_type == "code"]

    def line_of(self, number: int) -> int:
        """The line of the file, counted from 1, on which a cell's source begins."""
        line = self.notebook.metadata.source_map[number]
        first, *_ = self.cells[number].source.splitlines() or [""]
        lines = self.file.read_text(encoding="utf-8").splitlines()
        # The map counts from the fence; the options of a code cell stand between it and the source.
        return next((k + 1 for k in range(line, len(lines)) if lines[k] == first), line + 1)

    def where(self, number: int, line: int = 1) -> str:
        """The place of a line of a cell, as editors and terminals write it."""
        return f"{self.file}:{self.line_of(number) + line - 1}"

    @property
    def title(self) -> str:
        """The first heading; the name of a page that has none."""
        return next((text for _, level, text in headings(self) if level == 1), self.name)


def pages(book: Path) -> list[Page]:
    """All pages of a book's folder, in the order of its index. Raises BookError where there is none."""
    if not (book / "index.md").is_file():
        raise BookError(f"{book} is no book: it has no index.md; name its folder")
    files = [file for file in sorted(book.rglob("*.md")) if not hidden(file.relative_to(book))]
    found = [read(file, file.relative_to(book).with_suffix("").as_posix()) for file in files]
    named = (book / "index.md").read_text(encoding="utf-8").split()
    return sorted(found, key=lambda page: named.index(page.name) if page.name in named else -1)


def hidden(path: Path) -> bool:
    """Whether a file is no page: its name, or a folder's, begins with _ or a dot."""
    return any(part.startswith(("_", ".")) for part in path.parts)


def read(file: Path, name: str) -> Page:
    """One page. Raises BookError for a head or options that cannot be read."""
    from myst_nb.core.read import MystMetadataParsingError, read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    try:
        notebook = read_myst_markdown_notebook(
            file.read_text(encoding="utf-8"),
            config=MdParserConfig(enable_extensions=set(SYNTAX)),
            add_source_map=True,
            path=file,
        )
    except MystMetadataParsingError as error:
        raise BookError(f"{file}: {error}") from error
    notebook.metadata.pop("jupytext", None)
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.metadata["language_info"] = {
        "name": "python",
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "pygments_lexer": "python",
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # nbformat would draw it by lot
    return Page(name, file, notebook)


def headings(page: Page) -> list[tuple[int, int, str]]:
    """The headings of a page: the number of their cell, their level, their text."""
    return [
        (number, len(found[1]), found[2])
        for number, cell in enumerate(page.cells)
        if cell.cell_type == "markdown"
        for line, prose in prose_lines(cell.source)
        if prose and (found := HEADING.match(line))
    ]


def prose_lines(text: str) -> list[tuple[str, bool]]:
    """The lines of some Markdown, each with whether it is prose: not within a block of code.

    The body of a directive, such as a note, is prose as well.

    >>> from fathom.publish.pages import prose_lines
    >>> prose_lines("a\\n```python\\n# b\\n```\\nc")
    [('a', True), ('```python', False), ('# b', False), ('```', False), ('c', True)]
    """
    found: list[tuple[str, bool]] = []
    end = ""
    for line in text.split("\n"):
        fence = FENCE.match(line)
        if end:
            found.append((line, False))
            if fence and fence[1].startswith(end) and not line.strip(" `~"):
                end = ""
        elif fence and opens_code(fence[2], line):
            end = fence[1]
            found.append((line, False))
        else:
            found.append((line, True))
    return found


def opens_code(directive: str | None, line: str) -> bool:
    """Whether a fence begins a block of code; a bare one ends the directive before it."""
    return directive in VERBATIM if directive else bool(line.strip(" `~"))
