from __future__ import annotations

import json
import math

import pytest

import fathom
from fathom.train import (
    Accuracy,
    ConfusionMatrix,
    Mean,
    MeanSquaredError,
    Metric,
    Perplexity,
    TopK,
    accuracy,
)  # fmt: skip

SCORES = fathom.tensor([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5], [0.4, 0.35, 0.25]])
LABELS = fathom.tensor([1, 2, 2, 1])


def test_the_mean_weighs_each_batch_by_its_examples():
    mean = Mean()
    mean.update(1.0, count=3)
    mean.update(fathom.tensor(5.0))
    assert mean.compute() == 2


def test_a_metric_of_nothing_is_nan_and_reset_forgets():
    metric = Accuracy()
    assert math.isnan(metric.compute())
    metric.update(SCORES, LABELS)
    metric.reset()
    assert math.isnan(metric.compute())


def test_accuracy_is_the_share_of_right_classes_over_unequal_batches():
    metric = Accuracy()
    metric.update(SCORES[:3], LABELS[:3])
    metric.update(SCORES[3:], LABELS[3:])
    assert metric.compute() == 0.5
    assert accuracy(SCORES, LABELS) == 2


def test_accuracy_counts_each_position_of_a_sequence():
    metric = Accuracy()
    metric.update(SCORES.reshape(2, 2, 3), LABELS.reshape(2, 2))
    assert metric.compute() == 0.5


def test_top_k_looks_at_the_k_highest_scores():
    for k, expected in ((1, 0.5), (2, 1.0), (3, 1.0)):
        metric = TopK(k)
        metric.update(SCORES, LABELS)
        assert metric.compute() == expected


def test_top_0_raises():
    with pytest.raises(ValueError, match="k must be at least 1"):
        TopK(0)


def test_the_confusion_matrix_has_a_row_for_each_true_class():
    metric = ConfusionMatrix(3)
    metric.update(SCORES, LABELS)
    assert metric.compute() == [[0, 0, 0], [1, 1, 0], [1, 0, 1]]


def test_a_label_that_is_no_class_raises():
    with pytest.raises(ValueError, match="labels reach from 0 to 3"):
        ConfusionMatrix(3).update(SCORES, fathom.tensor([0, 1, 2, 3]))


def test_perplexity_is_e_to_the_mean_cross_entropy():
    metric = Perplexity()
    metric.update(math.log(2.0), count=2)
    metric.update(math.log(8.0), count=1)
    assert metric.compute() == pytest.approx(2 ** (5 / 3))
    metric.update(1e9)
    assert metric.compute() == math.inf


def test_the_squared_error_is_over_all_elements_and_its_root_in_the_unit():
    told, true = fathom.tensor([[1.0], [2.0]]), fathom.tensor([4.0, 6.0])
    for root, expected in ((False, 12.5), (True, math.sqrt(12.5))):
        metric = MeanSquaredError(root)
        metric.update(told, true)
        assert metric.compute() == pytest.approx(expected)


def test_targets_of_another_size_raise():
    with pytest.raises(ValueError, match=r"predictions \(2, 1\) and targets \(3,\) do not fit"):
        MeanSquaredError().update(fathom.zeros(2, 1), fathom.zeros(3))


@pytest.mark.parametrize("make", [Accuracy, lambda: TopK(2), lambda: ConfusionMatrix(3)])
def test_a_metric_goes_on_from_its_saved_totals(make):
    whole, first, second = make(), make(), make()
    whole.update(SCORES, LABELS)
    first.update(SCORES[:1], LABELS[:1])
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    second.update(SCORES[1:], LABELS[1:])
    assert second.compute() == whole.compute()


def test_a_metric_must_say_what_it_does():
    with pytest.raises(NotImplementedError, match="Metric must define reset"):
        Metric()
