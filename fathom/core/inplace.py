"""Writing in place: the one function behind `x += y`, `x[0] = y`, `x.add_(y)` and `out=`.

An operation never writes. An in-place method computes its result as a new tensor and then *assigns*
it: the numbers are written into x's memory, x's history becomes the result's, and so does the
history of the tensors that x is a view of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.core import tape
from fathom.core.base import at_level, is_plain, new
from fathom.core.errors import ShapeError

if TYPE_CHECKING:
    from fathom.core.primitive import Primitive
    from fathom.tensors import Tensor


def assign(x: Tensor, y: Tensor) -> Tensor:
    """Make x hold y's values and history; returns x.

    Raises ShapeError where the shapes differ, RuntimeError where x is a leaf that requires grad (outside
    `no_grad`), where y's kind of dtype is higher than x's, and where elements of x share memory.
    """
    check(x, y)
    if y.array.dtype != x.array.dtype:
        y = y.to(x.dtype)
    if is_plain(x) and is_plain(y):
        write(x, y)
    else:
        exchange(x, y)
        ripple(x, y)
    if x.version is None:
        x.version = [0]
    x.version[0] += 1
    x.seen = x.version[0]
    if tape.mode.enabled and (x.tracked or y.tracked or below_tracked(x)):
        x.tracked, x.node = y.tracked, y.node
        rebase(x, y)
    return x


def alias(x: Tensor) -> Tensor:
    """Another tensor object with x's array and history: what x is before an in-place write."""
    tape.refreshed(x)
    y = new(x.array)
    y.tracked, y.version = x.tracked, x.version
    y.node = x.node
    return y


def computed(operation: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """operation(x, ...), with what x is now in a memory of its own where the gradient will read it: x is
    about to be overwritten."""
    before = alias(x)
    since = next(tape.order)
    y = operation(before, *args, **kwargs)
    if (
        y.node is not None
        and is_plain(before)
        and any(
            node.primitive.reads_inputs and any(input is before for input in node.inputs or ())
            for node in tape.reachable([y.node], since)
        )
    ):
        before.array, before.version = before.array.copy(), None
    return y


def check(x: Tensor, y: Tensor) -> None:
    if x.array.shape != y.array.shape:
        raise ShapeError(
            f"in-place: the result has shape {tuple(y.shape)}, but it is written to a tensor of shape"
            f" {tuple(x.shape)}; only a tensor that already has the result's shape can be written"
        )
    kinds = ("bool", "int", "float", "complex")
    same = x.array.dtype is y.array.dtype
    if not same and kinds.index(y.dtype.kind) > kinds.index(x.dtype.kind):
        raise RuntimeError(
            f"result type {y.dtype} can't be cast to the desired output type {x.dtype}"
        )
    if tape.mode.enabled:
        root = x
        while root.origin is not None and root.origin[1].differentiable:
            root = root.origin[0]
        if root.tracked and root.node is None:
            what = "a leaf Variable" if root is x else "a view of a leaf Variable"
            raise RuntimeError(
                f"{what} that requires grad is being used in an in-place operation;"
                " write to it inside `with fathom.no_grad():`"
            )


def write(x: Tensor, y: Tensor) -> None:
    """Copy y's numbers into x's memory."""
    array = x.array
    if (
        0 in array.strides
        and array.size
        and any(
            stride == 0 and size > 1
            for stride, size in zip(array.strides, array.shape, strict=True)
        )
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single"
            " memory location; clone() it before writing to it"
        )
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        raise RuntimeError("the tensor's memory is read-only (its array came so); clone() it first")
    if array.dtype.kind == "c" or y.array is not array:
        array[...] = y.array


def below_tracked(x: Tensor) -> bool:
    """Whether a tensor that x is a view of is tracked."""
    while x.origin is not None and x.origin[1].differentiable:
        x = x.origin[0]
        if x.tracked:
            return True
    return False


def rebase(x: Tensor, y: Tensor) -> None:
    """Give the tensors that x is a view of the history of holding y there."""
    while x.origin is not None and x.origin[1].differentiable:
        origin, primitive = x.origin
        y = replaced(alias(origin), primitive, y)
        origin.tracked, origin.node = y.tracked, y.node
        origin.seen = x.version[0]
        x = origin


def exchange(x: Tensor, y: Tensor) -> None:
    """Let x hold what y holds. A tracer is told of other tensors that now hold one of its symbols."""
    if hasattr(y.array, "adopt") and not at_level(x, y.array.level):
        y.array.adopt(x)
    x.array = y.array


def ripple(x: Tensor, y: Tensor) -> None:
    """Under a transform there is no memory: give the tensors that x is a view of their new value."""
    if x.origin is not None:
        origin, primitive = x.origin
        whole = replaced(alias(origin), primitive, y)
        exchange(origin, whole)
        ripple(origin, whole)


def replaced(origin: Tensor, primitive: Primitive, y: Tensor) -> Tensor:
    """origin with y in the place that the view `primitive` shows: where(mask, A^T y, origin)."""
    if not primitive.differentiable:  # a detached view shows all of it
        return y
    (scattered,) = primitive.adjoint(y, origin)
    (mask,) = primitive.adjoint(y.new_ones(y.shape), origin)
    return scattered.where(mask != 0, origin)
