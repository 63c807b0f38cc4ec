r"""Functions as boxes: something goes in, something comes out, and boxes in a row are a box again.

Every derivative in this package rests on the two facts of this file. The derivative of a box says how
many times as far its output moves as its input is nudged; and in a row of boxes, these factors multiply:

    x --[ f ]-- u --[ g ]-- y        dy/dx = dy/du du/dx = g'(f(x)) f'(x)

The functions here work on each element of an array by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

Array: TypeAlias = np.ndarray
Function: TypeAlias = Callable[[Array], Array]

# With a larger step the curve bends within it, with a smaller one the digits of f(x) run out; the two
# errors of a central difference, step^2 and 1e-16 / step, are equal about here.
STEP = 6e-6


def derivative(f: Function, x: ArrayLike, step: float = STEP) -> Array:
    r"""$f'(x) \approx \frac{f(x + h) - f(x - h)}{2h}$ with h = step max(1, |x|): the central difference.

    To the left and to the right of x the curve bends away by the same amount, so the error shrinks with
    the square of the step. About ten digits are right where the curve is smooth over a distance of 1 or |x|.

    >>> derivative(np.square, [1.0, 2.0, -3.0]).round(6)
    array([ 2.,  4., -6.])
    """
    x = np.asarray(x, np.float64)
    h = step * np.maximum(1.0, np.abs(x))
    return (f(x + h) - f(x - h)) / (2 * h)


def chain(*functions: Function) -> Function:
    """The functions in a row, the first one first: chain(f, g)(x) = g(f(x)).

    >>> chain(np.square, np.exp)(0.5) == np.exp(0.25)
    np.True_
    """

    def chained(x: Array) -> Array:
        for f in functions:
            x = f(x)
        return x

    return chained


def chain_deriv(*functions: Function) -> Function:
    r"""The derivative of `chain(*functions)` by the chain rule: the boxes' derivatives, multiplied.

    Each is taken where the value stands when it reaches its box: with $u_0 = x$ and
    $u_k = f_k(u_{k-1})$, it is $\prod_k f_k'(u_{k-1})$.

    >>> chain_deriv(np.square, np.exp)(0.5).round(6) == np.round(2 * 0.5 * np.exp(0.25), 6)
    np.True_
    """

    def chained(x: ArrayLike) -> Array:
        u = np.asarray(x, np.float64)
        product = np.ones_like(u)
        for f in functions:
            product = product * derivative(f, u)
            u = f(u)
        return product

    return chained


def gradient(f: Callable[[Array], float], x: Array, step: float = STEP) -> Array:
    r"""$\partial f / \partial x_i$ for every element, by nudging one after the other; f gives one number.

    x of any shape -> the same shape. Two calls of f for each element: far too slow to train with, and
    just right to check derivatives that were worked out by hand.

    >>> gradient(lambda x: float((x**3).sum()), np.array([1.0, 2.0])).round(6)
    array([ 3., 12.])
    """
    slopes = np.zeros(x.shape)
    for i in np.ndindex(x.shape):

        def along(value: Array, i: tuple[int, ...] = i) -> Array:
            nudged = x.astype(np.float64)
            nudged[i] = value
            return np.asarray(f(nudged))

        slopes[i] = derivative(along, x[i], step)
    return slopes
