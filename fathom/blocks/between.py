"""Operations that stand between layers: flatten the maps of a convolution, drop some, number to vector."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from fathom.blocks.functions import Array
from fathom.blocks.operation import Operation


class Flatten(Operation):
    """Each example as one row: x (N, ...) -> (N, F). Backward, the row gets its old shape.

    >>> Flatten().forward(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    def output(self, x: Array) -> Array:
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def input_gradient(self, g: Array) -> Array:
        return g.reshape(self.x.shape)


class Dropout(Operation):
    r"""$y = x m / (1 - p)$: in training, each element is dropped with probability p.

    m is 0 or 1, drawn anew for every forward; what is left is enlarged, so that the mean stays as it
    is. Out of training nothing changes. The gradient takes the way its element took.

    >>> bool(np.isclose(Dropout(0.2, generator=0).forward(np.ones(10_000), training=True).mean(), 1, atol=0.02))
    True
    """

    def __init__(self, p: float = 0.5, generator: np.random.Generator | int | None = None) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p must be at least 0 and below 1, got {p}")
        self.p = p
        self.generator = np.random.default_rng(generator)

    def output(self, x: Array) -> Array:
        if not self.training:
            return x
        kept = self.generator.random(x.shape) >= self.p
        self.factor = kept.astype(x.dtype) / (1 - self.p)
        return x * self.factor

    def input_gradient(self, g: Array) -> Array:
        return g * self.factor if self.training else g


class OneHot(Operation):
    """Numbers 0 to K - 1 as vectors with a single 1: x (...) int -> (..., K).

    A whole number cannot be nudged, so the way back ends here, with zeros.

    >>> OneHot(3).forward(np.array([2, 0]))
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """

    def __init__(self, kinds: int, dtype: DTypeLike = np.float64) -> None:
        self.vectors: Array = np.eye(kinds, dtype=dtype)

    def output(self, x: Array) -> Array:
        kinds = len(self.vectors)
        if x.size and (x.min() < 0 or x.max() >= kinds):
            raise ValueError(f"OneHot: numbers from 0 to {kinds - 1}, got {x.min()} to {x.max()}")
        return self.vectors[x]

    def input_gradient(self, g: Array) -> Array:
        return np.zeros(self.x.shape)
