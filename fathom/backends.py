"""Switches that training scripts set on PyTorch, accepted so that the scripts run.

Results here are deterministic on every device. Two switches do something: with
`fathom.backends.fusion.enabled = False` large composites (core/composite.py) run operation by operation, and
`set_float32_matmul_precision` lets compiled functions compute float32 products in a faster way.
"""

from __future__ import annotations

from types import SimpleNamespace

from fathom.compiler.eager import fused
from fathom.compiler.precision import setting
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
    r"""How exactly native code multiplies float32 matrices: "highest", the default, "high" or "medium".

    "highest" is float32 arithmetic. With "high", a large product of matrices is computed in halves where the
    processor has AMX (Intel, since 2023; on Linux): each number is the sum of two bfloat16 numbers, $x = h + l$, and

    $$a b \approx h_a h_b + h_a l_b + l_a h_b,$$

    added up in float32. In a prototype that took 0.45 to 0.75 of the time; this code has been tested by emulation, not
    yet on such a processor. What is left out is at most $3 \cdot 2^{-18}$ of |a b|: errors are about 5e-6 of the
    largest result, where those of float32 are 5e-7. (Henry, Tang, Heinecke: Leveraging the bfloat16 Artificial
    Intelligence Datatype For Higher-Precision Computations, ARITH 2019.) Products with infinity, or with numbers above
    3.39e38, are nan, and numbers below 1.2e-38 count as 0. "medium", which in PyTorch may mean bfloat16 alone, is the
    same as "high".

    Only native code changes: `fathom.compile`, and composites that run as one operation. A product in eager mode is
    NumPy's, in float32. On a computer without AMX the setting changes nothing. Where it does, compiled functions are
    compiled anew at their next call. Raises ValueError for another word.
    """
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f'precision must be "highest", "high" or "medium", got {precision!r}')
    setting.word = precision


def get_float32_matmul_precision() -> str:
    """The word that was set, "highest" at first, whether or not this computer can make use of it."""
    return setting.word
