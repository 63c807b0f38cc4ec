"""The two operations of a dense layer: multiply by weights, add a bias.

N examples, F features in, H features out; there may be more axes in front.
"""

from __future__ import annotations

from fathom.blocks.functions import Array
from fathom.blocks.operation import ParamOperation


class WeightMultiply(ParamOperation):
    r"""$y = x W$: each output is a weighted sum of all inputs.

    x (..., F), W (F, H) -> (..., H). Backward $\partial L/\partial x = g W^T$ and
    $\partial L/\partial W = x^T g$: an input reached H outputs, a weight was used for N examples, and
    the sums in the two products collect from them all.

    >>> WeightMultiply(np.array([[1.0], [10.0]])).forward(np.array([[2.0, 3.0]]))
    array([[32.]])
    """

    def output(self, x: Array) -> Array:
        W = self.parameter.value
        if x.ndim == 0 or x.shape[-1] != W.shape[0]:
            raise ValueError(
                f"WeightMultiply: x {x.shape} and W {W.shape} do not fit: x's last size must equal"
                f" W's first, {W.shape[0]}"
            )
        return x @ W

    def input_gradient(self, g: Array) -> Array:
        return g @ self.parameter.value.T

    def parameter_gradient(self, g: Array) -> Array:
        features, outputs = self.parameter.value.shape
        return self.x.reshape(-1, features).T @ g.reshape(-1, outputs)


class BiasAdd(ParamOperation):
    r"""$y = x + b$, the same b for every example.

    x (..., H), b (H) -> (..., H); or x (N, C, I, J), b (C, 1, 1). Backward $\partial L/\partial x = g$
    and $\partial L/\partial b = \sum g$ over everything that shared an element of b.

    >>> BiasAdd(np.array([10.0, 20.0])).forward(np.zeros((1, 2)))
    array([[10., 20.]])
    """

    def output(self, x: Array) -> Array:
        b = self.parameter.value
        ours, theirs = b.shape, x.shape[x.ndim - b.ndim :]
        if x.ndim < b.ndim or any(p not in (1, q) for p, q in zip(ours, theirs)):
            raise ValueError(
                f"BiasAdd: x {x.shape} and b {b.shape} do not fit: x's last sizes must equal b's"
            )
        return x + b

    def input_gradient(self, g: Array) -> Array:
        return g

    def parameter_gradient(self, g: Array) -> Array:
        shape = self.parameter.value.shape
        added = g.sum(axis=tuple(range(g.ndim - len(shape))))
        shared = tuple(axis for axis, size in enumerate(shape) if size == 1)
        return added.sum(axis=shared, keepdims=True)
