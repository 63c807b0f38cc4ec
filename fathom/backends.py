"""Switches that training scripts set on PyTorch, accepted so that the scripts run.

Results here are deterministic on every device, and float32 products are computed in float32. One switch does
something: with `fathom.backends.fusion.enabled = False` large composites (core/composite.py) run operation by
operation.
"""

from __future__ import annotations

from types import SimpleNamespace

from fathom.compiler.eager import fused
from fathom.core.composite import fusion
from fathom.core.device import cupy

__all__ = [
    "are_deterministic_algorithms_enabled", "cuda", "cudnn", "fusion", "get_float32_matmul_precision", "mps",
    "set_float32_matmul_precision", "use_deterministic_algorithms",
]  # fmt: skip

fusion.fused = fused  # the functions that are composites know no compiler

cudnn = SimpleNamespace(
    benchmark=False,
    deterministic=True,
    enabled=True,
    allow_tf32=False,
    is_available=lambda: cupy() is not None,
)
cuda = SimpleNamespace(
    matmul=SimpleNamespace(allow_tf32=False), is_built=lambda: cupy() is not None
)
mps = SimpleNamespace(is_available=lambda: False, is_built=lambda: False)


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: all algorithms are deterministic, whatever the mode."""


def are_deterministic_algorithms_enabled() -> bool:
    """True: all algorithms are deterministic."""
    return True


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: float32 products are computed in float32. Raises ValueError for an unknown word."""
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f'precision must be "highest", "high" or "medium", got {precision!r}')


def get_float32_matmul_precision() -> str:
    """The word is always "highest": float32 products are computed in float32."""
    return "highest"
