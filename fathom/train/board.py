"""ProgressBoard: curves that grow while a network trains."""

from __future__ import annotations

import importlib
import sys
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fathom.train.hyperparameters import HyperParameters

# Okabe and Ito's colours: told apart with any kind of colour vision, and in this order also in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


class ProgressBoard(HyperParameters):
    """Curves by label: `draw` adds a point, a notebook shows them grow, `save` writes a picture.

    Outside a notebook nothing is drawn until `figure` or `save` asks for it, so that a program which
    only trains never waits for matplotlib.

    >>> board = ProgressBoard(xlabel="x")
    >>> for x in range(4):
    ...     board.draw(x, x ** 2, "squares", every_n=2)
    >>> board.curves["squares"]
    [(0.5, 0.5), (2.5, 6.5)]
    """

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        xlim: tuple[float, float] | None = None,
        ylim: tuple[float, float] | None = None,
        xscale: str = "linear",
        yscale: str = "linear",
        ls: Sequence[str] = ("-", "--", "-.", ":"),
        colors: Sequence[str] = COLOURS,
        fig: Any = None,
        axes: Any = None,
        figsize: tuple[float, float] = (3.5, 2.5),
        display: bool = True,
    ):
        self.save_hyperparameters()
        self.waiting: dict[str, list[tuple[float, float]]] = {}
        self.curves: OrderedDict[str, list[tuple[float, float]]] = OrderedDict()

    def draw(self, x: float, y: float, label: str, every_n: int = 1) -> None:
        """Takes a point of a curve; each `every_n` of them become one, their mean."""
        waiting = self.waiting.setdefault(label, [])
        waiting.append((float(x), float(y)))
        if len(waiting) < every_n:
            return
        xs, ys = zip(*waiting, strict=True)
        self.curves.setdefault(label, []).append((sum(xs) / len(xs), sum(ys) / len(ys)))
        waiting.clear()
        if self.display and in_notebook():
            self.show()

    def figure(self) -> Any:
        """The curves so far as a matplotlib figure."""
        from matplotlib.figure import Figure

        if self.fig is None:
            self.fig = Figure(figsize=self.figsize, layout="constrained")
        axes = self.axes if self.axes is not None else self.fig.gca()
        axes.clear()
        for number, (label, points) in enumerate(self.curves.items()):
            xs, ys = zip(*points, strict=True)
            style = self.ls[number % len(self.ls)]
            mark = "." if len(points) == 1 else None  # a line through one point cannot be seen
            colour = self.colors[number % len(self.colors)]
            axes.plot(xs, ys, linestyle=style, color=colour, marker=mark, label=label)
        axes.set(xlabel=self.xlabel, ylabel=self.ylabel, xscale=self.xscale, yscale=self.yscale)
        if self.xlim:
            axes.set_xlim(self.xlim)
        if self.ylim:
            axes.set_ylim(self.ylim)
        if self.curves:
            axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        return self.fig

    def show(self) -> None:
        """Shows the curves in the notebook's cell, in place of those shown before."""
        notebook = importlib.import_module("IPython.display")  # there, or we would not be here
        notebook.clear_output(wait=True)
        notebook.display(self.figure())

    def save(self, path: str | Path) -> None:
        """Writes the curves as a picture; the ending of the name (.png, .svg, .pdf) says which kind."""
        self.figure().savefig(path, dpi=160)


def in_notebook() -> bool:
    """Whether this program runs in a notebook's kernel, which shows rich output."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and shell.has_trait("kernel")
