"""Gradients compared with finite differences: `gradcheck`, and `gradgradcheck` for second derivatives."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fathom.autograd.gradients import grad
from fathom.autograd.modes import no_grad
from fathom.core.base import is_tensor

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def gradcheck(
    func: Callable,
    inputs: Tensor | Sequence[Any],
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare the gradient of func with central differences, along every element of every tracked input.

    func may return one tensor or several. Use float64 inputs: in float32 a difference has three digits.
    Returns True, or raises RuntimeError naming the element (returns False if raise_exception is off).

    >>> x = fathom.tensor([0.3, 2.], dtype=fathom.float64, requires_grad=True)
    >>> fathom.autograd.gradcheck(fathom.sin, x)
    True
    """
    xs = [inputs] if is_tensor(inputs) else list(inputs)
    tracked = [x for x in xs if is_tensor(x) and x.requires_grad]
    if not tracked:
        raise ValueError("gradcheck: at least one input must have requires_grad=True")
    found = grad(weighted(func, xs), tracked, allow_unused=True)
    for x, g in zip(tracked, found, strict=True):
        g = x.new_zeros(x.shape) if g is None else g
        for at in itertools.product(*map(range, x.shape)):
            expected = difference(func, xs, x, at, eps)
            value = g[at].item()
            if abs(value - expected) > atol + rtol * abs(expected):
                if raise_exception:
                    raise RuntimeError(
                        f"gradcheck: at element {at} of an input {tuple(x.shape)} the gradient is {value},"
                        f" by differences {expected}"
                    )
                return False
    return True


def gradgradcheck(
    func: Callable,
    inputs: Tensor | Sequence[Any],
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """`gradcheck` of the gradient of func: are its second derivatives right?"""
    xs = [inputs] if is_tensor(inputs) else list(inputs)
    tracked = [k for k, x in enumerate(xs) if is_tensor(x) and x.requires_grad]

    def gradient(*xs: Any) -> tuple:
        chosen = [xs[k] for k in tracked]
        return grad(weighted(func, xs), chosen, create_graph=True, materialize_grads=True)

    return gradcheck(gradient, xs, eps, atol, rtol, raise_exception)


def weighted(func: Callable, xs: Sequence) -> Tensor:
    """A sum over all elements of func's outputs, each with a weight of its own."""
    result = func(*xs)
    total: Tensor | None = None
    for y in result if isinstance(result, (tuple, list)) else (result,):
        if y.dtype.kind in ("float", "complex"):
            weights = 1 + 0.1 * y.detach().new_tensor(range(y.numel())).cos().reshape(y.shape)
            part = (weights * y).sum()
            part = part.real + part.imag if y.dtype.is_complex else part
            total = part if total is None else total + part
    if total is None:
        raise ValueError("gradcheck: the function must return a floating-point or complex tensor")
    return total


def difference(func: Callable, xs: Sequence, x: Tensor, at: tuple, eps: float) -> float | complex:
    """The derivative of `weighted` along one element, by a central difference."""
    steps = (eps, eps * 1j) if x.dtype.is_complex else (eps,)
    slopes = []
    before = x[at].item()
    for step in steps:
        sides = []
        for move in (step, -step):
            with no_grad():
                x[at] = before + move
            sides.append(weighted(func, xs).item())
        slopes.append((sides[0] - sides[1]) / (2 * eps))
    with no_grad():
        x[at] = before
    return complex(*slopes) if x.dtype.is_complex else slopes[0]
