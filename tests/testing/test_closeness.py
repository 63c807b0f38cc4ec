"""assert_close accepts and refuses what PyTorch's does, and says by how much."""

import numpy as np
import pytest

import fathom
from fathom.testing import assert_close

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("a", "b", "options"),
    [
        ([1.0, 2.0], [1.0, 2.0], {}),
        ([1.0, 2.0], [1.0, 2.000001], {}),
        ([1.0, 2.0], [1.0, 2.00001], {}),
        ([1.0, 2.0], [1.0, 2.1], {"rtol": 0.1, "atol": 0.0}),
        ([1.0, float("nan")], [1.0, float("nan")], {}),
        ([1.0, float("nan")], [1.0, float("nan")], {"equal_nan": True}),
        ([float("inf")], [float("inf")], {}),
        ([float("inf")], [1.0], {}),
        ([1, 2], [1, 2], {}),
        ([1, 2], [1, 3], {}),
        ([True], [False], {}),
        ([1.0], [1.0, 1.0], {}),
        ([1j], [1j + 1e-9], {}),
        ([], [], {}),
    ],
)  # fmt: skip
def test_it_agrees_with_pytorchs(a, b, options):
    outcomes = []
    for m, check in ((fathom, assert_close), (torch, torch.testing.assert_close)):
        try:
            check(m.tensor(a), m.tensor(b), **options)
            outcomes.append("close")
        except AssertionError:
            outcomes.append("not close")
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (fathom.ones(2), fathom.ones(3), r"'shape' do not match: \(2,\) and \(3,\)"),
        (fathom.ones(2), fathom.ones(2).double(), "'dtype' do not match: fathom.float32 and fathom.float64"),
        ([fathom.ones(2)], [fathom.ones(2), 1], "lengths are not equal: 1 and 2"),
        ({"a": 1.0}, {"b": 1.0}, "keys are not equal"),
        ({"a": [1.0, 2.0]}, {"a": [1.0, 5.0]}, r"Tensor-likes\['a'\]\[1\] are not close"),
        (fathom.ones(2), np.ones(2, np.float32), "types are not equal"),
        (fathom.tensor([1, 2, 3]), fathom.tensor([1, 5, 9]), r"(?s)2 / 3.*difference: 6 at index \(2,\)"),
    ],
)  # fmt: skip
def test_the_message_says_what_differs(a, b, message):
    with pytest.raises(AssertionError, match=message):
        assert_close(a, b)


def test_dtype_and_device_may_be_left_unchecked():
    assert_close(fathom.ones(2), fathom.ones(2).double(), check_dtype=False)
    assert_close(1, 1.0, check_dtype=False)


def test_a_message_of_ones_own():
    with pytest.raises(AssertionError, match="^mine$"):
        assert_close(1.0, 2.0, msg="mine")
    with pytest.raises(AssertionError, match="^see: Tensor-likes are not close"):
        assert_close(1.0, 2.0, msg=lambda text: "see: " + text)


def test_tolerances_come_in_pairs():
    with pytest.raises(ValueError, match="both be given"):
        assert_close(1.0, 1.0, rtol=0.1)


def test_what_is_no_number_is_refused():
    with pytest.raises(TypeError, match="cannot compare str"):
        assert_close("a", "a")
