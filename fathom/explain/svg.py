"""The diagram of a computation as one SVG: boxes with shapes, values and gradients, light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from fathom.explain.boxes import Box, boxes
from fathom.explain.layout import LINE, TILE_GAP, Layout, layout, picture_height, size_of, tile_size
from fathom.explain.parts import Explanation
from fathom.explain.pixels import data_uri

EDGE = 14  # pixels around the drawing
STYLE = """
svg { --paper: #fdfcf9; --sheet: #ffffff; --ink: #22262b; --quiet: #6a7078; --line: #9aa1a8; --forward: #2f6690;
  --backward: #b4552d; --leaf: #5b7f4a; background: var(--paper) }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14171b; --sheet: #1a1e23; --ink: #e4e6e8; --quiet: #98a0a9; --line: #6b737c; --forward: #7db4dd;
    --backward: #e79a72; --leaf: #9cc487 }
}
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--quiet); text-anchor: middle }
.title { font-size: 13px; font-weight: 600; fill: var(--ink) }
.gradient { fill: var(--backward) }
rect { fill: var(--sheet); stroke: var(--forward); stroke-width: 1.3 }
.group rect { stroke-width: 2.2 }
.input rect, .parameter rect, .constant rect { stroke: var(--leaf) }
.parameter rect { stroke-dasharray: 4 3 }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.3 }
.head { fill: var(--line) }
image { image-rendering: pixelated }
.frame { fill: none; stroke: var(--line); stroke-opacity: .6 }
"""


def svg(explanation: Explanation, use_dot: bool = True) -> str:
    """The drawing. Boxes are operations, or modules where there are many; parameters have dashed frames."""
    found = boxes(explanation)
    return drawing(explanation.title, found, layout(found, use_dot), f"<style>{STYLE}</style>\n")


def drawing(title: str, found: Sequence[Box], places: Layout, style: str = "") -> str:
    """Boxes and arrows at their places; each names what it is, so that a page can give it another look."""
    width, height = places.width + 2 * EDGE, places.height + 2 * EDGE
    arrows = "".join(arrow(*edge) for edge in places.arrows)
    drawn = "".join(box_svg(box, *places.places[k]) for k, box in enumerate(found))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(title)}: the computation">\n{style}'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse" markerUnits="userSpaceOnUse">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>\n'
        f'<g transform="translate({EDGE} {EDGE})">\n{arrows}\n{drawn}\n</g>\n</svg>\n'
    )


def arrow(source: int, reader: int, points: list[tuple[float, float]]) -> str:
    start, *rest = [f"{x:.1f} {y:.1f}" for x, y in points]
    return (
        f'<path class="arrow" data-from="{source}" data-to="{reader}" marker-end="url(#head)" '
        f'd="M{start}C{" ".join(rest)}"/>'
    )


def box_svg(box: Box, x: float, y: float) -> str:
    width, height = size_of(box)
    line = y - height / 2 + LINE + 3
    drawn = text_svg("title", box.title, x, line)
    for words in box.lines:
        line += LINE
        drawn += text_svg("numbers", words, x, line)
    drawn += pictures_svg(box, x, line + 7)
    if box.gradient:
        drawn += text_svg("gradient", box.gradient, x, line + LINE + picture_height(box))
    corner = 3 if box.kind == "constant" else 8
    return (
        f'<g class="box {box.kind}"><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{corner}"/>{drawn}</g>'
    )


def text_svg(kind: str, words: str, x: float, y: float) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def pictures_svg(box: Box, x: float, top: float) -> str:
    """The pictures of a value, side by side around x."""
    sizes = [tile_size(tile) for tile in box.tiles]
    left = x - (sum(width + TILE_GAP for width, _ in sizes) - TILE_GAP) / 2
    strongest = max(
        (float(np.nanmax(np.abs(tile), initial=0.0)) for tile in box.tiles), default=0.0
    )
    drawn = ""
    for tile, (width, height) in zip(box.tiles, sizes):
        place = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
        drawn += (
            f'<image {place} preserveAspectRatio="none" href="{data_uri(tile, strongest)}"/>'
            f'<path class="frame" d="M{left:.1f} {top:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}z"/>'
        )
        left += width + TILE_GAP
    return drawn
