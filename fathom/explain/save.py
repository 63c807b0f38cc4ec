"""An explanation as a file: the ending of its name says in which form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fathom.explain.parts import Explanation
from fathom.train.files import write_whole

FORMS = {".html": "html", ".htm": "html", ".svg": "svg", ".tex": "latex", ".txt": "text"}


def form_of(path: Path) -> str:
    """The name of the method that writes such a file. Raises ValueError for an ending that says nothing."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise ValueError(
            f"explain: {path.name} should end in {', '.join(FORMS)}, to say what to write"
        )
    return form


def save(explanation: Explanation, path: Any) -> None:
    """Write the file, whole or not at all."""
    path = Path(path)
    write_whole(path, getattr(explanation, form_of(path))())
