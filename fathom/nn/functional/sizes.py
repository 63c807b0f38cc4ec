"""What convolution, pooling and resizing ask of their arguments: one number or one for each axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fathom.core.errors import ShapeError

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def per_axis(
    name: str, what: str, value: int | Sequence[int], n: int, least: int = 1
) -> tuple[int, ...]:
    """`value` as n whole numbers, none below `least`: 3 for two axes is (3, 3).

    >>> from fathom.nn.functional.sizes import per_axis
    >>> per_axis("conv2d", "stride", 2, 2)
    (2, 2)
    """
    values = (int(value),) if hasattr(value, "__index__") else tuple(int(k) for k in value)
    if len(values) == 1:
        values *= n
    if len(values) != n or min(values) < least:
        raise ValueError(
            f"{name}: {what} must be one or {n} whole numbers >= {least}, got {value!r}"
        )
    return values


def batched(name: str, x: Tensor, n: int) -> bool:
    """Whether x (N, C, *n sizes) has its batch dim; False for (C, *n sizes). Raises for any other."""
    if x.ndim not in (n + 1, n + 2):
        sizes = ", ".join("DHW"[-n:])
        raise ShapeError(
            f"{name}: expected an input (N, C, {sizes}) or (C, {sizes}), got {x.ndim}-d {tuple(x.shape)}"
        )
    return x.ndim == n + 2


def on_batch(name: str, n: int, f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """f(x), where f takes (N, C, *sizes) only, for an x that may lack its batch dim."""
    return f(x) if batched(name, x, n) else f(x.unsqueeze(0)).squeeze(0)
