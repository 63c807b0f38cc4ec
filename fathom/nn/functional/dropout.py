"""Dropout: random elements (or whole channels) set to 0 in training, so that none is relied on alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fathom.core import inplace as writing
from fathom.core.errors import ShapeError
from fathom.core.random import Generator
from fathom.nn.functional.activations import SELU_ALPHA, SELU_SCALE
from fathom.ops.randomness import random_bits

if TYPE_CHECKING:
    from fathom.tensors import Tensor

BITS = 24  # a probability is rounded to 2^-24


def kept(shape: tuple[int, ...], p: float, x: Tensor, generator: Generator | None) -> Tensor:
    """1 with probability 1 - p, else 0, in x's dtype."""
    below = round((1 - p) * 2**BITS)
    return (random_bits(shape, BITS, generator).to(x.device) < below).to(x.dtype)


def probability(name: str, p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{name}: dropout probability has to be between 0 and 1, but got {p}")


def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    r"""$y = x\,m / (1 - p)$ in training, with $m = 0$ at random with probability p, else 1; x itself otherwise.

    >>> x = fathom.ones(4)
    >>> fathom.nn.functional.dropout(x, training=False)
    tensor([1., 1., 1., 1.])
    """
    probability("dropout", p)
    return dropped(input, p, training, inplace, tuple(input.shape), generator)


def dropped(
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    shape: tuple[int, ...],
    generator: Generator | None,
) -> Tensor:
    """Dropout with a mask of this shape, which is broadcast to the input."""
    if not training or p == 0.0:
        return input
    x = writing.alias(input) if inplace else input
    mask = kept(shape, p, input, generator)
    y = x * (mask if p == 1.0 else mask * (1 / (1 - p)))
    return writing.assign(input, y) if inplace else y


def channels(
    name: str, input: Tensor, p: float, dims: tuple[int, ...], unbatched: int | None
) -> tuple[int, ...]:
    """The mask's shape: one number a channel. input (N, C, *), or (C, *) where that has `unbatched` dims."""
    probability(name, p)
    if input.ndim not in dims:
        raise ShapeError(
            f"{name}: expected a {' or '.join(map(str, dims))}-d input, got {input.ndim}-d {tuple(input.shape)}"
        )
    leading = 1 if input.ndim == unbatched else 2
    return (*input.shape[:leading], *(1,) * (input.ndim - leading))


def dropout1d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """Dropout of whole channels. x (N, C, L) or (C, L)."""
    shape = channels("dropout1d", input, p, (2, 3), 2)
    return dropped(input, p, training, inplace, shape, generator)


def dropout2d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """Dropout of whole channels. x (N, C, H, W); a 3-d input is taken as (N, C, L), as in PyTorch."""
    shape = channels("dropout2d", input, p, (2, 3, 4), None)
    return dropped(input, p, training, inplace, shape, generator)


def dropout3d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """Dropout of whole channels. x (N, C, D, H, W) or (C, D, H, W)."""
    shape = channels("dropout3d", input, p, (4, 5), 4)
    return dropped(input, p, training, inplace, shape, generator)


def alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    r"""Dropout for networks of selu: what is dropped becomes $-s\alpha$, selu's limit far below 0.

    Then all elements are shifted and scaled, so that mean 0 and variance 1 stay (Klambauer et al. 2017).
    """
    probability("alpha_dropout", p)
    return alpha_dropped(input, p, training, inplace, tuple(input.shape), generator)


def feature_alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """`alpha_dropout` of whole channels. x (N, C, *)."""
    probability("feature_alpha_dropout", p)
    if input.ndim < 2:
        raise ShapeError(
            f"feature_alpha_dropout: the input needs at least 2 dims (N, C, *), got {tuple(input.shape)}"
        )
    shape = (*input.shape[:2], *(1,) * (input.ndim - 2))
    return alpha_dropped(input, p, training, inplace, shape, generator)


def alpha_dropped(
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    shape: tuple[int, ...],
    generator: Generator | None,
) -> Tensor:
    if not training or p == 0.0:
        return input
    x = writing.alias(input) if inplace else input
    mask = kept(shape, p, input, generator)
    low = SELU_ALPHA * SELU_SCALE  # selu's limit far below 0 is -low
    scale = 0.0 if p == 1.0 else 1 / math.sqrt((1 - p) * (1 + p * low * low))
    y = x * (mask * scale) + (mask - 1) * (low * scale) + low * scale * p
    return writing.assign(input, y) if inplace else y
