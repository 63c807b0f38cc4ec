"""And, or, not: of truth values, and of whole numbers bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core import loop
from fathom.core.base import TensorBase
from fathom.core.primitive import Elementwise
from fathom.ops.broadcasting import paired
from fathom.ops.comparison import Comparison, ne

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Number = bool | int | float | complex


@dataclass(frozen=True)
class LogicalAnd(Comparison):
    """y = a and b, of bool tensors."""

    def eager(self, xp, a, b):
        return xp.logical_and(a, b)

    def scalar(self, a, b):
        return loop.both(a, b)


@dataclass(frozen=True)
class LogicalOr(Comparison):
    """y = a or b, of bool tensors."""

    def eager(self, xp, a, b):
        return xp.logical_or(a, b)

    def scalar(self, a, b):
        return loop.either(a, b)


@dataclass(frozen=True)
class LogicalNot(Comparison):
    """y = not x, of a bool tensor."""

    def eager(self, xp, x):
        return xp.logical_not(x)

    def scalar(self, x):
        return loop.opposite(x)


@dataclass(frozen=True)
class Bitwise(Elementwise):
    """y = a and, or, xor b, bit by bit, of integers; `name` says which."""

    name: str
    differentiable = False

    def eager(self, xp, a, b):
        return getattr(xp, "bitwise_" + self.name)(a, b)

    def partials(self, y, a, b):
        return (None, None)

    def scalar(self, a, b):
        return {"and": loop.bitwise_and, "or": loop.bitwise_or, "xor": loop.xor}[self.name](a, b)


def truth(x: Tensor | Number) -> Tensor | Number:
    """x as true and false: what is not 0 is true."""
    if not isinstance(x, TensorBase):
        return bool(x)
    return x if x.array.dtype.kind == "b" else ne(x, 0)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """True where both are not 0."""
    return LogicalAnd()(*paired("logical_and", truth(input), truth(other)))


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """True where at least one is not 0."""
    return LogicalOr()(*paired("logical_or", truth(input), truth(other)))


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """True where exactly one is not 0."""
    return ne(truth(input), truth(other))


def logical_not(input: Tensor) -> Tensor:
    """True where the element is 0."""
    return LogicalNot()(truth(input))


def bitwise(name: str, input: Tensor | Number, other: Tensor | Number) -> Tensor:
    a, b = paired("bitwise_" + name, input, other)
    if a.dtype.kind not in ("bool", "int"):
        raise RuntimeError(f"bitwise_{name}: expected integer or bool tensors, got {a.dtype}")
    if a.dtype.kind == "bool" and name != "xor":
        return LogicalAnd()(a, b) if name == "and" else LogicalOr()(a, b)
    return Bitwise(name)(a, b)


def bitwise_and(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """And, bit by bit, of integers or bools (`a & b`)."""
    return bitwise("and", input, other)


def bitwise_or(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Or, bit by bit, of integers or bools (`a | b`)."""
    return bitwise("or", input, other)


def bitwise_xor(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Exclusive or, bit by bit, of integers or bools (`a ^ b`)."""
    return bitwise("xor", input, other)


def bitwise_not(input: Tensor) -> Tensor:
    """Every bit turned over (`~x`): of bools, not; of integers, -x - 1."""
    if input.dtype.kind not in ("bool", "int"):
        raise RuntimeError(f"bitwise_not: expected an integer or bool tensor, got {input.dtype}")
    return (
        LogicalNot()(input)
        if input.dtype.kind == "bool"
        else bitwise("xor", input, -1 if input.dtype.is_signed else 255)
    )
