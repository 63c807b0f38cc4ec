"""Blocks, parameters and chains; and what operations have in common."""

import numpy as np
import pytest

from fathom.blocks import (
    BiasAdd,
    Block,
    Chain,
    Dense,
    Loss,
    Node,
    Operation,
    Optimizer,
    Parameter,
    ParamOperation,
    Sigmoid,
    Tanh,
    WeightMultiply,
    chain,
)


def test_a_chain_of_blocks_is_a_block():
    x = np.linspace(-2, 2, 6).reshape(2, 3)
    block = Chain(Chain(Tanh(), Sigmoid()), Tanh())
    np.testing.assert_allclose(
        block.forward(x), chain(np.tanh, lambda u: 1 / (1 + np.exp(-u)), np.tanh)(x)
    )
    assert block.backward(np.ones((2, 3))).shape == (2, 3)


def test_a_chain_has_the_parameters_of_its_blocks_in_order():
    first, second = WeightMultiply(np.zeros((2, 3))), BiasAdd(np.zeros(3))
    assert Chain(first, Tanh(), second).parameters() == [first.parameter, second.parameter]


def test_gradients_add_up_until_they_are_cleared():
    b = BiasAdd(np.zeros(2))
    for _ in range(3):
        b.forward(np.zeros((5, 2)))
        b.backward(np.ones((5, 2)))
    assert b.parameter.gradient.tolist() == [15.0, 15.0]
    b.parameter.clear_gradient()
    assert b.parameter.gradient.tolist() == [0.0, 0.0]


def test_a_shared_parameter_gets_the_gradients_of_all_its_users():
    shared = Parameter(np.array([[2.0]]))
    block = Chain(WeightMultiply(shared), WeightMultiply(shared))  # y = x w^2, dy/dw = 2 x w
    block.forward(np.array([[3.0]]))
    block.backward(np.array([[1.0]]))
    assert shared.gradient.item() == 12.0
    assert block.parameters() == [shared]


def test_a_gradient_of_another_shape_than_the_output_raises():
    tanh = Tanh()
    tanh.forward(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"Tanh: the output was \(2, 3\).*got \(3, 2\)"):
        tanh.backward(np.zeros((3, 2)))


def test_backward_before_forward_raises():
    with pytest.raises(
        RuntimeError, match="Tanh: there is nothing to go back through; call forward"
    ):
        Tanh().backward(np.zeros(3))


def test_an_input_gradient_of_the_wrong_shape_is_caught():
    class Wrong(Operation):
        def output(self, x):
            return x.sum(axis=0)

        def input_gradient(self, g):
            return g

    block = Wrong()
    block.forward(np.ones((4, 3)))
    with pytest.raises(AssertionError, match=r"Wrong: gradient \(3,\) of an input \(4, 3\)"):
        block.backward(np.ones(3))


def test_a_parameter_gradient_of_the_wrong_shape_is_caught():
    class Wrong(BiasAdd):
        def parameter_gradient(self, g):
            return g

    block = Wrong(np.zeros(3))
    block.forward(np.ones((4, 3)))
    with pytest.raises(AssertionError, match=r"gradient \(4, 3\) of a value \(3,\)"):
        block.backward(np.ones((4, 3)))


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (lambda: Block().forward(np.ones(1)), "Block has no forward"),
        (lambda: Block().backward(np.ones(1)), "Block has no backward"),
        (lambda: Operation().forward(np.ones(1)), "Operation has no output"),
        (lambda: Operation().input_gradient(np.ones(1)), "Operation has no input_gradient"),
        (lambda: ParamOperation(np.ones(1)).parameter_gradient(np.ones(1)), "parameter_gradient"),
        (lambda: Loss().forward(np.ones(1), np.ones(1)), "Loss has no check"),
        (lambda: Loss().value(), "Loss has no value"),
        (lambda: Loss().gradient(), "Loss has no gradient"),
        (
            lambda: Node(Parameter(np.ones((1, 1)))).forward(np.ones((1, 1)), ()),
            "Node has no forward",
        ),
        (lambda: Node(Parameter(np.ones((1, 1)))).backward(()), "Node has no backward"),
        (lambda: Optimizer([Parameter(np.ones(1))]).step(), "Optimizer has no update"),
    ],
)
def test_what_a_subclass_must_write_is_named(call, missing):
    with pytest.raises(NotImplementedError, match=missing):
        call()


def test_astype_changes_all_parameters_and_what_is_computed():
    layer = Dense(3, 2, Tanh, generator=0).astype(np.float32)
    y = layer.forward(np.ones((1, 3), np.float32))
    assert y.dtype == np.float32
    assert layer.backward(np.ones_like(y)).dtype == np.float32
    assert {parameter.gradient.dtype for parameter in layer.parameters()} == {np.dtype(np.float32)}


def test_a_block_prints_the_shapes_of_its_parameters():
    assert repr(Dense(3, 2)) == "Dense((3, 2), (2,))"
    assert repr(Tanh()) == "Tanh()"
