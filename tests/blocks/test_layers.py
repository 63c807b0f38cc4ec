"""Layers and recurrent nodes beside fathom's modules, and where weights begin."""

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn
from fathom.blocks import (
    Conv2D,
    Dense,
    GRULayer,
    GRUNode,
    LSTMLayer,
    LSTMNode,
    ReLU,
    RNNLayer,
    RNNNode,
    Tanh,
    glorot,
)
from tests.blocks.agreement import DIFFERENCE, TAPE, agree, node_agrees, numbers, slopes


def with_bias(layer):
    """The layer with biases other than zero, so that they are seen to matter."""
    for parameter in layer.parameters():
        if not parameter.value.any():
            parameter.value = numbers(*parameter.value.shape, seed=7)
    return layer


def test_a_dense_layer_agrees():
    agree(
        with_bias(Dense(3, 5, Tanh, generator=0)),
        numbers(4, 3),
        lambda x, W, b: fathom.tanh(x @ W + b),
    )


def test_a_convolutional_layer_agrees():
    agree(
        with_bias(Conv2D(2, 3, 3, ReLU, padding=1, stride=2, generator=0)),
        numbers(2, 2, 5, 6),
        lambda x, w, b: fathom.relu(F.conv2d(x, w, b.reshape(3), stride=2, padding=1)),
    )


def test_a_plain_node_agrees():
    node_agrees(RNNNode, lambda a, h, W: (fathom.tanh(a + h @ W),))


def test_a_gru_node_agrees():
    def step(a, h, W):
        a_r, a_z, a_n = a.chunk(3, 1)
        u_r, u_z, u_n = (h @ W).chunk(3, 1)
        r, z = fathom.sigmoid(a_r + u_r), fathom.sigmoid(a_z + u_z)
        return ((1 - z) * fathom.tanh(a_n + r * u_n) + z * h,)

    node_agrees(GRUNode, step)


def test_an_lstm_node_agrees():
    def step(a, h, c, W):
        i, f, n, o = (a + h @ W).chunk(4, 1)
        c = fathom.sigmoid(f) * c + fathom.sigmoid(i) * fathom.tanh(n)
        return fathom.sigmoid(o) * fathom.tanh(c), c

    node_agrees(LSTMNode, step)


@pytest.mark.parametrize(
    ("layer", "module"), [(RNNLayer, nn.RNN), (GRULayer, nn.GRU), (LSTMLayer, nn.LSTM)]
)
def test_a_recurrent_layer_agrees_with_the_module_of_the_same_name(layer, module):
    N, T, features, hidden = 2, 5, 3, 4
    ours = with_bias(layer(features, hidden, generator=0))
    theirs = module(features, hidden, batch_first=True).double()
    W_x, b, W_h = ours.parameters()
    with fathom.no_grad():
        for weight, value in (
            (theirs.weight_ih_l0, W_x.value.T),
            (theirs.weight_hh_l0, W_h.value.T),
            (theirs.bias_ih_l0, b.value),
            (theirs.bias_hh_l0, np.zeros_like(b.value)),  # PyTorch has two biases, where one does
        ):
            weight.copy_(fathom.tensor(np.ascontiguousarray(value)))
    x, g = numbers(N, T, features), numbers(N, T, hidden, seed=1)
    y = ours.forward(x)
    gx = ours.backward(g)

    leaf = fathom.tensor(x).requires_grad_()
    told = theirs(leaf)[0]
    told.backward(fathom.tensor(g))
    np.testing.assert_allclose(y, told.detach().numpy(), **TAPE)
    np.testing.assert_allclose(gx, leaf.grad.numpy(), **TAPE)
    np.testing.assert_allclose(W_x.gradient, theirs.weight_ih_l0.grad.numpy().T, **TAPE)
    np.testing.assert_allclose(W_h.gradient, theirs.weight_hh_l0.grad.numpy().T, **TAPE)
    np.testing.assert_allclose(b.gradient, theirs.bias_ih_l0.grad.numpy(), **TAPE)
    for parameter in ours.parameters():
        told = slopes(parameter, lambda: float((ours.forward(x) * g).sum()))
        np.testing.assert_allclose(parameter.gradient, told, **DIFFERENCE)


def test_what_comes_later_does_not_change_what_was_said_before():
    layer, x = GRULayer(3, 4, generator=0), numbers(1, 6, 3)
    before = layer.forward(x)[:, :4].copy()
    x[:, 4:] += 1
    np.testing.assert_array_equal(layer.forward(x)[:, :4], before)


def test_a_recurrent_layer_takes_sequences():
    with pytest.raises(ValueError, match=r"Recurrence: a must be \(N, T, 12\), got \(2, 12\)"):
        GRULayer(3, 4, generator=0).forward(np.ones((2, 3)))


def test_glorot_weights_have_the_variance_of_the_paper():
    weights = glorot((200, 400), 200, 400, generator=0)
    assert weights.mean() == pytest.approx(0, abs=1e-3)
    assert weights.var() == pytest.approx(2 / 600, rel=0.02)


def test_a_convolution_counts_its_window_among_its_inputs():
    w = Conv2D(16, 32, 5, generator=0).parameters()[0].value
    assert w.var() == pytest.approx(2 / (25 * 16 + 25 * 32), rel=0.05)


def test_one_generator_gives_every_layer_its_own_weights_and_the_same_next_time():
    def weights():
        generator = np.random.default_rng(0)
        return [Dense(3, 3, generator=generator).parameters()[0].value for _ in range(2)]

    (first, second), again = weights(), weights()
    assert not np.allclose(first, second)
    np.testing.assert_array_equal([first, second], again)
