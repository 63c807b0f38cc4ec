"""Complex parameters: the equations see two real numbers for each complex one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fathom.core.base import TensorBase
from fathom.ops.complexes import view_as_complex, view_as_real
from fathom.tensors import Tensor


def started(start: Callable, theta: Tensor, group: dict[str, Any]) -> dict[str, Any]:
    """The state that `start` gives for theta's real parts, as complex tensors of theta's shape."""
    parts = view_as_real(theta.detach())
    return {name: joined(x, parts) for name, x in start(parts, group).items()}


def updated(
    update: Callable, theta: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]
) -> tuple[Tensor, dict[str, Any]]:
    """What `update` gives for the real parts, as complex tensors."""
    parts, real_state = view_as_real(theta), {name: split(x) for name, x in state.items()}
    after, changed = update(parts, view_as_real(g), real_state, group)
    return view_as_complex(after), {name: joined(x, parts) for name, x in changed.items()}


def split(x: Tensor) -> Tensor:
    return view_as_real(x) if x.is_complex() else x


def joined(x: Any, parts: Tensor) -> Any:
    """x as a complex tensor, if it belongs to the parts one by one."""
    return view_as_complex(x) if isinstance(x, TensorBase) and x.shape == parts.shape else x
