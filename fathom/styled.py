"""Lines of text with styles, as a terminal shows them.

>>> shown([[("loss ", ""), ("0.31", "bold")], []], width=40)
'loss 0.31\\n\\n'
"""

from __future__ import annotations

import io
from collections.abc import Iterable

Line = list[tuple[str, str]]  # pieces of text, each with its style


def shown(lines: Iterable[Line], width: int, color: bool = False, cut: bool = False) -> str:
    """The lines as one text, in colour if asked. What is longer than `width` characters goes on in the next line, or is
    cut."""
    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=color,
        force_jupyter=False,  # in a notebook rich would show each line in the cell, too
        color_system="standard" if color else None,
    )
    for line in lines:
        text = Text.assemble(*line, no_wrap=cut, overflow="ellipsis" if cut else "fold")
        console.print(text, highlight=False)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
