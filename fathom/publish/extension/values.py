"""The role {value}: stage.py has put the computed text in the place of the expression."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils import unescape


def value(
    name: str, raw: str, text: str, line: int, inliner: Any, options: Any = None, content: Any = ()
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """The text, marked as computed."""
    return [nodes.inline(raw, unescape(text).strip(), classes=["value"])], []
