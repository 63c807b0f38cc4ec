"""Boxes in layers: nothing overlaps, and no arrow runs through a box that it does not belong to."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom import nn
from fathom.explain import explain
from fathom.explain.boxes import boxes
from fathom.explain.layers import depths, fit, in_layers
from fathom.explain.layout import size_of


def random_graph(seed, count=18):
    """Boxes of several sizes, each of which reads one to three before it."""
    rng = np.random.default_rng(seed)
    sizes = [(float(rng.integers(40, 160)), float(rng.integers(20, 90))) for _ in range(count)]
    edges = [
        (int(a), b)
        for b in range(2, count)
        for a in rng.choice(b, size=min(b, rng.integers(1, 4)), replace=False)
    ]
    return sizes, edges


def gru():
    drawn = boxes(explain(nn.GRUCell(3, 2), fathom.ones(1, 3), fathom.ones(1, 2)))
    number = {id(box): k for k, box in enumerate(drawn)}
    edges = [(number[id(source)], k) for k, box in enumerate(drawn) for source in box.sources]
    return [size_of(box) for box in drawn], edges


GRAPHS = [random_graph(seed) for seed in range(6)] + [gru()]


@pytest.mark.parametrize(("sizes", "edges"), GRAPHS)
def test_boxes_do_not_overlap_and_lie_inside(sizes, edges):
    width, height, places, _ = in_layers(sizes, edges)
    for k, ((x, y), (w, h)) in enumerate(zip(places, sizes)):
        assert 0 <= x - w / 2 and x + w / 2 <= width and 0 <= y - h / 2 and y + h / 2 <= height
        for (x2, y2), (w2, h2) in zip(places[:k], sizes):
            assert abs(x - x2) >= (w + w2) / 2 - 1e-6 or abs(y - y2) >= (h + h2) / 2 - 1e-6


@pytest.mark.parametrize(("sizes", "edges"), GRAPHS)
def test_no_arrow_runs_through_a_box(sizes, edges):
    _, _, places, arrows = in_layers(sizes, edges)
    assert [(a, b) for a, b, _ in arrows] == edges
    for a, b, points in arrows:
        for x, y in along(points):
            for k, ((at_x, at_y), (w, h)) in enumerate(zip(places, sizes)):
                inside = abs(x - at_x) < w / 2 - 1e-6 and abs(y - at_y) < h / 2 - 1e-6
                assert not inside or k in (a, b), (a, b, k)


def along(points):
    """Points on the Bezier curves of an arrow."""
    for k in range(0, len(points) - 1, 3):
        p = np.array(points[k : k + 4])
        for t in np.linspace(0, 1, 15):
            yield (
                (1 - t) ** 3 * p[0]
                + 3 * t * (1 - t) ** 2 * p[1]
                + 3 * t**2 * (1 - t) * p[2]
                + t**3 * p[3]
            )


def test_a_box_stands_below_all_that_it_reads_and_a_parameter_just_above_its_reader():
    assert depths(5, [(0, 1), (1, 2), (3, 4), (2, 4)]) == [0, 1, 2, 2, 3]


def test_places_are_as_close_to_the_wishes_as_their_distance_allows():
    x = [0.0] * 3
    fit([0, 1, 2], {0: 50.0, 1: 50.0, 2: 300.0}, [20.0, 20.0, 20.0], x)
    assert x == [26.0, 74.0, 300.0]  # 20 wide and 28 apart, around the 50 that both wish


def test_one_box_stands_alone():
    assert in_layers([(40, 20)], []) == (68.0, 48.0, [(34.0, 24.0)], [])
