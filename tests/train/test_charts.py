from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pytest

from fathom.train.charts import curves_svg, line_chart, metric_curves, number, ticks

LINES = [
    {"kind": "step", "epoch": 0.5, "step": 5, "train_loss": 2.0},
    {"kind": "step", "epoch": 1.0, "step": 10, "train_loss": math.nan},
    {"kind": "epoch", "epoch": 1, "step": 10, "train_loss": 1.5, "val_loss": 1.0, "seconds": 2.0},
]


def test_a_curve_of_training_has_points_within_epochs_and_one_of_validation_at_their_ends():
    assert metric_curves(LINES) == [("loss", {"train": [(0.5, 2.0)], "val": [(1, 1.0)]})]


def test_the_file_is_well_formed_and_asks_for_nothing_from_elsewhere():
    text = curves_svg(LINES, {"loss": "loss <&>"})
    ElementTree.fromstring(text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "loss &lt;&amp;&gt;" in text


def test_a_metric_without_a_finite_value_says_so():
    assert "no values" in line_chart("loss", {"train": []})


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.12, 0.93), (-3, 5), (1e-6, 3e-6), (7, 7), (0, 0), (1e5, 9e6)]
)
def test_ticks_enclose_what_they_measure_and_are_few(low, high):
    found = ticks(low, high, 5)
    assert found[0] <= low
    assert found[-1] >= high
    assert 2 <= len(found) <= 8


def test_whole_ticks_are_whole_numbers():
    assert ticks(0, 3, 6, whole=True) == [0, 1, 2, 3]
    assert ticks(0, 30, 6, whole=True) == [0, 5, 10, 15, 20, 25, 30]


def test_labels_are_short():
    assert [number(x) for x in (0.30000000000000004, 5.0, 20000.0, 2.5e-05)] == [
        "0.3",
        "5",
        "20,000",
        "2.5e-05",
    ]
