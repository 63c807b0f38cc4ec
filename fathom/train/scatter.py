"""A scatter plot of predicted against true quantities, as SVG; the diagonal is where both agree."""

from __future__ import annotations

from html import escape

import numpy as np

from fathom.train.charts import number, scale, ticks
from fathom.train.page import Section

SIDE, LEFT, RIGHT, TOP, BOTTOM = 440, 64, 24, 16, 48
MOST = 1500  # points drawn

STYLE = """
.scatter circle { fill: rgb(var(--right) / 0.35) }
.scatter .diagonal { stroke: var(--val); stroke-width: 1.5; stroke-dasharray: 5 4 }
.scatter svg { max-width: 520px }
"""


def scatter_section(true: np.ndarray, predicted: np.ndarray, unit: str) -> Section:
    """Each example as a point (true value, what the network predicted)."""
    step = max(1, -(-len(true) // MOST))
    xs, ys = true[::step], predicted[::step]
    low, high = float(min(xs.min(), ys.min())), float(max(xs.max(), ys.max()))
    across = scale(low, high, LEFT, SIDE - RIGHT)
    up = scale(low, high, SIDE - BOTTOM, TOP)
    marks = [mark for mark in ticks(low, high, 5) if low <= mark <= high]
    parts = []
    for mark in marks:
        x, y = across(mark), up(mark)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{SIDE - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(
            f'<text class="quiet" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(mark)}</text>'
        )
        parts.append(
            f'<text class="quiet" x="{x:.1f}" y="{SIDE - BOTTOM + 18}" text-anchor="middle">{number(mark)}</text>'
        )
    parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="2.5"/>' for x, y in zip(xs, ys)]
    parts.append(
        f'<line class="diagonal" x1="{LEFT}" y1="{SIDE - BOTTOM}" x2="{SIDE - RIGHT}" y2="{TOP}"/>'
    )
    middle = (LEFT + SIDE - RIGHT) / 2
    parts.append(
        f'<text class="quiet" x="{middle}" y="{SIDE - 8}" text-anchor="middle">true {escape(unit)}</text>'
    )
    return Section(
        "Predicted and true",
        f"<p>{len(xs):,} of the {len(true):,} examples of the test part: across what is true, upwards "
        "what the network predicted. On the dashed line both agree.</p>"
        f'<div class="scatter"><svg viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="predicted against true">'
        f'<g class="chart">{"".join(parts)}</g></svg></div>',
        STYLE,
    )
