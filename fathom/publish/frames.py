"""Explanations in a page: each in a frame of its own, so that its style and its script stay there.

A cell that shows `fathom.explain(...)` says <iframe srcdoc="..."> in its output. In the book the page in it
becomes a file, which is loaded when the reader comes near, and which may run its script and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from html import escape, unescape

FRAME = re.compile(
    r'^\s*<iframe srcdoc="([^"]*)"(?: title="([^"]*)")?[^>]*></iframe>\s*$', re.DOTALL
)
FOLDER = "frames"


def taken_out(output: str, above: str = "") -> tuple[str, str, str] | None:
    """The name of a file, its text, and the frame that shows it; None for HTML that is no such frame.

    above  the way from the page to the folder of the book: "../" for a page one folder down
    """
    found = FRAME.match(output)
    if found is None:
        return None
    text, title = unescape(found[1]), unescape(found[2] or "")
    name = f"{FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:16]}.html"
    return name, text, frame(above + name, title)


def frame(address: str, title: str) -> str:
    """The element that shows a page of an explanation."""
    return (
        f'<iframe class="explanation" src="{escape(address)}" title="{escape(title)}" loading="lazy" '
        'sandbox="allow-scripts"></iframe>'
    )
