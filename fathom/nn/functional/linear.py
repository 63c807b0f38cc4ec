"""Linear maps of the last dim. Letters: I inputs, O outputs, J inputs of the second operand."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from fathom.core.errors import ShapeError
from fathom.ops.contraction import LETTERS, Contract, checked

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""$y = x W^T + b$. x (*, I), weight (O, I) or (I), bias (O) or () -> (*, O) or (*).

    Raises ShapeError where the last size of x is not I.

    >>> fathom.nn.functional.linear(fathom.ones(2, 3), fathom.ones(4, 3)).shape
    fathom.Size([2, 4])
    """
    x, w = input.array.shape, weight.array.shape
    if not x or not 1 <= len(w) <= 2 or x[-1] != w[-1]:
        raise ShapeError(misfit(tuple(x), tuple(w)))
    checked("linear", input, weight)
    stack = LETTERS[-(len(x) - 1) :] if len(x) > 1 else ""
    o = "o" if len(w) == 2 else ""
    y = Contract(stack + "i", o + "i", stack + o)(input, weight)
    return y if bias is None else y + bias


def misfit(x: tuple[int, ...], w: tuple[int, ...]) -> str:
    """What is wrong between x and the weight, and the way out."""
    if not 1 <= len(w) <= 2:
        return f"linear: weight must be (out_features, in_features) or (in_features), got {w}"
    inputs = w[-1]
    for k in range(1, len(x)):
        if prod(x[k:]) == inputs:
            return f"linear: got x {x}; flatten it to {(*x[:k], inputs)} first"
    way_out = f"; a layer for it has in_features={x[-1]}" if x else ""
    return (
        f"linear: got x {x}; its last size must be in_features={inputs}, as in weight {w}{way_out}"
    )


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""$y_o = \sum_{ij} a_i\, W_{oij}\, b_j + c_o$. a (*, I), b (*, J), weight (O, I, J), bias (O) -> (*, O)."""
    a, b = input1, input2
    if a.shape[:-1] != b.shape[:-1]:
        raise ShapeError(
            f"bilinear: input1 {tuple(a.shape)} and input2 {tuple(b.shape)} must be equal but for the last size"
        )
    if (a.shape[-1], b.shape[-1]) != tuple(weight.shape[1:]):
        raise ShapeError(
            f"bilinear: weight {tuple(weight.shape)} takes inputs of last sizes"
            f" {weight.shape[1]} and {weight.shape[2]}, got {tuple(a.shape)} and {tuple(b.shape)}"
        )
    stack = LETTERS[-(a.ndim - 1) :] if a.ndim > 1 else ""
    mapped = Contract(stack + "i", "oij", stack + "oj")(a, weight)
    y = Contract(stack + "oj", stack + "j", stack + "o")(mapped, b)
    return y if bias is None else y + bias
