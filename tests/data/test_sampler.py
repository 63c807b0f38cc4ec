import collections

import numpy as np
import pytest

import fathom
from fathom.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def seeded(seed=0):
    return fathom.Generator().manual_seed(seed)


def test_in_sequence():
    assert list(SequentialSampler("abcd")) == [0, 1, 2, 3]
    assert len(SequentialSampler("abcd")) == 4


def test_a_random_pass_has_every_number_once_and_each_pass_its_own_order():
    sampler = RandomSampler(range(50), generator=seeded())
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert list(RandomSampler(range(50), generator=seeded())) == first


def test_without_a_generator_the_default_one_decides():
    fathom.manual_seed(4)
    first = list(RandomSampler(range(50)))
    fathom.manual_seed(4)
    assert list(RandomSampler(range(50))) == first


def test_more_samples_than_there_are_begin_another_shuffling():
    drawn = list(RandomSampler(range(4), num_samples=10, generator=seeded()))
    assert len(drawn) == 10
    assert sorted(drawn[:4]) == sorted(drawn[4:8]) == [0, 1, 2, 3]
    assert len(set(drawn[8:])) == 2


def test_with_replacement_every_number_is_about_as_frequent():
    sampler = RandomSampler(range(4), replacement=True, num_samples=4000, generator=seeded())
    counts = collections.Counter(sampler)
    assert sorted(counts) == [0, 1, 2, 3]
    assert all(abs(count - 1000) < 120 for count in counts.values())  # over 4 sigma


def test_an_empty_source_gives_an_empty_pass():
    assert list(RandomSampler([])) == []


def test_a_subset_is_drawn_once_each():
    drawn = list(SubsetRandomSampler([3, 5, 7], generator=seeded()))
    assert sorted(drawn) == [3, 5, 7]


def test_weights_decide_on_frequencies_and_zero_never_comes():
    sampler = WeightedRandomSampler([1, 0, 3, 0], 4000, generator=seeded())
    counts = collections.Counter(sampler)
    assert sorted(counts) == [0, 2]
    assert counts[2] == pytest.approx(3000, abs=120)
    assert len(sampler) == 4000


def test_weighted_without_replacement_draws_each_at_most_once():
    drawn = list(WeightedRandomSampler([1, 0, 3, 2], 3, replacement=False, generator=seeded()))
    assert sorted(drawn) == [0, 2, 3]


def test_many_weights_take_little_memory():
    weights = np.ones(60_000)
    drawn = np.array(list(WeightedRandomSampler(weights, 60_000, generator=seeded())))
    assert drawn.min() >= 0
    assert drawn.max() < 60_000
    assert abs(drawn.mean() - 30_000) < 400  # over 5 sigma


@pytest.mark.parametrize(("drop_last", "batches"), [(False, [3, 3, 1]), (True, [3, 3])])
def test_batches_end_with_a_short_one_or_without(drop_last, batches):
    sampler = BatchSampler(SequentialSampler(range(7)), 3, drop_last)
    assert [len(batch) for batch in sampler] == batches
    assert len(sampler) == len(batches)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomSampler([1], num_samples=0), "num_samples must be at least 1, got 0"),
        (lambda: WeightedRandomSampler([1.0], 0), "num_samples must be at least 1, got 0"),
        (lambda: WeightedRandomSampler([[1.0]], 1), r"weights must be \(N\), got \(1, 1\)"),
        (lambda: WeightedRandomSampler([0.0, 0.0], 1), "not all 0"),
        (lambda: WeightedRandomSampler([-1.0, 2.0], 1), ">= 0"),
        (lambda: WeightedRandomSampler([1.0, 0.0], 2, False), "1 weights above 0 do not give 2"),
        (lambda: BatchSampler([1], 0, False), "batch_size must be an int above 0, got 0"),
        (lambda: BatchSampler([1], 2.0, False), "batch_size must be an int above 0, got 2.0"),
        (lambda: BatchSampler([1], 2, None), "drop_last must be True or False, got None"),
    ],
)
def test_wrong_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_must_be_written_is_named():
    with pytest.raises(NotImplementedError, match=r"Sampler must define __iter__\(\)"):
        iter(Sampler())
