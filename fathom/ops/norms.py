"""Lengths of vectors and distances between them.

Letters: x a vector along the named dims, p the kind of norm. At the zero vector the derivative is taken as 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes
from fathom.core.errors import DtypeError, ShapeError
from fathom.ops.axes import many_axes, numpy_names, one_axis
from fathom.ops.comparison import where

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Dims = int | Sequence[int] | None


def power(x: Tensor, exponent: float) -> Tensor:
    """x^exponent for x >= 0, with derivative 0 where x is 0."""
    nothing = x == 0
    safe = x.masked_fill(nothing, 1)
    raised = safe.sqrt() if exponent == 0.5 else safe**exponent
    return raised.masked_fill(nothing, 0)


@numpy_names
def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    r"""The p-norm over `dim` (all dims by default), $\left(\sum_i |x_i|^p\right)^{1/p}$.

    ord inf: the largest $|x_i|$; -inf: the smallest; 0: how many are not 0. Raises DtypeError for integers.

    >>> fathom.linalg.vector_norm(fathom.tensor([3., 4.]))
    tensor(5.)
    """
    x = x if dtype is None else x.to(dtype)
    if x.dtype.kind not in ("float", "complex"):
        raise DtypeError(
            f"norm: expected a floating-point or complex tensor, got {x.dtype}; use x.float()"
        )
    axes = many_axes(dim, x.ndim, "vector_norm")
    if not axes:  # a 0-d tensor: the one number is the vector
        x, axes = x.reshape(1), (0,)
        keepdim = False
    if ord == 2:
        return power((x * x.conj()).real.sum(axes, keepdim), 0.5)
    if ord == math.inf:
        return x.abs().amax(axes, keepdim)
    if ord == -math.inf:
        return x.abs().amin(axes, keepdim)
    if ord == 0:
        return (x != 0).sum(axes, keepdim).to(x.abs().dtype)
    if ord == 1:
        return x.abs().sum(axes, keepdim)
    return power(power(x.abs(), ord).sum(axes, keepdim), 1 / ord)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other.

    >>> fathom.dist(fathom.tensor([0., 0.]), fathom.tensor([3., 4.]))
    tensor(5.)
    """
    return vector_norm(input - other, p)


MANY = 25  # rows from which on a product is worth its rounding


def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    r"""The p-norm of the difference of each pair of rows. x1 (..., P, M), x2 (..., R, M) -> (..., P, R).

    For p = 2 and more than 25 rows it uses $\|a - b\|^2 = \|a\|^2 + \|b\|^2 - 2 a \cdot b$, which takes
    less memory and loses digits where rows are close; compute_mode="donot_use_mm_for_euclid_dist" never does.

    >>> fathom.cdist(fathom.tensor([[0., 0.]]), fathom.tensor([[3., 4.], [0., 1.]]))
    tensor([[5., 1.]])
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(
            f"cdist: expected (..., P, M) and (..., R, M) with one M, got {tuple(x1.shape)} and {tuple(x2.shape)}"
        )
    allowed = (
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    )
    if compute_mode not in allowed:
        raise ValueError(
            f"cdist: {compute_mode} is not a valid value for compute_mode; there are {allowed}"
        )
    many = max(x1.shape[-2], x2.shape[-2]) > MANY or compute_mode == allowed[1]
    if p == 2 and many and compute_mode != allowed[2]:
        squares = (x1 * x1).sum(-1).unsqueeze(-1) + (x2 * x2).sum(-1).unsqueeze(-2)
        return power((squares - 2 * (x1 @ x2.mT)).clamp(min=0), 0.5)
    return vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference of each two rows i < j. (N, M) -> (N (N - 1) / 2)."""
    if input.ndim != 2:
        raise ShapeError(f"pdist: expected a matrix, got {tuple(input.shape)}")
    first, second = np.triu_indices(input.shape[0], 1)
    return vector_norm(input[first] - input[second], p, -1)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Each slice along `dim` whose p-norm is above maxnorm, scaled down to it."""
    axis = one_axis(dim, input.ndim, "renorm")
    others = [k for k in range(input.ndim) if k != axis]
    if not others:
        raise RuntimeError("renorm: needs at least 2 dims")
    length = vector_norm(input, p, others, keepdim=True)
    # a little less than maxnorm, so that rounding does not leave it above
    return input * where(length > maxnorm, maxnorm / (length + 1e-7), 1.0).to(input.dtype)
