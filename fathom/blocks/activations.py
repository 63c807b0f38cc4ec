"""Activations: what bends the line, so that a network is more than one linear map.

All but softmax work on each element by itself, so the gradient is g times the slope.
"""

from __future__ import annotations

import numpy as np

from fathom.blocks.functions import Array
from fathom.blocks.operation import Operation


class Linear(Operation):
    """y = x: no activation, as for the last layer of a regression."""

    def output(self, x: Array) -> Array:
        return x

    def input_gradient(self, g: Array) -> Array:
        return g


class Sigmoid(Operation):
    r"""$y = 1 / (1 + e^{-x})$, between 0 and 1; $y' = y (1 - y)$.

    >>> Sigmoid().forward(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """

    def output(self, x: Array) -> Array:
        return sigmoid(x)

    def input_gradient(self, g: Array) -> Array:
        return g * self.y * (1 - self.y)


class Tanh(Operation):
    r"""$y = \tanh x$, between -1 and 1; $y' = 1 - y^2$.

    >>> Tanh().forward(np.array([-1000.0, 0.0, 0.5])).round(4)
    array([-1.    ,  0.    ,  0.4621])
    """

    def output(self, x: Array) -> Array:
        return np.tanh(x)

    def input_gradient(self, g: Array) -> Array:
        return g * (1 - self.y**2)


class ReLU(Operation):
    r"""$y = \max(x, 0)$; $y' = 1$ where x > 0, else 0 (at the corner too).

    >>> relu = ReLU()
    >>> relu.forward(np.array([-2.0, 0.0, 3.0])), relu.backward(np.array([5.0, 5.0, 5.0]))
    (array([0., 0., 3.]), array([0., 0., 5.]))
    """

    def output(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def input_gradient(self, g: Array) -> Array:
        return g * (self.x > 0)


class Softmax(Operation):
    r"""$y_i = e^{x_i} / \sum_j e^{x_j}$ along the last axis: scores become probabilities.

    Every score moves every probability: $\partial y_i/\partial x_j = y_i (1_{i=j} - y_j)$, so
    $\partial L/\partial x_j = y_j (g_j - \sum_i g_i y_i)$.

    >>> Softmax().forward(np.log([[1.0, 2.0, 5.0]])).round(3)
    array([[0.125, 0.25 , 0.625]])
    """

    def output(self, x: Array) -> Array:
        powers = np.exp(x - x.max(axis=-1, keepdims=True))  # the same ratio, and no overflow
        return powers / powers.sum(axis=-1, keepdims=True)

    def input_gradient(self, g: Array) -> Array:
        return self.y * (g - (g * self.y).sum(axis=-1, keepdims=True))


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), as tanh writes it: there e^-x cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))
