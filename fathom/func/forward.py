"""Forward mode: `jvp` carries a tangent along with every value (Dual)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core.base import at_level, levels, new
from fathom.core.trees import flatten, unflatten

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(eq=False)
class Dual:
    """A value and its tangent; None stands for a tangent of zeros."""

    level: int
    primal: Tensor
    tangent: Tensor | None

    shape = property(lambda self: self.primal.array.shape)
    dtype = property(lambda self: self.primal.array.dtype)

    def inner(self) -> Tensor:
        """The tensor inside the wrapper."""
        return self.primal

    def interpret(self, primitive, inputs: Sequence[Tensor]) -> Tensor:
        """Apply the primitive to the values, and its jvp rule to the tangents."""
        primals = [x.array.primal if at_level(x, self.level) else x for x in inputs]
        tangents = [x.array.tangent if at_level(x, self.level) else None for x in inputs]
        y = primitive(*primals)
        still = all(dx is None for dx in tangents) or not primitive.differentiable
        return new(Dual(self.level, y, None if still else primitive.jvp(tangents, y, *primals)))


def jvp(func: Callable, primals: tuple, tangents: tuple, has_aux: bool = False) -> tuple:
    r"""(f(x), J(x) dx): the value, and the derivative along the direction `tangents`.

    >>> x, dx = fathom.tensor(3.), fathom.tensor(1.)
    >>> fathom.func.jvp(lambda x: x ** 2, (x,), (dx,))
    (tensor(9.), tensor(6.))
    """
    level = next(levels)
    xs, structure = flatten(tuple(primals))
    dxs, _ = flatten(tuple(tangents))
    if len(xs) != len(dxs):
        raise RuntimeError(
            f"jvp: expected one tangent for each primal, got {len(xs)} primals and {len(dxs)} tangents"
        )
    for x, dx in zip(xs, dxs, strict=True):
        if x.shape != dx.shape:
            raise RuntimeError(
                f"jvp: a tangent has shape {tuple(dx.shape)}, its primal {tuple(x.shape)}"
            )
    result = func(
        *unflatten(structure, [new(Dual(level, x, dx)) for x, dx in zip(xs, dxs, strict=True)])
    )
    result, aux = result if has_aux else (result, None)
    ys, shape_of_result = flatten(result)
    values = unflatten(shape_of_result, [primal_at(y, level) for y in ys])
    tangents_out = unflatten(shape_of_result, [tangent_at(y, level) for y in ys])
    if not has_aux:
        return values, tangents_out
    extra, structure = flatten(aux)
    return values, tangents_out, unflatten(structure, [primal_at(a, level) for a in extra])


def primal_at(y: Tensor, level: int) -> Tensor:
    return y.array.primal if at_level(y, level) else y


def tangent_at(y: Tensor, level: int) -> Tensor:
    if at_level(y, level) and y.array.tangent is not None:
        return y.array.tangent
    y = primal_at(y, level)
    return y.new_zeros(y.shape)
