"""Where boxes stand and how arrows run: by Graphviz's `dot` where it is installed, else in layers (layers.py).

Places are in pixels from the top left; a box's place is its middle.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fathom.explain.boxes import Box
from fathom.explain.layers import GAP, RISE, in_layers

INCH = 72  # pixels
LINE, PAD = 17, 20  # the height of a line, and what is around the text
LETTER, BOLD = 7.0, 8.2  # the width of a letter, also in a wide font
TALL, WIDE, LARGEST_CELL = 46, 96, 12  # of the picture of a matrix, and of one number in it
TILE_GAP = 5  # beside and below a picture
PATIENCE = 20  # seconds that dot may take


@dataclass(frozen=True)
class Layout:
    """The size of the picture, the middle of each box, and for each arrow the points of its Bezier curves."""

    width: float
    height: float
    places: list[tuple[float, float]]
    arrows: list[tuple[int, int, list[tuple[float, float]]]]


def size_of(box: Box) -> tuple[float, float]:
    """Width and height of a box."""
    text = max(len(line) * LETTER for line in [*box.lines, box.gradient])
    rows = 1 + len(box.lines) + bool(box.gradient)
    pictures = sum(width + TILE_GAP for width, _ in map(tile_size, box.tiles))
    height = rows * LINE + 14 + picture_height(box)
    return max(text, pictures, len(box.title) * BOLD) + PAD, height


def picture_height(box: Box) -> float:
    """What the pictures of a box need, with the space below."""
    return max((height + TILE_GAP + 2 for _, height in map(tile_size, box.tiles)), default=0.0)


def tile_size(tile: np.ndarray) -> tuple[float, float]:
    """Width and height of the picture of a matrix: at most TALL, a row of many numbers flat and wide."""
    rows, columns = tile.shape
    scale = min(TALL / max(rows, 1), WIDE / max(columns, 1), LARGEST_CELL)
    return columns * scale, rows * scale


def layout(boxes: Sequence[Box], use_dot: bool = True) -> Layout:
    """Places for the boxes and their arrows."""
    number = {id(box): k for k, box in enumerate(boxes)}
    edges = [(number[id(source)], k) for k, box in enumerate(boxes) for source in box.sources]
    if not boxes:
        return Layout(0.0, 0.0, [], [])
    program = shutil.which("dot") if use_dot else None
    if program:
        return by_dot(program, boxes, edges)
    return Layout(*in_layers([size_of(box) for box in boxes], edges))


def by_dot(program: str, boxes: Sequence[Box], edges: Sequence[tuple[int, int]]) -> Layout:
    """Graphviz's layout, read from its plain output."""
    nodes = [
        f'b{k} [shape=box fixedsize=true label="" width={width / INCH:.3f} height={height / INCH:.3f}];'
        for k, (width, height) in enumerate(map(size_of, boxes))
    ]
    arrows = [f"b{a} -> b{b};" for a, b in edges]
    head = f"digraph {{ rankdir=TB; nodesep={GAP / INCH}; ranksep={RISE / INCH};"
    given = "\n".join([head, *nodes, *arrows, "}"])
    done = subprocess.run(
        [program, "-Tplain"],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return read_plain(done.stdout, len(boxes))


def read_plain(text: str, count: int) -> Layout:
    places: list[tuple[float, float]] = [(0.0, 0.0)] * count
    arrows = []
    width = height = 0.0
    for words in map(str.split, text.splitlines()):
        if words[0] == "graph":
            width, height = float(words[2]) * INCH, float(words[3]) * INCH
        elif words[0] == "node":
            places[int(words[1][1:])] = (float(words[2]) * INCH, height - float(words[3]) * INCH)
        elif words[0] == "edge":
            n = int(words[3])
            points = [float(x) * INCH for x in words[4 : 4 + 2 * n]]
            curve = [(x, height - y) for x, y in zip(points[::2], points[1::2])]
            arrows.append((int(words[1][1:]), int(words[2][1:]), curve))
    return Layout(width, height, places, arrows)
