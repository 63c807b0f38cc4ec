"""Python's operators on tensors: `a + b` is `fathom.add(a, b)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fathom.core.base import TensorBase
from fathom.ops import arithmetic, comparison, contraction, indexing

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def reflected(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`b - a` from `a - b`: what Python asks for when the left operand is no tensor."""

    def method(self: Tensor, other: Any) -> Tensor:
        return operation(other, self)

    return method


class Operators(TensorBase):
    """The operators that give a new tensor; those that write (`+=`) are in `in_place`."""

    __add__ = arithmetic.add
    __radd__ = reflected(arithmetic.add)
    __sub__ = arithmetic.sub
    __rsub__ = reflected(arithmetic.sub)
    __mul__ = arithmetic.mul
    __rmul__ = reflected(arithmetic.mul)
    __truediv__ = arithmetic.div
    __rtruediv__ = reflected(arithmetic.div)
    __floordiv__ = arithmetic.floor_divide
    __rfloordiv__ = reflected(arithmetic.floor_divide)
    __mod__ = arithmetic.remainder
    __rmod__ = reflected(arithmetic.remainder)
    __pow__ = arithmetic.pow
    __rpow__ = reflected(arithmetic.pow)
    __matmul__ = contraction.matmul
    __rmatmul__ = reflected(contraction.matmul)
    __neg__ = arithmetic.neg
    __pos__ = arithmetic.positive
    __abs__ = arithmetic.abs
    __invert__ = comparison.bitwise_not
    __and__ = comparison.bitwise_and
    __rand__ = reflected(comparison.bitwise_and)
    __or__ = comparison.bitwise_or
    __ror__ = reflected(comparison.bitwise_or)
    __xor__ = comparison.bitwise_xor
    __rxor__ = reflected(comparison.bitwise_xor)
    __lt__ = comparison.lt
    __le__ = comparison.le
    __gt__ = comparison.gt
    __ge__ = comparison.ge
    __eq__ = comparison.eq  # type: ignore[assignment]
    __ne__ = comparison.ne  # type: ignore[assignment]
    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
