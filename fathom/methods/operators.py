"""Python's operators on tensors: `a + b` is `fathom.add(a, b)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.core.base import TensorBase
from fathom.ops import arithmetic, comparison, contraction, indexing, logic, numbers

if TYPE_CHECKING:
    from fathom.tensors import Tensor


NUMERIC = (TensorBase, bool, int, float, complex, np.ndarray, np.generic)


def reflected(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`b - a` from `a - b`: what Python asks for when the left operand is no tensor."""

    def method(self: Tensor, other: Any) -> Tensor:
        return operation(other, self)

    return method


def with_anything(comparison: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`x == y` where y may be anything: with what is no number, Python decides (`x == None` is False)."""

    def method(self: Tensor, other: Any) -> Tensor:
        if isinstance(other, NUMERIC):
            return comparison(self, other)
        return NotImplemented

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
    __invert__ = logic.bitwise_not
    __and__ = logic.bitwise_and
    __rand__ = reflected(logic.bitwise_and)
    __or__ = logic.bitwise_or
    __ror__ = reflected(logic.bitwise_or)
    __xor__ = logic.bitwise_xor
    __rxor__ = reflected(logic.bitwise_xor)
    __lshift__ = numbers.bitwise_left_shift
    __rlshift__ = reflected(numbers.bitwise_left_shift)
    __rshift__ = numbers.bitwise_right_shift
    __rrshift__ = reflected(numbers.bitwise_right_shift)
    __lt__ = comparison.lt
    __le__ = comparison.le
    __gt__ = comparison.gt
    __ge__ = comparison.ge
    __eq__ = with_anything(comparison.eq)  # type: ignore[assignment]
    __ne__ = with_anything(comparison.ne)  # type: ignore[assignment]
    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
