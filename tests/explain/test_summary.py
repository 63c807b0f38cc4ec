"""The table of layers, and what each costs."""

import pytest

import fathom
from fathom import nn
from fathom.explain import summary
from fathom.vision import LeNet


def test_parameters_outputs_and_multiply_adds_of_lenet():
    s = summary(LeNet(), (1, 1, 28, 28))
    found = {
        layer.path: (layer.output, layer.parameters, layer.multiply_adds) for layer in s.layers
    }
    assert found["net.0"] == ((1, 6, 28, 28), 6 * 25 + 6, 6 * 28 * 28 * 25)
    assert found["net.3"] == ((1, 16, 10, 10), 16 * 6 * 25 + 16, 16 * 10 * 10 * 6 * 25)
    assert found["net.7"] == ((1, 120), 400 * 120 + 120, 400 * 120)
    assert s.parameters == 61706
    assert s.total_bytes == s.parameter_bytes + s.gradient_bytes + s.activation_bytes


def test_memory_of_parameters_and_gradients():
    net = nn.Linear(10, 10)
    net.bias.requires_grad_(False)
    s = summary(net, (1, 10))
    assert (s.parameter_bytes, s.gradient_bytes) == (440, 400)
    assert (s.parameters, s.trainable) == (110, 100)
    assert "110 parameters, 100 of them trainable" in repr(s)


def test_a_shared_layer_counts_once():
    layer = nn.Linear(3, 3)
    s = summary(nn.Sequential(layer, layer), (1, 3))
    assert s.parameters == 12 and sum(found.parameters for found in s.layers) == 12
    assert s.multiply_adds == 18


def test_several_inputs_and_tensors():
    cell = nn.GRUCell(2, 3)
    assert summary(cell, [(1, 2), (1, 3)]).layers[0].output == (1, 3)
    assert summary(nn.Embedding(5, 2), fathom.tensor([1, 4])).layers[0].output == (2, 2)
    with pytest.raises(TypeError, match=r"expected a shape such as \(1, 3, 32, 32\)"):
        summary(cell, 7)


def test_it_prints_as_a_table():
    lines = repr(summary(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), (1, 4))).splitlines()
    assert lines[0].split() == [
        "layer",
        "kind",
        "output",
        "parameters",
        "multiply-adds",
        "activations",
    ]
    assert lines[2].split()[:2] == ["0", "Linear"]
    page = summary(nn.Linear(1, 1), (1, 1))._repr_html_()
    assert "<table>" in page and "<th>kind</th>" in page
    assert page.count("text-align: right") == 6  # three columns of numbers, head and row
