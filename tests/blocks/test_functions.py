"""Functions as boxes, and the chain rule."""

import numpy as np
import pytest

import fathom
from fathom.blocks import chain, chain_deriv, derivative, gradient


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_derivative_is_right_to_ten_digits_near_and_far_from_zero():
    x = np.array([-4000.0, -1.0, 0.0, 1e-3, 2.0, 3e6])
    np.testing.assert_allclose(derivative(np.square, x), 2 * x, rtol=1e-9, atol=1e-10)
    near = x[1:5]
    np.testing.assert_allclose(derivative(np.sin, near), np.cos(near), rtol=1e-10, atol=1e-10)


def test_the_error_shrinks_with_the_square_of_the_step():
    errors = [abs(derivative(np.exp, 1.0, step) - np.e) for step in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=1e-3)


def test_a_chain_begins_with_its_first_function():
    assert chain(np.square, np.exp, np.sqrt)(2.0) == pytest.approx(np.exp(2.0))
    assert chain()(5.0) == 5.0


def test_a_chain_of_chains_is_a_chain():
    inner = chain(np.square, sigmoid)
    x = np.linspace(-2, 2, 5)
    np.testing.assert_array_equal(chain(inner, np.exp)(x), chain(np.square, sigmoid, np.exp)(x))


def test_the_chain_rule_multiplies_three_derivatives_by_hand():
    # x = 3: square 9, its slope 6; times 2 is 18, its slope 2; sin 18, its slope cos 18
    assert chain_deriv(np.square, lambda u: 2 * u, np.sin)(3.0) == pytest.approx(6 * 2 * np.cos(18))


def test_the_chain_rule_agrees_with_the_derivative_of_the_whole_and_with_the_tape():
    x = np.linspace(-2, 2, 9)
    ours = chain_deriv(np.square, sigmoid, np.exp)(x)
    np.testing.assert_allclose(
        ours, derivative(chain(np.square, sigmoid, np.exp), x), rtol=1e-8, atol=1e-9
    )
    t = fathom.tensor(x).requires_grad_()
    t.square().sigmoid().exp().sum().backward()
    np.testing.assert_allclose(ours, t.grad.numpy(), rtol=1e-8, atol=1e-9)


def test_a_gradient_nudges_every_element_of_any_shape():
    x = np.arange(6.0).reshape(1, 2, 3)
    np.testing.assert_allclose(gradient(lambda v: float((v**2).sum()), x), 2 * x, atol=1e-8)
    assert gradient(lambda v: float(v) ** 3, np.array(2.0)) == pytest.approx(12)


def test_a_gradient_leaves_its_argument_alone():
    x = np.ones(3)
    gradient(lambda v: float(v.prod()), x)
    np.testing.assert_array_equal(x, np.ones(3))
