"""The first operation that made a NaN, and what was computed up to a shape that does not fit."""

import numpy as np
import pytest

import fathom
from fathom import nn
from fathom.core.primitive import Primitive
from fathom.debug import NonFiniteError

DOOR = Primitive.__call__


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return (self.fc(x) * 0).log()  # minus infinity, twice


def test_the_first_operation_that_makes_an_infinity_is_named_with_its_module_line_and_inputs():
    with pytest.raises(NonFiniteError) as caught, fathom.debug.nan():
        Net()(fathom.ones(1, 2)).exp()
    text = str(caught.value)
    assert text.startswith("Log made 2 infinite of 2 elements")
    assert "in Net, at test_debug.py:" in text and "return (self.fc(x) * 0).log()" in text
    assert "y[i,j] = log(x[i,j])" in text and "x: 1 × 2, from 0 to 0" in text


def test_the_path_of_an_inner_module_is_named():
    class Bad(nn.Module):
        def forward(self, x):
            return x / 0

    with pytest.raises(NonFiniteError, match="in 1 Bad"), fathom.debug.nan():
        nn.Sequential(nn.ReLU(), Bad())(fathom.ones(1))


def test_an_operation_of_the_backward_pass_is_named_with_what_it_belongs_to():
    x = fathom.tensor([0.0, 1.0], requires_grad=True)
    with pytest.raises(
        NonFiniteError,
        match=r"in the backward pass of Sqrt, applied at test_debug.py:\d+: y = x.sqrt",
    ):
        with fathom.debug.nan():
            y = x.sqrt().sum()
            y.backward()


def test_an_infinity_that_was_given_is_nobodys_fault():
    x = fathom.tensor([float("-inf"), 1.0])
    with fathom.debug.nan():
        assert x.exp().tolist() == [0, pytest.approx(np.e)]
        assert x.softmax(0).tolist() == [0, 1]


def test_a_shape_error_tells_what_was_computed_up_to_it():
    with pytest.raises(ValueError, match="do not fit") as caught, fathom.debug.shapes():
        x = fathom.ones(2, 3).exp()
        x @ fathom.ones(4, 5)
    (note,) = caught.value.__notes__
    assert note.startswith("up to the error:\n  exp  2 × 3 → 2 × 3  at test_debug.py:")
    assert note.endswith("x = fathom.ones(2, 3).exp()")


def test_without_an_error_nothing_is_said_and_the_door_is_its_own_again():
    with fathom.debug.shapes(), fathom.debug.nan():
        assert Primitive.__call__ is not DOOR
        fathom.ones(2).exp()
    assert Primitive.__call__ is DOOR
    with pytest.raises(ZeroDivisionError) as caught, fathom.debug.shapes():
        divmod(1, 0)
    assert caught.value.__notes__ == ["up to the error: nothing was computed"]
    assert Primitive.__call__ is DOOR


def test_a_module_is_one_step_of_the_way_to_a_shape_error():
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Linear(10, 2))
    x = fathom.ones(1, 1, 8, 8)
    with pytest.raises(ValueError, match="2 Linear") as caught, fathom.debug.shapes():
        net(x)
    steps = [line.split("  at")[0].split() for line in caught.value.__notes__[0].splitlines()[1:]]
    assert [" ".join(step) for step in steps] == [
        "0 Conv2d 1 × 1 × 8 × 8 → 1 × 3 × 6 × 6",
        "1 ReLU 1 × 3 × 6 × 6 → 1 × 3 × 6 × 6",
    ]


def test_inside_a_loop_over_time_the_operation_is_named_not_the_loop():
    def shrink(h, x):
        return (h - x).log(), None

    with (
        pytest.raises(fathom.debug.NonFiniteError, match="Log made 1 NaN") as caught,
        fathom.debug.nan(),
    ):
        fathom.scan(shrink, fathom.tensor(3.0), fathom.tensor([1.0, 1.0, 1.0]))
    assert "return (h - x).log(), None" in str(caught.value)
