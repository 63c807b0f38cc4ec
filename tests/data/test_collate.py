import collections

import numpy as np
import pytest
import torch

import fathom
from fathom.data import default_collate, default_convert

Point = collections.namedtuple("Point", ["x", "y"])


def plain(value):
    """The structure with tensors of either library as (dtype, list)."""
    if isinstance(value, fathom.Tensor | torch.Tensor):
        return str(value.dtype).split(".")[1], value.tolist()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [plain(entry) for entry in value]
    return value


@pytest.mark.parametrize(
    "batch",
    [
        [1, 2, 3],
        [1.5, 2.0],
        [True, False],
        ["a", "b"],
        [b"a", b"b"],
        [(1, 2.0), (3, 4.0)],
        [[1, 2], [3, 4]],
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        [Point(1, 2.0), Point(3, 4.0)],
        [np.array([1, 2], np.int32), np.array([3, 4], np.int32)],
        [np.float32(1), np.float32(2)],
        [np.zeros((2, 0)), np.zeros((2, 0))],
        [((1, [2, "a"]), {"n": np.ones(2)})] * 3,
    ],
    ids=str,
)
def test_collates_as_pytorch_does(batch):
    ours, theirs = default_collate(batch), torch.utils.data.default_collate(batch)
    assert plain(ours) == plain(theirs)


def test_tensors_are_stacked():
    batch = default_collate([fathom.tensor([1.0, 2.0]), fathom.tensor([3.0, 4.0])])
    assert batch.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([fathom.zeros(2), fathom.zeros(3)], r"shape \(2,\), sample 1 \(3,\); pad them"),
        ([np.zeros((2, 2)), np.zeros(2)], r"shape \(2, 2\), sample 1 \(2,\)"),
        ([(1, 2), (1,)], "sample 0 has 2 entries, sample 1 has 1"),
        ([{"a": 1}, {"b": 1}], r"sample 0 has the keys \['a'\], sample 1 \['b'\]"),
    ],
)
def test_samples_that_do_not_fit_are_named(batch, message):
    with pytest.raises(ValueError, match=message):
        default_collate(batch)


def test_a_kind_that_makes_no_batch_is_named():
    with pytest.raises(TypeError, match="got NoneType; pass your own collate_fn"):
        default_collate([None, None])


def test_convert_turns_arrays_into_tensors_and_leaves_the_rest():
    converted = default_convert({"a": np.ones(2), "b": (1, "x"), "c": Point(np.zeros(1), None)})
    assert isinstance(converted["a"], fathom.Tensor)
    assert converted["b"] == (1, "x")
    assert isinstance(converted["c"].x, fathom.Tensor)
    assert converted["c"].y is None
