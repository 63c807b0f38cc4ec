"""Every operation beside fathom's own and beside finite differences, and its wrong calls."""

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom.blocks import (
    AveragePool2D,
    BiasAdd,
    Convolution,
    Dropout,
    Flatten,
    Linear,
    MaxPool2D,
    OneHot,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
    WeightMultiply,
)
from tests.blocks.agreement import agree, numbers


@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3), (3,)])
def test_weight_multiply_agrees_for_rows_sequences_and_a_single_row(shape):
    agree(WeightMultiply(numbers(3, 5, seed=9)), numbers(*shape), lambda x, W: x @ W)


@pytest.mark.parametrize(("x", "b"), [((4, 3), (3,)), ((2, 4, 3), (3,)), ((2, 3, 4, 5), (3, 1, 1))])
def test_bias_add_agrees_for_rows_sequences_and_images(x, b):
    agree(BiasAdd(numbers(*b, seed=9)), numbers(*x), lambda x, b: x + b)


@pytest.mark.parametrize(
    ("operation", "formula"),
    [
        (Linear(), lambda x: x * 1),
        (Sigmoid(), fathom.sigmoid),
        (Tanh(), fathom.tanh),
        (ReLU(), fathom.relu),
        (Softmax(), lambda x: fathom.softmax(x, dim=-1)),
        (Flatten(), lambda x: x.flatten(1)),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5)])
def test_operations_without_parameters_agree(operation, formula, shape):
    agree(operation, numbers(*shape), formula)


@pytest.mark.parametrize(("padding", "stride"), [(0, 1), (2, 1), (1, 2), (0, 3)])
def test_convolution_agrees_with_and_without_padding_and_stride(padding, stride):
    agree(
        Convolution(numbers(4, 2, 3, 2, seed=9), padding, stride),
        numbers(2, 2, 6, 7),
        lambda x, w: F.conv2d(x, w, stride=stride, padding=padding),
    )


def test_convolution_by_hand():
    image = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    difference = np.array([[[[-1.0, 1.0]]]])  # the pixel to the right less this one
    operation = Convolution(difference)
    assert operation.forward(image).tolist() == [[[[1, 1], [1, 1]]]]
    operation.backward(np.ones((1, 1, 2, 2)))
    assert operation.parameter.gradient.tolist() == [[[[12, 16]]]]  # 1+2+4+5, 2+3+5+6


@pytest.mark.parametrize(
    ("size", "stride", "shape"),
    [(2, None, (2, 3, 6, 4)), (2, None, (2, 3, 7, 5)), (3, 1, (1, 2, 5, 6)), (2, 3, (1, 2, 8, 8))],
    ids=["side by side", "pixels left over", "overlapping", "with gaps"],
)
def test_pooling_agrees(size, stride, shape):
    x = numbers(*shape)
    agree(MaxPool2D(size, stride), x, lambda x: F.max_pool2d(x, size, stride))
    agree(AveragePool2D(size, stride), x, lambda x: F.avg_pool2d(x, size, stride))


def test_the_gradient_of_a_tie_goes_to_the_first_of_the_largest():
    pool = MaxPool2D(2)
    pool.forward(np.array([[[[1.0, 7.0], [7.0, 7.0]]]]))
    assert pool.backward(np.ones((1, 1, 1, 1))).tolist() == [[[[0, 1], [0, 0]]]]


def test_flatten_of_no_images_has_no_rows_and_the_same_columns():
    assert Flatten().forward(np.ones((0, 2, 3, 4))).shape == (0, 24)


def test_activations_do_not_overflow():
    far = np.array([[-1e4, 0.0, 1e4]])
    assert Sigmoid().forward(far).tolist() == [[0, 0.5, 1]]
    assert Softmax().forward(far).tolist() == [[0, 0, 1]]


def test_dropout_drops_the_share_it_promises_keeps_the_mean_and_sends_gradients_the_same_way():
    dropout = Dropout(0.25, generator=0)
    y = dropout.forward(np.ones((100, 100)), training=True)
    assert np.mean(y == 0) == pytest.approx(0.25, abs=0.02)
    assert set(np.unique(y)) == {0, 1 / 0.75}
    np.testing.assert_array_equal(dropout.backward(np.ones((100, 100))), y)


def test_dropout_does_nothing_out_of_training():
    dropout, x = Dropout(0.5, generator=0), numbers(4, 3)
    np.testing.assert_array_equal(dropout.forward(x), x)
    np.testing.assert_array_equal(dropout.backward(x), x)


def test_one_hot_vectors_have_a_single_one_and_end_the_way_back():
    one_hot = OneHot(4, np.float32)
    y = one_hot.forward(np.array([[0, 3]]))
    assert y.dtype == np.float32 and y.tolist() == [[[1, 0, 0, 0], [0, 0, 0, 1]]]
    assert one_hot.backward(np.ones((1, 2, 4))).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("operation", "x", "message"),
    [
        (WeightMultiply(np.ones((3, 5))), np.ones((2, 4)), r"x \(2, 4\) and W \(3, 5\) do not fit.*first, 3"),
        (WeightMultiply(np.ones((3, 5))), np.ones(()), r"x \(\) and W \(3, 5\) do not fit"),
        (BiasAdd(np.ones(3)), np.ones((3, 1)), r"x \(3, 1\) and b \(3,\) do not fit"),
        (BiasAdd(np.ones((3, 1, 1))), np.ones((3, 3)), r"x \(3, 3\) and b \(3, 1, 1\) do not fit"),
        (Convolution(np.ones((1, 3, 2, 2))), np.ones((1, 2, 4, 4)), r"must be \(N, 3, H, W\), got \(1, 2, 4, 4\)"),
        (Convolution(np.ones((1, 1, 5, 5))), np.ones((1, 1, 4, 9)), "5 x 5 does not fit into images of 4 x 9"),
        (MaxPool2D(2), np.ones((4, 4)), r"MaxPool2D: x must be \(N, C, H, W\), got \(4, 4\)"),
        (AveragePool2D(9), np.ones((1, 1, 4, 4)), "window of 9 x 9 does not fit"),
        (OneHot(3), np.array([0, 3]), "numbers from 0 to 2, got 0 to 3"),
        (OneHot(3), np.array([-1, 2]), "numbers from 0 to 2, got -1 to 2"),
    ],
)  # fmt: skip
def test_an_input_that_does_not_fit_raises(operation, x, message):
    with pytest.raises(ValueError, match=message):
        operation.forward(x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Convolution(np.ones((1, 1, 2, 2)), padding=-1),
            "padding must be 0 or more.*got padding=-1, stride=1",
        ),
        (
            lambda: Convolution(np.ones((1, 1, 2, 2)), stride=0),
            "stride 1 or more, got padding=0, stride=0",
        ),
        (
            lambda: MaxPool2D(0),
            "MaxPool2D: size and stride must be 1 or more, got size=0, stride=0",
        ),
        (
            lambda: AveragePool2D(2, 0),
            "AveragePool2D: size and stride must be 1 or more, got size=2, stride=0",
        ),
    ],
)
def test_a_window_that_cannot_move_raises(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("p", [-0.1, 1.0])
def test_dropout_of_an_impossible_share_raises(p):
    with pytest.raises(ValueError, match="p must be at least 0 and below 1"):
        Dropout(p)
