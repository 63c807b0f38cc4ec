"""Softmax: numbers become probabilities; and its logarithm.

Letters: x the numbers (scores, logits) along `dim`, y the result of the same shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.core import dtypes
from fathom.core.composite import composite
from fathom.core.errors import DtypeError
from fathom.ops.axes import many_axes, numpy_names
from fathom.ops.reduction import amax

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@numpy_names
@composite
def softmax(input: Tensor, dim: int, dtype: dtypes.dtype | None = None) -> Tensor:
    r"""Softmax along `dim`, $y_i = e^{x_i} / \sum_j e^{x_j}$: positive numbers that sum to 1.

    dtype: convert the input first. Raises DtypeError for integers, IndexError for a wrong dim.

    >>> fathom.softmax(fathom.tensor([0., 0.]), dim=0)
    tensor([0.5000, 0.5000])
    """
    powers = below_top("softmax", input, dim, dtype).exp()
    return powers / powers.sum(dim, keepdim=True)


@numpy_names
@composite
def log_softmax(input: Tensor, dim: int, dtype: dtypes.dtype | None = None) -> Tensor:
    r"""The logarithm of softmax, $y_i = x_i - \log \sum_j e^{x_j}$, exact where softmax underflows.

    >>> fathom.log_softmax(fathom.tensor([0., 1000.]), dim=0)
    tensor([-1000.,     0.])
    """
    x = below_top("log_softmax", input, dim, dtype)
    return x - x.exp().sum(dim, keepdim=True).log()


def below_top(name: str, input: Tensor, dim: int, dtype: dtypes.dtype | None) -> Tensor:
    """The input minus its largest number along `dim`: exp overflows above 88 in float32.

    The shift cancels in the result, so no gradient has to pass through it.
    """
    x = input if dtype is None else input.to(dtype)
    if x.dtype.kind != "float":
        raise DtypeError(f"{name}: expected a floating-point tensor, got {x.dtype}; pass dtype=")
    if 0 in x.shape:
        return x
    return x - amax(x, many_axes(dim, x.ndim, name), keepdim=True).detach()
