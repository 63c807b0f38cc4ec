r"""Metrics: running totals, kept as plain Python numbers, that make one number at the end.

`update` takes a batch, `compute` gives the value over all of them, `reset` begins anew. A metric is
exact over unequal batches, because it adds up sums and counts rather than averages.

N examples, K classes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fathom.core.base import TensorBase
from fathom.tensors import Tensor


class Metric:
    """Something that is added up over batches."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__} must define reset()")

    def update(self, *batch: Any) -> None:
        """Take one batch along."""
        raise NotImplementedError(f"{type(self).__name__} must define update()")

    def compute(self) -> Any:
        """The value over all batches so far; NaN where there was none."""
        raise NotImplementedError(f"{type(self).__name__} must define compute()")

    def state_dict(self) -> dict[str, Any]:
        """The running totals, as JSON can hold them."""
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from totals that `state_dict` gave."""
        vars(self).update(state)


class Mean(Metric):
    """The mean of values, each counting `count` times.

    >>> loss = Mean()
    >>> loss.update(0.5, count=3)
    >>> loss.update(fathom.tensor(0.9))
    >>> round(loss.compute(), 6)
    0.6
    """

    def reset(self) -> None:
        self.total, self.count = 0.0, 0

    def update(self, value: Any, count: int = 1) -> None:
        self.total += float(value) * count
        self.count += count

    def compute(self) -> float:
        return self.total / self.count if self.count else math.nan


class Perplexity(Mean):
    r"""$e^{\text{mean cross-entropy}}$: among how many equally likely tokens the model is torn."""

    def compute(self) -> float:
        mean = super().compute()
        return math.exp(mean) if mean < 700 else math.inf  # a float64 ends at e^709


class MeanSquaredError(Mean):
    r"""$\frac1n \sum_i (\hat y_i - y_i)^2$ over all elements; `root=True` gives its square root.

    >>> error = MeanSquaredError(root=True)
    >>> error.update(fathom.tensor([1., 2.]), fathom.tensor([4., 6.]))
    >>> round(error.compute(), 4)
    3.5355
    """

    def __init__(self, root: bool = False) -> None:
        super().__init__()
        self.root = root

    def update(self, y_hat: Any, y: Any, count: int = 1) -> None:
        difference = numbers(y_hat).astype(np.float64) - matching(y, y_hat)
        self.total += float(np.square(difference).sum())
        self.count += difference.size

    def compute(self) -> float:
        mean = super().compute()
        return math.sqrt(mean) if self.root else mean


class Accuracy(Mean):
    """The share of examples whose highest score is the right class's.

    >>> metric = Accuracy()
    >>> metric.update(fathom.tensor([[0.1, 0.9], [0.8, 0.2]]), fathom.tensor([1, 1]))
    >>> metric.compute()
    0.5
    """

    def update(self, scores: Any, labels: Any, count: int = 1) -> None:
        right = chosen(scores) == classes_of(labels)
        super().update(right.mean() if right.size else 0, right.size)


class TopK(Mean):
    """The share of examples whose right class is among the k highest scores."""

    def __init__(self, k: int = 5) -> None:
        if k < 1:
            raise ValueError(f"TopK: k must be at least 1, got {k}")
        super().__init__()
        self.k = k

    def update(self, scores: Any, labels: Any, count: int = 1) -> None:
        table, right = score_table(scores), classes_of(labels)
        highest = np.argsort(-table, axis=1, kind="stable")[:, : self.k]  # (N, k)
        found = (highest == right[:, None]).any(axis=1)
        self.total += int(found.sum())
        self.count += len(found)


class ConfusionMatrix(Metric):
    """counts[i][j]: how many examples of class i were taken for class j.

    >>> matrix = ConfusionMatrix(2)
    >>> matrix.update(fathom.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), fathom.tensor([1, 1, 0]))
    >>> matrix.compute()
    [[0, 1], [1, 1]]
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        super().__init__()

    def reset(self) -> None:
        self.counts = [[0] * self.num_classes for _ in range(self.num_classes)]

    def update(self, scores: Any, labels: Any) -> None:
        size = self.num_classes
        right, guess = classes_of(labels), chosen(scores)
        if right.size and (right.min() < 0 or right.max() >= size):
            raise ValueError(
                f"ConfusionMatrix({size}): labels reach from {right.min()} to {right.max()}"
            )
        added = np.bincount(right * size + guess, minlength=size * size).reshape(size, size)
        self.counts = (np.array(self.counts) + added).tolist()

    def compute(self) -> list[list[int]]:
        return self.counts


def accuracy(y_hat: Any, y: Any) -> float:
    """The number of right predictions in a batch: scores (N, K) or classes (N), labels (N)."""
    return float((chosen(y_hat) == classes_of(y)).sum())


# ---- reading what a network and a loader give ----------------------------------------------------


def numbers(x: Any) -> np.ndarray:
    """The numbers of a tensor, or of anything that NumPy takes."""
    return np.asarray(x.detach().cpu().numpy() if isinstance(x, TensorBase) else x)


def matching(y: Any, y_hat: Tensor | np.ndarray) -> np.ndarray:
    """The numbers of y in the shape of y_hat; ValueError where there are more or fewer."""
    values, shape = numbers(y), tuple(y_hat.shape)
    if values.size != math.prod(shape):
        raise ValueError(f"predictions {shape} and targets {values.shape} do not fit")
    return values.reshape(shape)


def score_table(scores: Any) -> np.ndarray:
    """Scores (..., K) as (N, K)."""
    values = numbers(scores)
    return values.reshape(-1, values.shape[-1])


def chosen(scores: Any) -> np.ndarray:
    """The class of each example: the highest of scores (..., K), or classes (N) as they are."""
    values = numbers(scores)
    if values.ndim > 1:
        values = score_table(values).argmax(axis=1)
    return values.astype(np.int64)


def classes_of(labels: Any) -> np.ndarray:
    """Labels of any shape as (N) int64."""
    return numbers(labels).reshape(-1).astype(np.int64)
