"""Comparisons, choosing between two tensors, and what is made of choosing."""

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
class Where(Elementwise):
    """y = a where the condition holds, else b."""

    reads_inputs = False  # but for the condition, which nothing differentiates

    def dtype(self, condition, a, b):
        return a

    def eager(self, xp, condition, a, b):
        if xp is np and a.size >= 1024 and a.dtype.itemsize in (4, 8) and a.dtype.kind in "fi":
            return chosen_by_bits(condition, a, b)
        return xp.where(condition, a, b)

    def partials(self, y, condition, a, b):  # unused: a product would let NaN through
        return (None, condition.to(y.dtype), condition.logical_not().to(y.dtype))

    def vjp(self, wanted, g, y, condition, a, b):
        zero = g.new_zeros(()).expand(g.shape)
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


def chosen_by_bits(condition: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """np.where(condition, a, b) without a branch: y = b ^ ((a ^ b) & mask), bit by bit.

    On masks without a pattern it is five times as fast, as no processor can foretell their branches.
    """
    whole = np.dtype(f"i{a.dtype.itemsize}")
    mask = np.negative(condition.view(np.int8), dtype=whole)  # all bits of -1 are set
    bits = np.bitwise_xor(a.view(whole), b.view(whole))
    bits &= mask
    bits ^= b.view(whole)
    return bits.view(a.dtype)


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
    return Equal()(*paired("ne", input, other)).logical_not()


def where(
    condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None
):
    """$y_i = a_i$ where the condition holds, else $b_i$. With a condition alone: `nonzero(as_tuple=True)`.

    >>> x = fathom.tensor([-1., 2.])
    >>> fathom.where(x > 0, x, 0.)
    tensor([0., 2.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.array.dtype.kind != "b":
        raise RuntimeError(
            f"where: expected condition to be a boolean tensor, but got {condition.dtype}"
        )
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


def clamp(
    input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None
) -> Tensor:
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
    x, zero = paired("relu", input, 0)
    return Where()(LessEqual()(x, zero), zero, x)  # so asked, NaN stays NaN


def isnan(input: Tensor) -> Tensor:
    """True where the element is NaN."""
    return ne(input, input)


def isinf(input: Tensor) -> Tensor:
    """True where the element is infinite."""
    return (
        eq(input.abs(), float("inf")) if input.dtype.kind in ("float", "complex") else isnan(input)
    )


def isfinite(input: Tensor) -> Tensor:
    """True where the element is neither infinite nor NaN."""
    return ~(isnan(input) | isinf(input))


def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    r"""True where $|a_i - b_i| \le atol + rtol\,|b_i|$."""
    a, b = paired("isclose", input, other)
    near = eq(a, b) | (isfinite(b) & le((a - b).abs(), atol + rtol * b.abs()))
    return near | (isnan(a) & isnan(b)) if equal_nan else near


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close (see `isclose`)."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal."""
    return input.shape == other.shape and bool(eq(input, other).all())


def nan_to_num(
    input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
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
