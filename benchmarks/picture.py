"""The picture of training steps: a bar for each library and model, on a logarithmic scale, shorter is better.

A bar is the better of a library's two ways to run a step, a ring the other; a dark line is what the machine allows.
`python -m benchmarks.picture FILE.json` draws the figures of a file again.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from benchmarks.table import milliseconds

INK, QUIET, GRID = "#1f2328", "#59636e", "#e4e7eb"
# A library's name, its ways to run a step, its colour.
LIBRARIES = (
    ("fathom", ("fathom", "fathom-eager"), "#0072B2"),
    ("PyTorch", ("torch", "torch-compile"), "#D55E00"),
    ("JAX", ("jax",), "#8C7AA9"),
)
WIDTH = 8.6  # inches, of 100 pixels each in the SVG
BAR, GAP, HEAD, FOOT = 0.17, 0.19, 1.25, 0.15  # inches
LEFT, RIGHT = 1.95, 0.95  # inches beside the bars: names, and how much faster
LABEL = 0.6  # inches that the time at the end of a bar takes
LINE = 30  # letters of what a model is


def draw(result: dict, out: Path) -> list[Path]:
    """Draw figures as SVG and PNG beside the file `out`; the files, none if nothing was timed."""
    models = {name: rows for name, row in result["models"].items() if (rows := bars(row))}
    if not models:
        return []
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    files = [out.with_suffix(".svg"), out.with_suffix(".png")]
    style: Any = {"font.family": "DejaVu Sans", "svg.hashsalt": "benchmarks", "font.size": 8.5}
    with plt.rc_context(style):
        figure = drawing(plt, result, models)
        figure.savefig(files[0], metadata={"Date": None})
        figure.savefig(files[1], dpi=200)
        plt.close(figure)
    return files


def bars(row: dict) -> list[tuple[str, list[dict]]]:
    """For each library that was timed: its colour, and its figures, the best first."""
    found = []
    for _, ways, colour in LIBRARIES:
        timed = [row["peers"][w] for w in ways if row["peers"].get(w, {}).get("status") == "timed"]
        if timed:
            found.append((colour, sorted(timed, key=lambda figures: figures["ms"]["median"])))
    return found


def drawing(plt: Any, result: dict, models: dict[str, list]) -> Any:
    """The whole figure."""
    height = sum(len(rows) * BAR + GAP for rows in models.values())
    whole = HEAD + height + FOOT
    figure = plt.figure(figsize=(WIDTH, whole), facecolor="white")
    place = (LEFT / WIDTH, FOOT / whole, (WIDTH - LEFT - RIGHT) / WIDTH, height / whole)
    axes = figure.add_axes(place)
    axes.set_xscale("log")
    axes.set_ylim(height, 0)
    axes.set_xlim(*span(result, models))
    prepare(axes)
    y = GAP / 2
    for name, rows in models.items():
        group(axes, y, name, result["models"][name], rows)
        y += len(rows) * BAR + GAP
    head(figure, whole, result, models)
    return figure


def span(result: dict, models: dict[str, list]) -> tuple[float, float]:
    """From below the least limit to above the longest step, with room for its label."""
    least = min(result["models"][name]["limit"]["ms"] for name in models)
    longest = max(
        figures["ms"]["high"] for rows in models.values() for _, ways in rows for figures in ways
    )
    return least / 1.6, longest * 2.6


def prepare(axes: Any) -> None:
    """Ticks at powers of ten above the bars, in milliseconds or seconds, and faint lines down from them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.xaxis.set_major_locator(LogLocator(10, (1.0,), numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda ms, _: f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms")
    )
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0, colors=QUIET, pad=4)
    axes.yaxis.set_visible(False)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def group(axes: Any, y: float, name: str, row: dict, rows: list[tuple[str, list[dict]]]) -> None:
    """The bars of one model, what it is to the left, how much faster fathom is to the right."""
    low, high = axes.get_xlim()
    near = (high / low) ** (LABEL / (WIDTH - LEFT - RIGHT))  # a label reaches so many times further
    bottom = y + len(rows) * BAR
    for k, (colour, (best, *others)) in enumerate(rows):
        centre, ms = y + (k + 0.5) * BAR, best["ms"]
        axes.barh(centre, ms["median"] - low, BAR * 0.82, left=low, color=colour, linewidth=0)
        axes.plot([ms["low"], ms["high"]], [centre, centre], color=INK, linewidth=0.9, alpha=0.55)
        clear = ms["high"]  # the label stands right of all that is near the end of the bar
        rings = [other["ms"]["median"] for other in others]
        axes.plot(rings, [centre] * len(rings), "o", markersize=4.4, markerfacecolor="white",
                  markeredgecolor=colour, markeredgewidth=1.2)  # fmt: skip
        for mark in sorted([*rings, row["limit"]["ms"]]):
            clear = mark * 1.06 if clear / 1.2 < mark < clear * near else clear
        axes.annotate(f"{milliseconds(ms['median'])} ms", (clear, centre), (5, 0), color=INK,
                      textcoords="offset points", va="center_baseline", fontsize=7.8)  # fmt: skip
    axes.plot([row["limit"]["ms"]] * 2, [y - 0.03, bottom + 0.03], color=INK, linewidth=1.3)
    beside(axes, (y + bottom) / 2, name, row)


