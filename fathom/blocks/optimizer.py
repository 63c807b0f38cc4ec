"""Optimizers: a small step downhill, for every parameter, along its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from fathom.blocks.block import Parameter

# first and last learning rate, and how far training has come, from 0 to 1 -> the rate now
Decay: TypeAlias = Callable[[float, float, float], float]


def linear_decay(first: float, last: float, progress: float) -> float:
    """The same amount less at every step.

    >>> linear_decay(0.4, 0.1, progress=0.5)
    0.25
    """
    return first + (last - first) * progress


def exponential_decay(first: float, last: float, progress: float) -> float:
    """The same factor at every step.

    >>> round(exponential_decay(0.4, 0.1, progress=0.5), 3)
    0.2
    """
    return first * (last / first) ** progress


class Optimizer:
    """Changes parameters; a subclass writes `update`, one parameter's step.

    lr, last_lr  the learning rate at first and at the end of training; without `last_lr` it stays
    decay        the way from one to the other: linear_decay or exponential_decay
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        lr: float = 0.01,
        last_lr: float | None = None,
        decay: Decay = linear_decay,
    ) -> None:
        if lr <= 0 or (last_lr is not None and last_lr <= 0):
            raise ValueError(f"learning rates must be above 0, got lr={lr}, last_lr={last_lr}")
        self.parameters = list(parameters)
        self.first_lr, self.last_lr, self.decay = lr, lr if last_lr is None else last_lr, decay
        self.lr = lr

    def advance(self, progress: float) -> None:
        """Training has come so far, from 0 to 1: set the learning rate."""
        self.lr = self.decay(self.first_lr, self.last_lr, progress)

    def step(self) -> None:
        """One step of every parameter, along the gradient it holds."""
        for number, parameter in enumerate(self.parameters):
            self.update(number, parameter)

    def update(self, number: int, parameter: Parameter) -> None:
        """One step of the parameter with this number."""
        raise NotImplementedError(f"{type(self).__name__} has no update")


class SGD(Optimizer):
    r"""Stochastic gradient descent, $w \leftarrow w - \eta\, g$.

    >>> w = Parameter(np.array([1.0]))
    >>> w.add_gradient(np.array([5.0]))
    >>> SGD([w], lr=0.1).step()
    >>> w.value
    array([0.5])
    """

    def update(self, number: int, parameter: Parameter) -> None:
        parameter.value -= self.lr * parameter.gradient


class SGDMomentum(Optimizer):
    r"""A ball that rolls: $v \leftarrow \mu v + g$, $w \leftarrow w - \eta v$.

    Where gradients agree over many steps, v grows to $1/(1-\mu)$ times one of them; where they point to
    and fro, they cancel.

    >>> w = Parameter(np.array([0.0]))
    >>> w.add_gradient(np.array([-1.0]))
    >>> optimizer = SGDMomentum([w], lr=1.0, momentum=0.5)
    >>> for _ in range(3):
    ...     optimizer.step()                  # by 1, 1.5, 1.75
    >>> w.value
    array([4.25])
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        lr: float = 0.01,
        last_lr: float | None = None,
        decay: Decay = linear_decay,
        momentum: float = 0.9,
    ) -> None:
        super().__init__(parameters, lr, last_lr, decay)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")
        self.momentum = momentum
        self.velocities = [np.zeros_like(parameter.value) for parameter in self.parameters]

    def update(self, number: int, parameter: Parameter) -> None:
        v = self.velocities[number]
        v *= self.momentum
        v += parameter.gradient
        parameter.value -= self.lr * v


def clip_gradients(parameters: Sequence[Parameter], largest: float) -> float:
    """Shorten all gradients by one factor where their length together is above `largest`.

    Returns the length before. In a recurrent network a gradient can grow at every step of time; the
    direction is still worth following, the length is not.

    >>> w = Parameter(np.zeros(2))
    >>> w.add_gradient(np.array([3.0, 4.0]))
    >>> clip_gradients([w], 1.0), w.gradient
    (5.0, array([0.6, 0.8]))
    """
    length = float(np.sqrt(sum(np.sum(parameter.gradient**2) for parameter in parameters)))
    if length > largest:
        for parameter in parameters:
            parameter.gradient *= largest / length
    return length
