"""Clipping gradients: no step becomes too large."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fathom.autograd import no_grad
from fathom.core.base import TensorBase
from fathom.ops.creation import zeros
from fathom.ops.norms import vector_norm
from fathom.ops.shaping import stack

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients that are there."""
    given = [parameters] if isinstance(parameters, TensorBase) else list(parameters)
    return [p.grad for p in given if p.grad is not None]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all the tensors together, as if they were one vector.

    `foreach` chooses an implementation in PyTorch; here it changes nothing.
    """
    xs = [tensors] if isinstance(tensors, TensorBase) else list(tensors)
    if not xs:
        return zeros(())
    first = xs[0].device
    total = vector_norm(
        stack([vector_norm(x.detach(), norm_type).to(first) for x in xs]), norm_type
    )
    if error_if_nonfinite and not bool(total.isfinite()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be"
            " clipped. To disable this error and scale the gradients by the non-finite norm anyway, set"
            " `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale all gradients by one factor, so that a norm total_norm becomes at most max_norm; in place."""
    factor = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
    with no_grad():
        for g in gradients(parameters):
            g.mul_(factor.to(g.device))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor, so that their norm together is at most max_norm; returns what it was.

    >>> p = fathom.zeros(2, requires_grad=True)
    >>> p.grad = fathom.tensor([30., 40.])
    >>> fathom.nn.utils.clip_grad_norm_([p], max_norm=5.)
    tensor(50.)
    >>> p.grad
    tensor([3., 4.])
    """
    given = [parameters] if isinstance(parameters, TensorBase) else list(parameters)
    total = get_total_norm(gradients(given), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Clamp each number of each gradient into [-clip_value, clip_value], in place."""
    with no_grad():
        for g in gradients(parameters):
            g.clamp_(-clip_value, clip_value)
