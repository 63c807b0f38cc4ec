"""The diagram of a computation as one SVG: boxes with shapes, values and gradients, light or dark."""

from __future__ import annotations

from html import escape

from fathom.explain.boxes import Box, boxes
from fathom.explain.layout import LINE, layout, size_of
from fathom.explain.parts import Explanation

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
"""


def svg(explanation: Explanation, use_dot: bool = True) -> str:
    """The drawing. Boxes are operations, or modules where there are many; parameters have dashed frames."""
    found = boxes(explanation)
    places = layout(found, use_dot)
    width, height = places.width + 2 * EDGE, places.height + 2 * EDGE
    arrows = "".join(arrow(points) for _, _, points in places.arrows)
    drawn = "".join(box_svg(box, *places.places[k]) for k, box in enumerate(found))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(explanation.title)}: the computation">\n'
        f"<style>{STYLE}</style>\n"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>\n'
        f'<g transform="translate({EDGE} {EDGE})">\n{arrows}\n{drawn}\n</g>\n</svg>\n'
    )


def arrow(points: list[tuple[float, float]]) -> str:
    start, *rest = [f"{x:.1f} {y:.1f}" for x, y in points]
    return f'<path class="arrow" marker-end="url(#head)" d="M{start}C{" ".join(rest)}"/>'


def box_svg(box: Box, x: float, y: float) -> str:
    width, height = size_of(box)
    top = y - height / 2 + LINE + 3
    rows = [("title", box.title), *(("", line) for line in box.lines)]
    if box.gradient:
        rows.append(("gradient", box.gradient))
    texts = "".join(
        f'<text class="{kind}" x="{x:.1f}" y="{top + k * LINE:.1f}">{escape(line)}</text>'
        for k, (kind, line) in enumerate(rows)
    )
    corner = 3 if box.kind == "constant" else 8
    return (
        f'<g class="{box.kind}"><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{corner}"/>{texts}</g>'
    )
