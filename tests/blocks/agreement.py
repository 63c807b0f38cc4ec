"""Holding a block to two witnesses: fathom's tape, and finite differences; all in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import fathom
from fathom.blocks import Block, Node, Parameter, gradient

TAPE = {"rtol": 1e-11, "atol": 1e-12}  # the same sums, in another order
DIFFERENCE = {"rtol": 1e-7, "atol": 1e-8}  # a central difference is right to about ten digits


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal numbers."""
    return np.random.default_rng(seed).normal(size=shape)


def agree(block: Block, x: np.ndarray, formula: Callable) -> None:
    """Assert that the output and all gradients are those of `formula(x, *parameters)` in fathom.

    And that the gradients are what nudging each number says, and that x stays as it was.
    """
    before = x.copy()
    y = block.forward(x, training=True)
    g = numbers(*y.shape, seed=1)
    for parameter in block.parameters():
        parameter.clear_gradient()
    gx = block.backward(g)
    gradients = [parameter.gradient.copy() for parameter in block.parameters()]
    assert gx.shape == x.shape
    np.testing.assert_array_equal(x, before)

    leaves = [
        fathom.tensor(array).requires_grad_()
        for array in (x, *(parameter.value for parameter in block.parameters()))
    ]
    told = formula(*leaves)
    told.backward(fathom.tensor(g))
    np.testing.assert_allclose(y, told.detach().numpy(), **TAPE)
    for ours, leaf in zip([gx, *gradients], leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), **TAPE)

    def weighed() -> float:
        return float((block.forward(x, training=True) * g).sum())

    def of_input(value: np.ndarray) -> float:
        return float((block.forward(value, training=True) * g).sum())

    np.testing.assert_allclose(gx, gradient(of_input, x), **DIFFERENCE)
    for parameter, ours in zip(block.parameters(), gradients, strict=True):
        np.testing.assert_allclose(ours, slopes(parameter, weighed), **DIFFERENCE)


def slopes(parameter: Parameter, f: Callable[[], float]) -> np.ndarray:
    """The gradient of f by nudging the elements of a parameter."""
    kept = parameter.value

    def with_value(value: np.ndarray) -> float:
        parameter.value = value
        return f()

    found = gradient(with_value, kept)
    parameter.value = kept
    return found


def node_agrees(kind: type[Node], formula: Callable) -> None:
    """Assert that one step of a node is `formula(a, *state, W_h) -> state`, forward and backward."""
    N, H = 3, 4
    W_h = Parameter(numbers(H, kind.gates * H, seed=2))
    a = numbers(N, kind.gates * H, seed=3)
    state = tuple(numbers(N, H, seed=4 + k) for k in range(kind.states))
    g = tuple(numbers(N, H, seed=8 + k) for k in range(kind.states))
    node = kind(W_h)
    after = node.forward(a, state)
    ga, g_state = node.backward(g)

    leaves = [fathom.tensor(array).requires_grad_() for array in (a, *state, W_h.value)]
    told = formula(*leaves)
    sum((part * fathom.tensor(weight)).sum() for part, weight in zip(told, g)).backward()
    for ours, theirs in zip(after, told, strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), **TAPE)
    for ours, leaf in zip([ga, *g_state, W_h.gradient], leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), **TAPE)

    def step(a: np.ndarray, state: tuple[np.ndarray, ...]) -> float:
        return float(sum((p * weight).sum() for p, weight in zip(kind(W_h).forward(a, state), g)))

    np.testing.assert_allclose(ga, gradient(lambda v: step(v, state), a), **DIFFERENCE)
    for k, found in enumerate(g_state):

        def of_part(value: np.ndarray, k: int = k) -> float:
            return step(a, (*state[:k], value, *state[k + 1 :]))

        np.testing.assert_allclose(found, gradient(of_part, state[k]), **DIFFERENCE)
    np.testing.assert_allclose(W_h.gradient, slopes(W_h, lambda: step(a, state)), **DIFFERENCE)