def beside(axes: Any, middle: float, name: str, row: dict) -> None:
    """The words to the left and to the right of a model's bars."""
    across = axes.get_yaxis_transform()  # x in parts of the width, y in inches
    lines = textwrap.wrap(row["about"].replace("batch ", "batch\N{NO-BREAK SPACE}"), LINE)
    height = 0.07 + 0.105 * len(lines)  # inches of all of them
    axes.text(-0.025, middle - height / 2, name, transform=across, ha="right", va="center",
              color=INK, fontweight="bold", fontsize=9)  # fmt: skip
    axes.text(-0.025, middle - height / 2 + 0.085, "\n".join(lines), transform=across, ha="right",
              va="top", color=QUIET, fontsize=6.6, linespacing=1.2)  # fmt: skip
    speed = row["peers"].get("fathom", {}).get("speed")
    if speed is not None:
        axes.text(1.03, middle, f"{speed['median']:.1f} ×", transform=across, va="center",
                  color=LIBRARIES[0][2] if speed["median"] >= 1 else LIBRARIES[1][2],
                  fontweight="bold", fontsize=11)  # fmt: skip


def rounds(models: dict[str, list]) -> str:
    """How many turns each figure comes from: of a file that was put together from several runs, from fewest to most."""
    counts = {
        len(figures["ms_by_round"])
        for rows in models.values()
        for _, ways in rows
        for figures in ways
    }
    least, most = min(counts), max(counts)
    return (
        f"{most} round{'s' if most > 1 else ''}" if least == most else f"{least} to {most} rounds"
    )


def head(figure: Any, whole: float, result: dict, models: dict[str, list]) -> None:
    """The title, what was measured on, and what the marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    machine, rules = result["machine"], result["rules"]

    def line(inches: float, text: str, **how: Any) -> None:
        figure.text(0.02, 1 - inches / whole, text, va="top", **how)

    line(0.14, "One training step", fontsize=14, fontweight="bold", color=INK)
    threads = f"{rules['threads']} thread{'s' if rules['threads'] > 1 else ''}"
    line(0.44, f"shorter is better · {machine['processor']}, {threads} · medians of"
         f" {rounds(models)} by turns"
        f"{', CPU time' if rules['clock'] == 'cpu' else ''}", color=QUIET)  # fmt: skip
    figure.text(1 - 0.015, 1 - 0.9 / whole, "fathom compiled\nbeside PyTorch's best", ha="right",
                va="center", fontsize=7.2, color=QUIET, linespacing=1.25)  # fmt: skip
    marks: list[Any] = [Patch(color=colour, label=name) for name, _, colour in LIBRARIES]
    marks += [
        Line2D([], [], color=QUIET, marker="o", markerfacecolor="white", linewidth=0,
               label="the other of eager and compiled"),
        Line2D([], [], color=INK, marker="|", markersize=11, linewidth=0, markeredgewidth=1.3,
               label="what the machine allows"),
    ]  # fmt: skip
    figure.legend(handles=marks, loc="upper left", bbox_to_anchor=(0.012, 1 - 0.6 / whole), ncols=5,
                  frameon=False, handlelength=1.0, handletextpad=0.5, columnspacing=1.4, fontsize=7.8,
                  labelcolor=INK)  # fmt: skip


def main() -> None:
    file = Path(sys.argv[1])
    for drawn in draw(json.loads(file.read_text()), file):
        print(f"drawn as {drawn}")


if __name__ == "__main__":
    main()
