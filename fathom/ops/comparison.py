"""Comparisons, logic, choosing between two tensors, and what is made of choosing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

from fathom.core import dtypes, loop
from fathom.core.base import TensorBase
from fathom.core.primitive import Elementwise
from fathom.ops.broadcasting import paired, same_dtype, same_shape

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Number = bool | int | float | complex


class Comparison(Elementwise):
    """True or false for each element: no gradient."""

    differentiable = False

    def dtype(self, *dtypes):
        return np.dtype(bool)

    def partials(self, y, *xs):
        return (None,) * len(xs)


@dataclass(frozen=True)
class Less(Comparison):
    """y = (a < b)."""

    def eager(self, xp, a, b):
        return xp.less(a, b)

    def scalar(self, a, b):
        return loop.less(a, b)


@dataclass(frozen=True)
class LessEqual(Comparison):
    """y = (a <= b)."""

    def eager(self, xp, a, b):
        return xp.less_equal(a, b)

    def scalar(self, a, b):
        return loop.less_equal(a, b)


@dataclass(frozen=True)
class Equal(Comparison):
    """y = (a == b); NaN equals nothing."""

    def eager(self, xp, a, b):
        return xp.equal(a, b)

    def scalar(self, a, b):
        return loop.equal(a, b)


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


@dataclass(frozen=True)
class Where(Elementwise):
    """y = a where the condition holds, else b."""

    reads_inputs = False                         # but for the condition, which nothing differentiates

    def dtype(self, condition, a, b):
        return a

    def eager(self, xp, condition, a, b):
        return xp.where(condition, a, b)

    def partials(self, y, condition, a, b):      # unused: a product would let NaN through
        return (None, condition.to(y.dtype), condition.logical_not().to(y.dtype))

    def vjp(self, wanted, g, y, condition, a, b):
        zero = g.new_zeros(g.shape)
        return (
            None,
            Where()(condition, g, zero) if wanted[1] else None,
            Where()(condition, zero, g) if wanted[2] else None,
        )

    def jvp(self, dxs, y, condition, a, b):
        _, da, db = dxs
        if da is None and db is None:
            return None
        zero = y.new_zeros(y.shape)
        return Where()(condition, zero if da is None else da, zero if db is None else db)

    def scalar(self, condition, a, b):
        return loop.where(condition, a, b)


@dataclass(frozen=True)
class Maximum(Elementwise):
    """y = the larger of a and b; a tie shares the gradient equally; NaN wins."""

    def eager(self, xp, a, b):
        return xp.maximum(a, b)

    def partials(self, y, a, b):
        share = (b < a).to(y.dtype) + 0.5 * (a == b).to(y.dtype)
        return (share, 1 - share)

    def scalar(self, a, b):
        return loop.maximum(a, b)


@dataclass(frozen=True)
class Minimum(Elementwise):
    """y = the smaller of a and b; a tie shares the gradient equally; NaN wins."""

    def eager(self, xp, a, b):
        return xp.minimum(a, b)

    def partials(self, y, a, b):
        share = (a < b).to(y.dtype) + 0.5 * (a == b).to(y.dtype)
        return (share, 1 - share)

    def scalar(self, a, b):
        return loop.minimum(a, b)


# ---- public functions ----------------------------------------------------------------------------


def lt(input: Tensor, other: Tensor | Number) -> Tensor:
    """$a_i < b_i$, as a bool tensor."""
    return Less()(*paired("lt", input, other))


def le(input: Tensor, other: Tensor | Number) -> Tensor:
    r"""$a_i \le b_i$, as a bool tensor."""
    return LessEqual()(*paired("le", input, other))


def gt(input: Tensor, other: Tensor | Number) -> Tensor:
    """$a_i > b_i$, as a bool tensor."""
    a, b = paired("gt", input, other)
    return Less()(b, a)


def ge(input: Tensor, other: Tensor | Number) -> Tensor:
    r"""$a_i \ge b_i$, as a bool tensor."""
    a, b = paired("ge", input, other)
    return LessEqual()(b, a)


def eq(input: Tensor, other: Tensor | Number) -> Tensor:
    """$a_i = b_i$, as a bool tensor."""
    return Equal()(*paired("eq", input, other))


def ne(input: Tensor, other: Tensor | Number) -> Tensor:
    r"""$a_i \ne b_i$, as a bool tensor."""
    return LogicalNot()(Equal()(*paired("ne", input, other)))


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
    return LogicalNot()(input) if input.dtype.kind == "bool" else bitwise("xor", input, -1 if input.dtype.is_signed else 255)


def where(condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None):
    """$y_i = a_i$ where the condition holds, else $b_i$. With a condition alone: `nonzero(as_tuple=True)`.

    >>> x = fathom.tensor([-1., 2.])
    >>> fathom.where(x > 0, x, 0.)
    tensor([0., 2.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.array.dtype.kind != "b":
        raise RuntimeError(f"where: expected condition to be a boolean tensor, but got {condition.dtype}")
    a, b = same_dtype("where", input, other)
    return Where()(*same_shape("where", condition, a, b))


def chosen(input: Tensor, condition: Tensor, other: Tensor | Number) -> Tensor:
    """The input where the condition holds, else `other`: the method `x.where(condition, other)`."""
    return where(condition, input, other)


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """The input with `value` where the mask (broadcast to it) holds."""
    if mask.array.dtype.kind != "b":
        raise RuntimeError(f"masked_fill: expected a boolean mask, but got {mask.dtype}")
    filling = value if isinstance(value, TensorBase) else input.new_tensor(value)
    return Where()(*same_shape("masked_fill", mask, filling.to(input.dtype), input))


def maximum(input: Tensor, other: Tensor) -> Tensor:
    r"""$y_i = \max(a_i, b_i)$; a tie shares the gradient equally; NaN wins."""
    return Maximum()(*paired("maximum", input, other))


def minimum(input: Tensor, other: Tensor) -> Tensor:
    r"""$y_i = \min(a_i, b_i)$; a tie shares the gradient equally; NaN wins."""
    return Minimum()(*paired("minimum", input, other))


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two; a number wins over NaN."""
    a, b = paired("fmax", input, other)
    return where(isnan(a), b, where(isnan(b), a, maximum(a, b)))


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two; a number wins over NaN."""
    a, b = paired("fmin", input, other)
    return where(isnan(a), b, where(isnan(b), a, minimum(a, b)))


def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    r"""Each element moved into [min, max]; outside, and nowhere else, the gradient is 0.

    >>> fathom.clamp(fathom.tensor([-2., 0.5, 3.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of 'min' or 'max' must not be None")
    x = input
    if min is not None:
        a, low = paired("clamp", x, min)
        x = Where()(Less()(a, low), low, a)
    if max is not None:
        a, high = paired("clamp", x, max)
        x = Where()(Less()(high, a), high, a)
    return x


def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """`clamp(input, min=min)`."""
    return clamp(input, min=min)


def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """`clamp(input, max=max)`."""
    return clamp(input, max=max)


def relu(input: Tensor) -> Tensor:
    r"""$y_i = \max(x_i, 0)$; the gradient at 0 is 0.

    >>> fathom.relu(fathom.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    zero = input.new_zeros(()).expand(input.shape)
    return Where()(LessEqual()(input, zero), zero, input)      # so asked, NaN stays NaN


def isnan(input: Tensor) -> Tensor:
    """True where the element is NaN."""
    return ne(input, input)


def isinf(input: Tensor) -> Tensor:
    """True where the element is infinite."""
    return eq(input.abs(), float("inf")) if input.dtype.kind in ("float", "complex") else isnan(input)


def isfinite(input: Tensor) -> Tensor:
    """True where the element is neither infinite nor NaN."""
    return logical_not(logical_or(isnan(input), isinf(input)))


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    r"""True where $|a_i - b_i| \le atol + rtol\,|b_i|$."""
    a, b = paired("isclose", input, other)
    near = logical_or(eq(a, b), logical_and(isfinite(b), le((a - b).abs(), atol + rtol * b.abs())))
    return logical_or(near, logical_and(isnan(a), isnan(b))) if equal_nan else near


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close (see `isclose`)."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal."""
    return input.shape == other.shape and bool(eq(input, other).all())


def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """NaN replaced by `nan`, infinities by the largest and smallest numbers of the dtype (or as given)."""
    if input.dtype.kind != "float":
        return input
    low, high = limits_of(input.dtype)
    x = masked_fill(input, isnan(input), nan)
    x = masked_fill(x, eq(x, float("inf")), high if posinf is None else posinf)
    return masked_fill(x, eq(x, float("-inf")), low if neginf is None else neginf)


def limits_of(d: dtypes.dtype) -> tuple[float, float]:
    """The smallest and largest finite numbers of a floating-point dtype."""
    info = ml_dtypes.finfo(d.numpy)
    return float(info.min), float(info.max)


less, less_equal, greater, greater_equal, not_equal, clip = lt, le, gt, ge, ne, clamp
