"""What a classifier of images makes of a test part: for a report, in pictures and as a matrix.

N images, K classes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np

from fathom.train.metrics import ConfusionMatrix
from fathom.train.page import Section

SHOWN = 18  # pictures in each grid: whole rows of 9, 6 or 3

GRID_STYLE = """
.grid-of-pictures { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(100px, 1fr)) }
.grid-of-pictures figure { margin: 0; min-width: 0 }
.grid-of-pictures img { width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 6px;
  display: block; background: #000 }
.grid-of-pictures figcaption { font-size: 13px; line-height: 1.35; margin-top: 6px; color: var(--ink);
  overflow-wrap: anywhere }
.grid-of-pictures .sure { height: 4px; border-radius: 2px; background: var(--line); margin: 4px 0;
  overflow: hidden }
.grid-of-pictures .sure i { display: block; height: 100% }
.is-right i { background: rgb(var(--right)) } .is-wrong i { background: rgb(var(--wrong)) }
.grid-of-pictures small { color: var(--quiet); font-size: 12px }
"""
MATRIX_STYLE = """
.matrix { overflow-x: auto }
.matrix table { font-size: 13px; table-layout: fixed; border-spacing: 2px; border-collapse: separate }
.matrix th { font-weight: 400; color: var(--quiet); white-space: nowrap }
.matrix thead th { vertical-align: bottom; padding: 0 0 6px }
.matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg) }
.matrix tbody th { text-align: right; padding-right: 8px; width: 96px }
.matrix td { width: 46px; height: 34px; text-align: center; border-radius: 3px; padding: 0;
  background: var(--sheet) }
.matrix td.none { color: var(--quiet) }
.matrix td.strong { color: var(--on-strong) }
@media (max-width: 600px) {
  .matrix table { font-size: 10px; border-spacing: 1px; width: 100% }
  .matrix thead span { font-size: 11px }
  .matrix tbody th { width: 70px; font-size: 11px; padding-right: 5px }
  .matrix td { width: auto; height: 25px }
}
"""


def pictures_section(
    images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> Section:
    """The surest mistakes, and right answers as they come.

    images (N, C, H, W) uint8, labels (N), probabilities (N, K)
    """
    guess, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(guess != labels)
    right = np.flatnonzero(guess == labels)
    surest = wrong[np.argsort(-sure[wrong], kind="stable")][:SHOWN]

    def figure(k: int) -> str:
        said, true = classes[guess[k]], classes[labels[k]]
        kind = "is-right" if guess[k] == labels[k] else "is-wrong"
        truth = "" if said == true else f"<br><small>is {escape(true)}</small>"
        return (
            f'<figure class="{kind}"><img alt="{escape(true)}" src="{png_address(images[k])}">'
            f'<figcaption><div class="sure"><i style="width:{sure[k]:.0%}"></i></div>'
            f"{escape(said)} {sure[k]:.0%}{truth}</figcaption></figure>"
        )

    parts = []
    for title, chosen in (
        (f"Mistakes it was surest of ({len(wrong):,} in all)", surest),
        (f"Right ({len(right):,} in all)", right[:SHOWN]),
    ):
        if len(chosen):
            figures = "".join(figure(k) for k in chosen)
            parts.append(f'<h3>{title}</h3><div class="grid-of-pictures">{figures}</div>')
    note = "<p>Below each picture: the class it was taken for, and how sure the network was.</p>"
    return Section("Predictions", note + "".join(parts), GRID_STYLE)


def confusion_section(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> Section:
    """A row for each true class, a column for each class that it was taken for."""
    matrix = ConfusionMatrix(len(classes))
    matrix.update(probabilities, labels)
    header = "".join(f"<th><span>{escape(name)}</span></th>" for name in classes)
    body = []
    for row, (name, counts) in enumerate(zip(classes, matrix.compute())):
        cells = "".join(
            cell(count, sum(counts), row == column, classes, row, column)
            for column, count in enumerate(counts)
        )
        body.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return Section(
        "Confusion matrix",
        "<p>Rows are the true classes, columns the predicted ones; the deeper the colour, the larger "
        "the share of the row. Right is blue, wrong is orange.</p>"
        f'<div class="matrix"><table><thead><tr><th></th>{header}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>",
        MATRIX_STYLE,
    )


def cell(count: int, total: int, right: bool, classes: Sequence[str], row: int, column: int) -> str:
    """A cell of the matrix."""
    if not count:
        return '<td class="none">·</td>'
    share = count / total
    depth = 0.15 + 0.85 * share if right else min(0.12 + 2.2 * share, 0.95)  # mistakes are rare
    strong = " class=strong" if depth > 0.6 else ""
    colour = "--right" if right else "--wrong"
    title = escape(f"{classes[row]} taken for {classes[column]}: {count:,}")
    return f'<td{strong} style="background:rgb(var({colour}) / {depth:.2f})" title="{title}">{count}</td>'


def png_address(image: np.ndarray) -> str:
    """An image (C, H, W) uint8 as a data address that holds the PNG itself."""
    import PIL.Image

    pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
    packed = io.BytesIO()
    PIL.Image.fromarray(pixels).save(packed, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()
