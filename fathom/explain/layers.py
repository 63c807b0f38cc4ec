"""Boxes in layers, each below all that it reads, with arrows that go around the boxes between.

    layer      how deep a box stands: one below the deepest that it reads
    stations   an arrow over several layers gets a thin place in each of them, so that room is left for it
    order      in a layer, by the middle of the neighbours, down and up a few times: fewer arrows cross
    places     as close to the middle of the neighbours as the boxes beside allow

K. Sugiyama, S. Tagawa, M. Toda: Methods for Visual Understanding of Hierarchical System Structures, 1981.
Places are in pixels from the top left; a box's place is its middle.
"""

from __future__ import annotations

from collections.abc import Sequence

Edge = tuple[int, int]  # from the box that is read to the box that reads it
Point = tuple[float, float]
Neighbours = list[list[int]]

GAP, RISE = 28, 46  # between boxes side by side, and one below the other
THIN = 6  # the width of a station
HEAD = 7  # what an arrow stops short of a box
SWEEPS = 8


def in_layers(
    sizes: Sequence[tuple[float, float]], edges: Sequence[Edge]
) -> tuple[float, float, list[Point], list[tuple[int, int, list[Point]]]]:
    """Width, height, the middle of each box, and for each edge the points of its Bezier curves.

    >>> width, height, places, arrows = in_layers([(40, 20), (40, 20)], [(0, 1)])
    >>> places
    [(34.0, 24.0), (34.0, 90.0)]
    """
    layer = depths(len(sizes), edges)
    sized = list(sizes)
    ways = [stations(edge, layer, sized) for edge in edges]
    above: Neighbours = [[] for _ in sized]
    below: Neighbours = [[] for _ in sized]
    for way in ways:
        for a, b in zip(way, way[1:]):
            above[b].append(a)
            below[a].append(b)
    rows: list[list[int]] = [[] for _ in range(max(layer) + 1)]
    for k, depth in enumerate(layer):
        rows[depth].append(k)
    ordered(rows, above, below)
    x = spread(rows, [width for width, _ in sized], above, below)
    y, tall, top = [0.0] * len(sized), [0.0] * len(rows), GAP / 2
    for depth, row in enumerate(rows):
        tall[depth] = max(sized[k][1] for k in row)
        for k in row:
            y[k] = top + tall[depth] / 2
        top += tall[depth] + RISE
    left = GAP / 2 - min(x[k] - sized[k][0] / 2 for k in range(len(sized)))
    places = [(x[k] + left, y[k]) for k in range(len(sized))]
    width = max(places[k][0] + sized[k][0] / 2 for k in range(len(sized))) + GAP / 2
    arrows = [
        (way[0], way[-1], curve(way, places, sized, [tall[layer[k]] for k in way])) for way in ways
    ]
    return width, top - RISE + GAP / 2, places[: len(sizes)], arrows


def depths(count: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of each box; what is read late, such as a parameter, stands just above its first reader."""
    sources: Neighbours = [[] for _ in range(count)]
    readers: Neighbours = [[] for _ in range(count)]
    for a, b in edges:
        sources[b].append(a)
        readers[a].append(b)
    layer = [0] * count
    for k in range(count):  # boxes come after those that they read
        layer[k] = max((layer[a] + 1 for a in sources[k]), default=0)
    for k in range(count):
        if not sources[k] and readers[k]:
            layer[k] = min(layer[b] for b in readers[k]) - 1
    return layer


def stations(edge: Edge, layer: list[int], sized: list[tuple[float, float]]) -> list[int]:
    """The way of an edge: its boxes, and between them a new thin place in each layer that it crosses."""
    a, b = edge
    way = [a]
    for depth in range(layer[a] + 1, layer[b]):
        way.append(len(sized))
        sized.append((THIN, 0.0))
        layer.append(depth)
    return [*way, b]


def ordered(rows: list[list[int]], above: Neighbours, below: Neighbours) -> None:
    """Sort each row by the middle of its neighbours: of those above going down, of those below going up."""
    position = {k: place for row in rows for place, k in enumerate(row)}
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        neighbours = above if down else below
        for row in rows if down else reversed(rows):
            middles = {k: middle([position[n] for n in neighbours[k]], position[k]) for k in row}
            row.sort(key=middles.__getitem__)
            position |= {k: place for place, k in enumerate(row)}


def middle(values: list, otherwise: float) -> float:
    return sum(values) / len(values) if values else float(otherwise)


def spread(
    rows: list[list[int]], widths: list[float], above: Neighbours, below: Neighbours
) -> list[float]:
    """The middle of each place from left to right: near its neighbours, and clear of the ones beside."""
    x = [0.0] * len(widths)
    for row in rows:
        fit(row, {k: x[above[k][0]] if above[k] else 0.0 for k in row}, widths, x)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            wished = {k: middle([x[n] for n in (*above[k], *below[k])], x[k]) for k in row}
            fit(row, wished, widths, x)
    return x


def fit(row: list[int], wished: dict[int, float], widths: list[float], x: list[float]) -> None:
    """The places of a row that are closest to the wished ones and keep their distance.

    With the distances taken out, wishes that fall short of the one to their left share its place: the
    middle of what both wish. (This is regression on an order, by pooling those that violate it.)
    """
    offsets, pools = [0.0], []
    for a, b in zip(row, row[1:]):
        offsets.append(offsets[-1] + (widths[a] + widths[b]) / 2 + GAP)
    for k, offset in zip(row, offsets):
        total, count = wished[k] - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            before = pools.pop()
            total, count = total + before[0], count + before[1]
        pools.append((total, count))
    flat = [total / count for total, count in pools for _ in range(count)]
    for k, place, offset in zip(row, flat, offsets):
        x[k] = place + offset


def curve(
    way: list[int], places: list[Point], sized: list[tuple[float, float]], tall: list[float]
) -> list[Point]:
    """From the foot of the first box through its stations to the head of the last.

    It bends between the layers only: inside one, whose boxes differ in height, it goes straight down.
    """
    (x, y), (end_x, end_y) = places[way[0]], places[way[-1]]
    head = end_y - sized[way[-1]][1] / 2 - HEAD
    stops = [(x, y + tall[0] / 2)]
    for k, height in zip(way[1:-1], tall[1:-1]):
        stops += [
            (places[k][0], places[k][1] - height / 2),
            (places[k][0], places[k][1] + height / 2),
        ]
    stops += [(end_x, min(end_y - tall[-1] / 2, head)), (end_x, head)]
    points = [(x, y + sized[way[0]][1] / 2)]
    for stop in stops:
        if stop[1] > points[-1][1]:  # a piece without length would turn the arrow's head
            points += bend(points[-1], stop)
    return points


def bend(start: Point, end: Point) -> list[Point]:
    """A curve that leaves and arrives straight down."""
    half = (end[1] - start[1]) / 2
    return [(start[0], start[1] + half), (end[0], end[1] - half), end]
