"""`explain` draws the networks of fathom.blocks as boxes, both ways, with numbers that are right."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import fathom
from fathom import blocks
from fathom.blocks import (
    AveragePool2D,
    BiasAdd,
    Block,
    Chain,
    Conv2D,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GRULayer,
    Linear,
    LSTMLayer,
    MaxPool2D,
    MeanSquaredError,
    NeuralNetwork,
    OneHot,
    Operation,
    Parameter,
    ReLU,
    RNNLayer,
    Sigmoid,
    Softmax,
    SoftmaxCrossEntropy,
    Tanh,
    WeightMultiply,
    chain,
)  # fmt: skip
from fathom.core.interpreter import evaluate
from fathom.core.loop import Array, Index
from fathom.explain.by_hand_rules import RULES, Values
from fathom.explain.mathml import parse
from tests.explain.checks import check, gradient


def numbers(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def small_network(**arguments):
    return NeuralNetwork(
        Dense(2, 3, Tanh, 0), Dense(3, 1, generator=1), loss=MeanSquaredError(), **arguments
    )


# ---- the rules are what the operations compute ---------------------------------------------------

OPERATIONS = {
    "WeightMultiply": (lambda: WeightMultiply(numbers(3, 2)), (4, 3)),
    "WeightMultiply of three axes": (lambda: WeightMultiply(numbers(3, 2)), (2, 4, 3)),
    "BiasAdd": (lambda: BiasAdd(numbers(3)), (4, 3)),
    "BiasAdd of images": (lambda: BiasAdd(numbers(2, 1, 1)), (3, 2, 2, 2)),
    "Linear": (Linear, (2, 3)),
    "Sigmoid": (Sigmoid, (2, 3)),
    "Tanh": (Tanh, (2, 3)),
    "ReLU": (ReLU, (2, 3)),
    "Softmax": (Softmax, (2, 4)),
    "Convolution": (lambda: Convolution(numbers(2, 1, 2, 3)), (2, 1, 4, 5)),
    "Convolution with a border": (lambda: Convolution(numbers(1, 2, 3, 3), 1, 2), (2, 2, 5, 5)),
    "MaxPool2D": (lambda: MaxPool2D(2), (1, 2, 4, 5)),
    "AveragePool2D": (lambda: AveragePool2D(3, 1), (1, 2, 4, 5)),
}


@pytest.mark.parametrize(("make", "shape"), OPERATIONS.values(), ids=OPERATIONS)
def test_a_rule_says_what_its_operation_computes(make, shape):
    block = make()
    x = numbers(*shape)
    y = block.forward(x, True)
    g = numbers(*y.shape)
    gx = block.backward(g)
    parameters = block.parameters()
    p = parameters[0].value if parameters else None
    named = {"x": x, "y": y, "g": g} | ({} if p is None else {"p": p})
    arrays = {name: Array(name, a.shape, a.dtype) for name, a in named.items()}
    values = Values(arrays["x"], arrays.get("p"), arrays["y"], arrays["g"], block)
    rule = RULES[type(block)]
    wanted = [(rule.output, y), (rule.input_gradient, gx)]
    wanted += [(rule.parameter_gradient, parameter.gradient) for parameter in parameters]
    for expression, result in wanted:
        if expression is not None:
            at = tuple(Index(size) for size in result.shape)
            np.testing.assert_allclose(
                evaluate(expression(at, values), at, named), result, atol=1e-12
            )


@pytest.mark.parametrize(
    ("loss", "target"),
    [(MeanSquaredError(), numbers(4, 3)), (SoftmaxCrossEntropy(), np.array([0, 2, 1, 2]))],
)
def test_a_rule_says_what_its_loss_computes(loss, target):
    x = numbers(3, 4).T
    value, gx = loss.forward(x, target), loss.backward()
    named = {"x": x, "p": target}
    arrays = {name: Array(name, a.shape, a.dtype) for name, a in named.items()}
    scalar = Array("y", (), x.dtype)
    values = Values(arrays["x"], arrays["p"], scalar, scalar, loss)
    rule = RULES[type(loss)]
    assert float(evaluate(rule.output((), values), (), named)) == pytest.approx(value)
    at = tuple(Index(size) for size in x.shape)
    np.testing.assert_allclose(evaluate(rule.input_gradient(at, values), at, named), gx, atol=1e-12)


def test_every_operation_of_blocks_has_a_rule_or_a_reason():
    told_by_their_code = {
        "Operation", "ParamOperation",                 # the idea of one
        "Dropout", "Flatten", "OneHot",                # numbers pass as they are, or not at all
        "Recurrence",                                  # a loop over time; its node states its equations
    }  # fmt: skip
    kinds = {
        name: kind
        for name in blocks.__all__
        if isinstance(kind := getattr(blocks, name), type) and issubclass(kind, Operation)
    }
    assert {name for name, kind in kinds.items() if kind not in RULES} == told_by_their_code


# ---- networks ------------------------------------------------------------------------------------


def test_a_small_network_is_told_with_its_arithmetic_and_its_gradients():
    network, x, target = small_network(), np.array([[0.5, -1.0]]), np.array([[1.0]])
    e = fathom.explain(network, x, target)
    assert [o.name for o in e.operations] == [
        "WeightMultiply", "BiasAdd", "Tanh", "WeightMultiply", "BiasAdd", "Linear", "MeanSquaredError",
    ]  # fmt: skip
    assert check(e) > 25
    loss = network.loss_and_gradients(x, target)
    assert float(e.operations[-1].output.figures.values) == pytest.approx(loss)
    names = ("0.W", "0.b", "1.W", "1.b")
    for name, parameter in zip(names, network.parameters(), strict=True):
        np.testing.assert_allclose(gradient(e, name), parameter.gradient)
    assert all(pull.check.error < 1e-8 for o in e.operations for pull in o.pulls)


def test_layers_are_groups_and_operations_stand_in_them():
    e = fathom.explain(small_network(), np.ones((1, 2)), np.ones((1, 1)))
    assert [(g.name, g.path, g.parameters) for g in e.root.children[:2]] == [
        ("Dense", "0", 9), ("Dense", "1", 4),
    ]  # fmt: skip
    assert e.operations[0].group is e.root.children[0]
    assert e.operations[-1].group is e.root


def test_the_network_stays_as_it_was():
    network = small_network()
    network.loss_and_gradients(np.ones((4, 2)), np.ones((4, 1)))
    before = [parameter.gradient.copy() for parameter in network.parameters()]
    remembered = network.blocks[0].blocks[0].x
    fathom.explain(network, np.array([[0.5, -1.0]]), np.array([[1.0]]))
    assert network.blocks[0].blocks[0].x is remembered
    for parameter, gradient_before in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.gradient, gradient_before)


ROWS = {
    "an operation": (Sigmoid(), (2, 3)),
    "a dense layer": (Dense(3, 2, ReLU, 0), (2, 3)),
    "a convolution": (Conv2D(1, 2, 3, ReLU, padding=1, generator=0), (1, 1, 4, 4)),
    "pooling and flattening": (Chain(MaxPool2D(2), AveragePool2D(2), Flatten()), (1, 1, 4, 4)),
    "softmax": (Softmax(), (1, 3)),
    "an RNN": (RNNLayer(2, 2, 0), (1, 3, 2)),
    "a GRU": (GRULayer(2, 2, 0), (1, 3, 2)),
    "an LSTM": (LSTMLayer(2, 2, 0), (1, 3, 2)),
    "dropout": (Dropout(0.5, generator=3), (1, 6)),
    "layers in layers": (
        Chain(Chain(Dense(2, 2, Tanh, 0), Sigmoid()), Dense(2, 1, generator=1)),
        (1, 2),
    ),
}


@pytest.mark.parametrize(("block", "shape"), ROWS.values(), ids=ROWS)
def test_a_row_of_boxes_is_explained_in_every_form(block, shape):
    e = fathom.explain(block, numbers(*shape), gradient=None)
    check(e)
    checks = [pull.check for o in e.operations for pull in o.pulls]
    assert all(c is not None and (c.kink or c.error < 1e-6) for c in checks)
    y = block.forward(numbers(*shape), True)
    for form in (e.text(), e.html(), e.latex()):
        assert type(block).__name__ in form
    for o in e.operations:
        assert o.definition is not None
        assert o.definition.file.startswith("fathom/blocks/")
        if o.formula:
            parse(o.formula)
    drawn = ElementTree.fromstring(e.svg())
    assert len(drawn.findall(".//{*}rect")) >= len(e.operations) + 1
    if not isinstance(block, Dropout):
        np.testing.assert_allclose(e.outputs[0].figures.high, y.max(), rtol=1e-12)


def test_a_convolutional_network_on_images_of_classes():
    network = NeuralNetwork(
        Conv2D(1, 2, 3, ReLU, padding=1, generator=0), MaxPool2D(2), Flatten(),
        Dense(8, 3, generator=1), loss=SoftmaxCrossEntropy(),
    )  # fmt: skip
    e = fathom.explain(network, numbers(1, 1, 4, 4), np.array([2]))
    check(e)
    assert [o.name for o in e.operations][-1] == "SoftmaxCrossEntropy"
    assert (
        "e^{x_{0,\\,2}}" not in e.operations[-1].worked[0]
    )  # numbers stand in the letters' places


def test_words_as_numbers_go_through_one_hot():
    network = NeuralNetwork(
        OneHot(3), GRULayer(3, 2, 0), Dense(2, 3, generator=1), loss=SoftmaxCrossEntropy()
    )
    e = fathom.explain(network, np.array([[0, 2]]), np.array([[2, 1]]))
    check(e)
    assert e.find("Recurrence").definition.name == "GRUNode"


def test_a_parameter_that_two_boxes_share_collects_from_both():
    W = Parameter(np.array([[0.5]]))
    e = fathom.explain(Chain(WeightMultiply(W), Tanh(), WeightMultiply(W)), np.array([[2.0]]))
    shared = e.value("W")
    assert len(shared.arrivals) == 2
    assert shared.added
    assert check(e) >= 1
    f = lambda w: np.tanh(2 * w) * w  # noqa: E731
    assert gradient(e, "W").item() == pytest.approx(
        (f(0.5 + 1e-6) - f(0.5 - 1e-6)) / 2e-6, rel=1e-6
    )


def test_the_way_back_can_begin_with_a_given_gradient():
    e = fathom.explain(Sigmoid(), np.array([0.0, 0.0]), gradient=np.array([4.0, 8.0]))
    assert gradient(e, "x").tolist() == [1.0, 2.0]


def test_a_users_own_operation_is_explained_without_a_formula():
    class Cube(Operation):
        def output(self, x):
            return x**3

        def input_gradient(self, g):
            return 3 * self.x**2 * g

    e = fathom.explain(Cube(), np.array([2.0]))
    assert (e.operations[0].formula, e.operations[0].worked) == (None, [])
    assert gradient(e, "x").tolist() == [12.0]
    assert e.operations[0].pulls[0].check.error < 1e-8


def test_a_users_own_block_with_two_parameters_shows_both():
    class Line(Block):
        def __init__(self):
            self.slope, self.height = Parameter(np.array([2.0])), Parameter(np.array([1.0]))

        def forward(self, x, training=False):
            self.x = x
            return x * self.slope.value + self.height.value

        def backward(self, g):
            self.slope.add_gradient((g * self.x).sum(keepdims=True))
            self.height.add_gradient(g.sum(keepdims=True))
            return g * self.slope.value

        def parameters(self):
            return [self.slope, self.height]

    e = fathom.explain(Line(), np.array([3.0, 4.0]))
    assert [pull.to.name for pull in e.operations[0].pulls] == ["x", "p_1", "p_2"]
    assert [gradient(e, name).tolist() for name in ("x", "p_1", "p_2")] == [[2, 2], [7], [2]]
    assert all(pull.check.error < 1e-8 for pull in e.operations[0].pulls)


def test_a_wrong_gradient_is_found_out():
    class Wrong(Tanh):
        def input_gradient(self, g):
            return g * (1 - self.y)

    e = fathom.explain(Wrong(), np.array([0.5]))
    assert e.operations[0].pulls[0].check.error > 0.01


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ((), {}, "explain: Dense takes an input, and a target and a loss may follow"),
        (
            (np.ones((1, 2)), np.ones((1, 1))),
            {},
            "Dense has no loss to compare with the target; give loss=",
        ),
    ],
)
def test_what_cannot_be_explained_says_what_is_missing(inputs, options, message):
    with pytest.raises(TypeError, match=message):
        fathom.explain(Dense(2, 1), *inputs, **options)


def test_an_empty_row_has_nothing_to_draw():
    with pytest.raises(ValueError, match="this Chain holds no blocks"):
        fathom.explain(Chain(), np.ones(2))


def test_a_layer_is_compared_by_a_given_loss():
    e = fathom.explain(
        Dense(2, 1, generator=0), np.ones((1, 2)), np.ones((1, 1)), MeanSquaredError()
    )
    assert e.operations[-1].name == "MeanSquaredError"


# ---- chains of functions -------------------------------------------------------------------------


def test_a_chain_of_functions_is_boxes_whose_slopes_multiply():
    e = fathom.explain(chain(np.square, np.exp, np.tanh), 0.5)
    assert [o.name for o in e.operations] == ["square", "exp", "tanh"]
    assert check(e) == 6
    truth = 2 * 0.5 * np.exp(0.25) * (1 - np.tanh(np.exp(0.25)) ** 2)
    assert gradient(e, "x").item() == pytest.approx(truth, rel=1e-8)
    assert e.formula == r"\frac{dy}{dx} = 1 \times 1.284 \times 0.2646 = 0.3398"
    assert e.operations[0].pulls[0].check.error < 1e-8


def test_a_chain_on_an_array_and_of_a_users_own_functions():
    def leaky(x):
        """Bends at 0."""
        return np.maximum(0.2 * x, x)

    e = fathom.explain(chain(leaky, lambda x: x + 1, np.sin), np.array([-1.0, 0.5, 2.0]))
    check(e)
    assert [o.name for o in e.operations] == ["leaky", "f", "sin"]
    assert e.operations[0].formula == r"y = \operatorname{leaky}\left(x\right)"
    assert "Bends at 0" in e.operations[0].definition.text
    np.testing.assert_allclose(
        gradient(e, "x"), [0.2 * np.cos(0.8), np.cos(1.5), np.cos(3.0)], rtol=1e-8
    )
    assert ">sin</text>" in e.svg()
