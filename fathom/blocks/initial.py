"""Where weights begin."""

from __future__ import annotations

import numpy as np

from fathom.blocks.functions import Array


def glorot(
    shape: tuple[int, ...],
    inputs: int,
    outputs: int,
    generator: np.random.Generator | int | None = None,
) -> Array:
    r"""Random weights, normal, of mean 0 and variance $\frac{2}{\text{inputs} + \text{outputs}}$.

    X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks, 2010.
    Of variance 1/inputs, values would keep their size on the way forward; of 1/outputs, gradients
    theirs on the way back. This is between the two, so that neither fades nor explodes in many layers.

    inputs, outputs  how many values each output is the sum of, and how many each input goes to

    >>> bool(abs(glorot((100, 300), 100, 300, generator=0).std() - (2 / 400) ** 0.5) < 0.001)
    True
    """
    return np.random.default_rng(generator).normal(0, np.sqrt(2 / (inputs + outputs)), shape)
