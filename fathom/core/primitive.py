"""What a primitive is: one operation, told once; and the three families that share their calculus.

A primitive is a frozen dataclass. Its fields are the static parameters (axes, sizes, strides); the
tensors come in the call. It answers five questions, one method each:

    shape, dtype     what comes out
    eager            compute it now, with NumPy or CuPy
    vjp, jvp         how it varies, written in Tensor operations
    batch            what it does with a batch axis in front
    element          the value at one index, as a scalar expression (core/loop.py)

Names in every rule: x input, y output, g the gradient arriving at y, dx a tangent of x.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.apply import apply

if TYPE_CHECKING:
    from fathom.core import loop
    from fathom.tensors import Tensor

    Shape = tuple[int, ...]


class Primitive:
    """One operation. Subclasses are frozen dataclasses and say what they can; the rest raises."""

    is_view = False  # the output may share the first input's memory
    differentiable = True  # False: the output carries no gradient
    reads_inputs = True  # False: vjp needs no input's values, only y's or none

    def __call__(self, *inputs: Tensor) -> Tensor:
        return apply(self, *inputs)

    def shape(self, *shapes: Shape) -> Shape:
        """The shape of the output, given the inputs' shapes."""
        raise self.missing("shape")

    def dtype(self, *dtypes: np.dtype) -> np.dtype:
        """The NumPy dtype of the output, given the inputs'."""
        return dtypes[0]

    def eager(self, xp, *arrays):
        """The output array; `xp` is NumPy or CuPy. Never writes into its inputs."""
        raise self.missing("eager")

    def vjp(self, wanted: Sequence[bool], g: Tensor, y: Tensor, *xs: Tensor) -> Sequence:
        """Each input's gradient, J^T g; None where it is not `wanted` or there is none."""
        raise self.missing("vjp")

    def jvp(self, dxs: Sequence[Tensor | None], y: Tensor, *xs: Tensor) -> Tensor | None:
        """The output's tangent, J dx; an input's tangent None stands for zero."""
        raise self.missing("jvp")

    def batch(self, size: int, batched: Sequence[bool], *xs: Tensor) -> Tensor:
        """The operation on each of `size` examples; a batched input has them along axis 0."""
        raise self.missing("batch")

    def element(self, i: tuple, *xs: loop.Readable) -> loop.Expr:
        """y[i] as a scalar expression over the inputs' elements."""
        raise self.missing("element")

    def after(self, producer: Primitive, *xs: Tensor) -> Tensor | None:
        """A better program for self(producer(*xs)), or None: algebra that only operations know."""
        return None

    def missing(self, rule: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {rule} rule")


class Elementwise(Primitive):
    r"""y_i = f(a_i, b_i, ...): inputs of equal shapes.

    `partials` gives $\partial f/\partial a, \partial f/\partial b, ...$: each a tensor, a number, or
    None where no gradient flows. `scalar` gives f of scalar expressions.
    """

    def partials(self, y: Tensor, *xs: Tensor) -> Sequence:
        raise self.missing("partials")

    def scalar(self, *values: loop.Expr) -> loop.Expr:
        raise self.missing("scalar")

    def shape(self, *shapes):
        assert len(set(shapes)) == 1, f"{self} takes equal shapes, got {shapes}"
        return shapes[0]

    def vjp(self, wanted, g, y, *xs):
        partials = self.partials(y, *xs)
        return [
            times(g, conjugate(d)) if w else None for w, d in zip(wanted, partials, strict=True)
        ]

    def jvp(self, dxs, y, *xs):
        partials = self.partials(y, *xs)
        return total([times(dx, d) for dx, d in zip(dxs, partials, strict=True) if dx is not None])

    def batch(self, size, batched, *xs):
        return self(
            *[x if b else x.expand((size, *x.shape)) for x, b in zip(xs, batched, strict=True)]
        )

    def element(self, i, *xs):
        return self.scalar(*[x[i] for x in xs])


class Linear(Primitive):
    """y = A x, with real coefficients: the tangent map is A itself, the gradient's is its adjoint.

    Inputs of integer dtype (indices) are parameters of the map, not variables.
    """

    reads_inputs = False

    def adjoint(self, g: Tensor, *xs: Tensor) -> Sequence:
        """A^T g for each input; uses the inputs' shapes only (and the indices)."""
        raise self.missing("adjoint")

    def vjp(self, wanted, g, y, *xs):
        return self.adjoint(g, *xs)

    def jvp(self, dxs, y, *xs):
        if all(dx is None for dx in dxs):
            return None
        return self(*[tangent_or_zero(dx, x) for dx, x in zip(dxs, xs, strict=True)])


class Bilinear(Primitive):
    """y = B(a, b), linear in each: the product rule, and one adjoint for each operand."""

    def adjoint(self, operand: int, g: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """The gradient of operand 0 (a) or 1 (b)."""
        raise self.missing("adjoint")

    def vjp(self, wanted, g, y, a, b):
        return [self.adjoint(k, g, a, b) if w else None for k, w in enumerate(wanted)]

    def jvp(self, dxs, y, a, b):
        da, db = dxs
        return total([None if da is None else self(da, b), None if db is None else self(a, db)])


def times(g: Tensor, d: Tensor | float | None) -> Tensor | None:
    """g d, without the work where d is a plain number."""
    if d is None:
        return None
    if isinstance(d, (int, float)):
        if d == 1:
            return g
        return g.new_zeros(g.shape) if d == 0 else g * d
    return g * d


def conjugate(d):
    """The conjugate of a partial derivative: the gradient of a complex map is J^H g."""
    return d.conj() if hasattr(d, "array") and d.array.dtype.kind == "c" else d


def total(terms: Sequence[Tensor | None]) -> Tensor | None:
    """The sum of the terms that are there; None if none is."""
    found = [t for t in terms if t is not None]
    return sum(found[1:], found[0]) if found else None


def tangent_or_zero(dx: Tensor | None, x: Tensor) -> Tensor:
    if dx is not None:
        return dx
    return x.new_zeros(x.shape) if x.dtype.kind in ("float", "complex") else x
