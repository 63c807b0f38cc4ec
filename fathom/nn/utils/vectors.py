"""All parameters of a network as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fathom.core.errors import ShapeError
from fathom.ops.shaping import cat

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The parameters one after the other, as a vector (n).

    >>> net = fathom.nn.Linear(2, 3)
    >>> fathom.nn.utils.parameters_to_vector(net.parameters()).shape
    fathom.Size([9])
    """
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let the parameters hold the numbers of a vector (n), in order; they share its memory."""
    parameters = list(parameters)
    count = sum(p.numel() for p in parameters)
    if vec.ndim != 1 or vec.shape[0] != count:
        raise ShapeError(
            f"vector_to_parameters: the parameters hold {count} numbers, got a vector {tuple(vec.shape)}"
        )
    start = 0
    for p in parameters:
        p.data = vec[start : start + p.numel()].view(p.shape).detach()
        start += p.numel()
