"""Charts as SVG text: lines by epoch. They follow the page's colours, or the system's light or dark.

A chart is drawn in units of a pixel at 440 x 270, and scales with its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from fathom.train.history import Line, series

Points = Sequence[tuple[float, float]]

PARTS = {"train": "training", "val": "validation"}  # what curves are called unless told otherwise

WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 40, 40  # margins around the lines

STYLE = """
.chart text { font: 12px system-ui, sans-serif; fill: var(--ink, #1f2328) }
.chart .quiet { fill: var(--quiet, #59636e) }
.chart .grid { stroke: var(--line, #d1d9e0); stroke-width: 1 }
.chart .train { stroke: var(--train, #0072b2); fill: none; stroke-width: 2 }
.chart .val { stroke: var(--val, #d55e00); fill: none; stroke-width: 2 }
.chart .val.dot { fill: var(--val, #d55e00); stroke: none }
.chart .train.dot { fill: var(--train, #0072b2); stroke: none }
"""
DARK = """
@media (prefers-color-scheme: dark) {
  svg { --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d; --train: #56b4e9; --val: #f0a35e;
        background: #0d1117 }
}
"""


def curves_svg(lines: Iterable[Line], names: dict[str, str] | None = None) -> str:
    """All metrics of a training in one SVG file, a chart for each, one below the other.

    names  what to call metrics: {"acc": "accuracy"}
    """
    lines = list(lines)
    charts = [line_chart(title, curves) for title, curves in metric_curves(lines, names)]
    height = HEIGHT * max(len(charts), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}">',
        f"<style>{STYLE}{DARK}</style>",
    ]
    for number, chart in enumerate(charts):
        parts.append(f'<g transform="translate(0 {number * HEIGHT})">{chart}</g>')
    return "\n".join([*parts, "</svg>", ""])


def metric_curves(
    lines: list[Line], names: dict[str, str] | None = None
) -> list[tuple[str, dict[str, Points]]]:
    """(title, {"train": points, "val": points}) of each metric, points being (epoch, value)."""
    found: dict[str, dict[str, Points]] = {}
    for line in lines:
        for name in line:
            part, _, metric = name.partition("_")
            if part in ("train", "val"):
                kind = "step" if part == "train" else "epoch"
                points = [(x, y) for x, y in series(lines, name, kind) if math.isfinite(y)]
                found.setdefault(metric, {}).setdefault(part, points)
    return [((names or {}).get(metric, metric), curves) for metric, curves in found.items()]


def chart_svg(title: str, curves: dict[str, Points], labels: dict[str, str] | None = None) -> str:
    """One chart as an <svg> element for a page that has `STYLE` and the colours."""
    content = line_chart(title, curves, labels)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)} by epoch">{content}</svg>'


def line_chart(title: str, curves: dict[str, Points], labels: dict[str, str] | None = None) -> str:
    """The inside of a chart: grid, axes, a line for each curve, and its legend."""
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return f'<g class="chart"><text x="{LEFT}" y="24">{escape(title)}: no values</text></g>'
    x_ticks = ticks(0, max(x for x, _ in points), 6, whole=True)
    y_ticks = ticks(min(y for _, y in points), max(y for _, y in points), 5)
    across = scale(0, max(x_ticks[-1], max(x for x, _ in points)), LEFT, WIDTH - RIGHT)
    up = scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="22" font-weight="600">{escape(title)}</text>']
    for y in y_ticks:
        at = up(y)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
        parts.append(
            f'<text class="quiet" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{number(y)}</text>'
        )
    for x in x_ticks:
        parts.append(
            f'<text class="quiet" x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 18}" '
            f'text-anchor="middle">{number(x)}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text class="quiet" x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">epoch</text>'
    )
    for part, curve in curves.items():
        parts.append(polyline(part, [(across(x), up(y)) for x, y in curve]))
    parts.append(legend(list(curves), labels or {}))
    return f'<g class="chart">{"".join(parts)}</g>'


def polyline(part: str, places: Points) -> str:
    """A line through places on the page, with a dot at each where they are few."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = places if len(places) <= 12 else ()
    circles = "".join(
        f'<circle class="{part} dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in dots
    )
    return f'<polyline class="{part}" points="{path}"/>{circles}'


def legend(parts: list[str], labels: dict[str, str]) -> str:
    """The curves' names at the top right, each beside a piece of its line."""
    drawn, x = [], WIDTH - RIGHT
    for part in reversed(parts):
        label = labels.get(part, PARTS[part])
        x -= 7 * len(label)
        drawn.append(f'<text x="{x}" y="22">{escape(label)}</text>')
        drawn.append(f'<line class="{part}" x1="{x - 26}" x2="{x - 6}" y1="18" y2="18"/>')
        x -= 44
    return "".join(drawn)


def scale(low: float, high: float, start: float, end: float):
    """The function that maps low..high to start..end."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, about: int, whole: bool = False) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about so many of them.

    >>> ticks(0.12, 0.93, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = (high - low) or abs(high) or 1.0
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    if whole:
        step = max(1.0, round(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if whole:
        last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, max(last, first + 1) + 1)]


def number(value: float) -> str:
    """A tick's label.

    >>> number(0.30000000000000004), number(5.0), number(20000.0)
    ('0.3', '5', '20,000')
    """
    return f"{value:,.0f}" if value == round(value) else f"{value:.6g}"
