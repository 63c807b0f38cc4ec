import numpy as np
import pytest

import fathom
from fathom.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)
from fathom.data.dataset import whole_batch


class Letters(Dataset):
    def __init__(self, letters):
        self.letters = letters

    def __getitem__(self, index):
        return self.letters[index]

    def __len__(self):
        return len(self.letters)


class Count(IterableDataset):
    def __init__(self, *numbers):
        self.numbers = numbers

    def __iter__(self):
        return iter(self.numbers)


def rows(count=6):
    x = fathom.arange(count * 3).reshape(count, 3).to(dtype="float32")
    return TensorDataset(x, fathom.arange(count))


def test_a_tensor_dataset_gives_the_row_of_each_tensor():
    x, y = rows()[2]
    assert x.tolist() == [6, 7, 8]
    assert y.item() == 2
    assert len(rows(4)) == 4


def test_a_tensor_dataset_refuses_different_lengths_and_no_tensors():
    with pytest.raises(ValueError, match=r"of one length, got \[3, 2\]"):
        TensorDataset(fathom.zeros(3), fathom.zeros(2))
    with pytest.raises(ValueError, match="at least one tensor"):
        TensorDataset()


def test_concatenated_datasets_follow_each_other():
    both = Letters("abc") + Letters("de")
    assert isinstance(both, ConcatDataset)
    assert [both[index] for index in range(5)] == list("abcde")
    assert both[-1] == "e"
    assert both.cumulative_sizes == [3, 5]
    for index in (5, -6):
        with pytest.raises(IndexError, match=f"index {index} is out of range for 5 samples"):
            both[index]


def test_an_empty_dataset_may_stand_among_the_concatenated():
    parts = ConcatDataset([Letters("a"), Letters(""), Letters("b")])
    assert [parts[index] for index in range(2)] == ["a", "b"]


def test_concatenating_nothing_or_iterables_is_refused():
    with pytest.raises(ValueError, match="at least one dataset"):
        ConcatDataset([])
    with pytest.raises(TypeError, match="use ChainDataset"):
        ConcatDataset([Count(1)])


def test_chained_datasets_follow_each_other():
    assert list(Count(1, 2) + Count(3)) == [1, 2, 3]
    with pytest.raises(TypeError, match="Letters is no IterableDataset"):
        list(ChainDataset([Letters("a")]))


def test_a_subset_renumbers():
    subset = Subset(Letters("abcdef"), [5, 0, 3])
    assert [subset[index] for index in range(3)] == ["f", "a", "d"]
    assert len(subset) == 3


def test_random_split_deals_out_every_sample_once():
    generator = fathom.Generator().manual_seed(1)
    parts = random_split(Letters("abcdefghij"), [7, 3], generator=generator)
    assert [len(part) for part in parts] == [7, 3]
    assert sorted(part[index] for part in parts for index in range(len(part))) == list("abcdefghij")
    again = random_split(Letters("abcdefghij"), [7, 3], fathom.Generator().manual_seed(1))
    assert parts[0].indices == again[0].indices


@pytest.mark.parametrize("count", [10, 11, 101])
@pytest.mark.parametrize("fractions", [[0.5, 0.5], [0.7, 0.2, 0.1], [1.0], [0.33, 0.33, 0.34]])
def test_fractions_are_rounded_as_in_pytorch(count, fractions):
    import torch

    theirs = torch.utils.data.random_split(range(count), fractions)
    ours = random_split(range(count), fractions)
    assert [len(part) for part in ours] == [len(part) for part in theirs]


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.6], [11, -1], [2.5, 7.5]])
def test_lengths_that_do_not_add_up_are_refused(lengths):
    with pytest.raises(ValueError, match="must add up to the dataset's 10"):
        random_split(Letters("abcdefghij"), lengths)


def test_what_must_be_written_is_named():
    class Bare(Dataset):
        pass

    with pytest.raises(NotImplementedError, match=r"Bare must define __getitem__\(index\)"):
        Bare()[0]
    with pytest.raises(TypeError, match="Bare has no length; define __len__"):
        random_split(Bare(), [1])
    with pytest.raises(NotImplementedError, match=r"must define __iter__\(\)"):
        iter(IterableDataset())


def test_the_batch_by_one_indexing_is_what_collating_row_by_row_gives():
    nested = Subset(Subset(rows(10), [9, 8, 7, 1, 0]), [4, 2, 0, 0])
    for dataset, indices in ((rows(), [4, 0, 4]), (nested, [3, 1])):
        fast = whole_batch(dataset, indices)
        slow = default_collate([dataset[index] for index in indices])
        for one, other in zip(fast, slow, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
            assert one.dtype == other.dtype


def test_a_dataset_that_changes_what_a_row_is_has_no_such_batch():
    class Flipped(TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[::-1]

    assert whole_batch(Flipped(*rows().tensors), [0]) is None
    assert whole_batch(Subset(Flipped(*rows().tensors), [1]), [0]) is None
    assert whole_batch(Letters("ab"), [0]) is None
