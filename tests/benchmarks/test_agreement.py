"""Agreement: what is near enough to a run in float64, and what is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.agreement import Distance, distance


def files(tmp_path, found: dict, true: dict):
    paths = tmp_path / "found.npz", tmp_path / "true.npz"
    for path, gradients in zip(paths, (found, true), strict=True):
        np.savez(path, **{name: np.array(g, np.float64) for name, g in gradients.items()})
    return paths


def test_the_worst_loss_and_the_worst_gradient_are_named(tmp_path):
    paths = files(tmp_path, {"a": [3.0, 4.0], "b": [1.1]}, {"a": [3.0, 4.0], "b": [1.0]})
    found = distance([2.0, 1.01, 0.5], [2.0, 1.0, 0.5], *paths)
    assert (found.step, found.parameter) == (2, "b")
    assert found.loss == pytest.approx(0.01)
    assert found.gradient == pytest.approx(0.1)


def test_a_gradient_that_is_zero_but_for_rounding_is_measured_against_all(tmp_path):
    paths = files(tmp_path, {"a": [3.0, 4.0], "b": [1e-9]}, {"a": [3.0, 4.0], "b": [-1e-9]})
    assert distance([1.0], [1.0], *paths).gradient == pytest.approx(2e-9 / 0.05)


def test_not_a_number_is_the_worst_of_all(tmp_path):
    paths = files(tmp_path, {"a": [math.nan], "b": [9.0]}, {"a": [1.0], "b": [1.0]})
    found = distance([1.0, math.nan, 5.0], [1.0, 1.0, 1.0], *paths)
    assert (found.step, found.parameter) == (2, "a")
    assert "step 2 and gradient of a" in (found.disagreement(found) or "")


def test_other_parameters_are_an_error(tmp_path):
    paths = files(tmp_path, {"a": [1.0]}, {"b": [1.0]})
    with pytest.raises(ValueError, match="only one of the two has gradients of a, b"):
        distance([1.0], [1.0], *paths)


def test_who_is_no_further_than_five_times_another_agrees():
    far, near = Distance(4e-4, 20, 1e-6, "w"), Distance(1e-4, 20, 1e-6, "w")
    exact = Distance(0.0, 1, 0.0, "w")
    assert far.disagreement(near) is None
    assert far.disagreement(exact) == "loss 4e-04 from float64 at step 20"


def test_rounding_is_small_and_not_a_number_is_not():
    assert Distance(1e-4, 3, 0.01, "w").within((1e-3, 0.1))
    assert not Distance(1e-4, 3, 0.2, "w").within((1e-3, 0.1))
    assert not Distance(math.nan, 3, 0.01, "w").within((1e-3, 0.1))
