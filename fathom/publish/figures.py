"""Plots on a page: an SVG inside the page, in the colours of its theme, so that it is readable in the dark.

matplotlibrc draws with the inks below unless the author chooses a colour; in the page each becomes the
theme's colour of the same name. What the author coloured stays, and so do pictures.
"""

from __future__ import annotations

import re
from html import escape

# The inks of matplotlibrc: by day, the name of the theme's variable, and by night.
INKS = (
    ("#22262b", "figure-ink", "#e4e6e8"),
    ("#6a7078", "figure-quiet", "#98a0a9"),
    ("#e5e2da", "figure-line", "#2c3239"),
    ("#2f6690", "figure-1", "#7db4dd"),
    ("#b4552d", "figure-2", "#e79a72"),
    ("#5b7f4a", "figure-3", "#9cc487"),
    ("#7a3e9d", "figure-4", "#c99ae0"),
    ("#9c7a1e", "figure-5", "#d9b95c"),
    ("#3a8a8c", "figure-6", "#79c4c5"),
    ("#a83e5c", "figure-7", "#e58ba3"),
    ("#6b737c", "figure-8", "#a9b1ba"),
)
PAPER = "#fdfcf9"  # behind a plot where there is no theme
POINTS = re.compile(r'^<svg ([^>]*?)\bwidth="([\d.]+)pt"', re.DOTALL)


def inlined(svg: str, prefix: str, description: str) -> str:
    """An SVG file as an element of a page: its names its own, its inks the theme's, a description for all.

    prefix  what its identifiers begin with, so that two drawings on a page do not share them
    """
    text = svg[svg.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = unlike(text, prefix)
    for day, name, _ in INKS:
        text = text.replace(f": {day}", f": var(--{name}, {day})")
    width = POINTS.match(text)
    style = f' style="width: {float(width[2]) * 4 / 3:.0f}px"' if width else ""
    label = f'role="img" aria-label="{escape(description)}"'
    text = re.sub(r'^(<svg [^>]*?)\s(?:width|height)="[^"]*"', r"\1", text, flags=re.DOTALL)
    text = re.sub(r'^(<svg [^>]*?)\s(?:width|height)="[^"]*"', r"\1", text, flags=re.DOTALL)
    return text.replace("<svg ", f"<svg {label}{style} ", 1).strip()


def unlike(svg: str, prefix: str) -> str:
    """The drawing with a prefix to each of its identifiers, and to each use of one."""
    svg = re.sub(r'(\sid=")', rf"\g<1>{prefix}", svg)
    svg = re.sub(r'((?:xlink:)?href="#)', rf"\g<1>{prefix}", svg)
    return re.sub(r"(url\(#)", rf"\g<1>{prefix}", svg)


def on_paper(svg: str) -> str:
    """The drawing on a sheet of paper, for where there is no theme: a notebook may be dark."""
    return re.sub(r"<svg ", f'<svg style="background: {PAPER}" ', svg, count=1)


def theme(night: bool) -> dict[str, str]:
    """The theme's variables for figures."""
    return {name: dark if night else day for day, name, dark in INKS}
