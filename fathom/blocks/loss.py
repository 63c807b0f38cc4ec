"""Losses: how wrong a prediction is, as one number. The way back begins here."""

from __future__ import annotations

import numpy as np

from fathom.blocks.functions import Array


class Loss:
    """One number L of a prediction and its target. A subclass writes `value` and `gradient`."""

    prediction: Array
    target: Array

    def value(self) -> float:
        """The formula, of self.prediction and self.target."""
        raise NotImplementedError(f"{type(self).__name__} has no value")

    def gradient(self) -> Array:
        """dL/dprediction."""
        raise NotImplementedError(f"{type(self).__name__} has no gradient")

    def check(self, prediction: Array, target: Array) -> None:
        """Raises ValueError where the two do not fit."""
        raise NotImplementedError(f"{type(self).__name__} has no check")

    def forward(self, prediction: Array, target: Array) -> float:
        """How wrong the prediction is."""
        self.check(prediction, target)
        self.prediction, self.target = prediction, target
        return float(self.value())

    def backward(self) -> Array:
        """The gradient of the last prediction, of its shape."""
        if not hasattr(self, "prediction"):
            raise RuntimeError(f"{type(self).__name__}: call forward before backward")
        g = self.gradient()
        assert g.shape == self.prediction.shape
        return g


class MeanSquaredError(Loss):
    r"""$L = \frac{1}{n} \sum_i (\hat y_i - y_i)^2$ over all n elements; prediction and target of one shape.

    >>> loss = MeanSquaredError()
    >>> loss.forward(np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]))
    2.0
    >>> loss.backward()
    array([[0.],
           [2.]])
    """

    def check(self, prediction: Array, target: Array) -> None:
        if prediction.shape != target.shape:
            raise ValueError(
                f"MeanSquaredError: prediction {prediction.shape} and target {target.shape} must be"
                " of one shape"
            )

    def value(self) -> float:
        return np.mean((self.prediction - self.target) ** 2)

    def gradient(self) -> Array:
        return 2 * (self.prediction - self.target) / self.target.size


class SoftmaxCrossEntropy(Loss):
    r"""$L = -\frac{1}{n} \sum \log p_{\text{target}}$ with $p = \mathrm{softmax}(\text{scores})$.

    scores (..., K), target (...) whole numbers from 0 to K - 1. Softmax and logarithm belong together:
    apart, $\log p$ fails where p rounds to 0, and the gradient is a long product; together it is
    $(p - 1_{\text{target}}) / n$, what was said less what was true.

    >>> round(SoftmaxCrossEntropy().forward(np.zeros((1, 4)), np.array([2])), 4)    # log 4
    1.3863
    """

    def check(self, prediction: Array, target: Array) -> None:
        if prediction.shape[:-1] != target.shape:
            raise ValueError(
                f"SoftmaxCrossEntropy: scores {prediction.shape} and target {target.shape} do not fit:"
                f" the target must be {prediction.shape[:-1]}, a class for each row of scores"
            )
        kinds = prediction.shape[-1]
        if target.size and (target.min() < 0 or target.max() >= kinds):
            raise ValueError(
                f"SoftmaxCrossEntropy: with {kinds} scores a target is 0 to {kinds - 1}, got"
                f" {target.min()} to {target.max()}"
            )

    def value(self) -> float:
        shifted = self.prediction - self.prediction.max(axis=-1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return -np.take_along_axis(self.log_p, self.target[..., None], axis=-1).mean()

    def gradient(self) -> Array:
        truth = np.arange(self.log_p.shape[-1]) == self.target[..., None]
        return (np.exp(self.log_p) - truth) / self.target.size
