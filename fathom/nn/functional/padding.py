"""More elements at the edges: zeros, a value, or a continuation of what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fathom.core.errors import ShapeError
from fathom.ops.comparison import where
from fathom.ops.shaping import cat, flip, narrow, zero_pad

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Widths = Sequence[tuple[int, int]]


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """The input with more elements before and after; negative numbers cut elements away.

    `pad` names the last dim first: (left, right), then (top, bottom), then (front, back). mode:
    "constant" fills with `value` (0 by default), "replicate" repeats the edge, "reflect" mirrors at the
    edge, which is not repeated, and "circular" goes on at the other end.

    >>> fathom.nn.functional.pad(fathom.tensor([[1, 2, 3]]), (2, 1), mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2]])
    """
    if len(pad) % 2 or len(pad) // 2 > input.ndim:
        raise ValueError(
            f"pad: expected two numbers for each of at most {input.ndim} dims of x {tuple(input.shape)},"
            f" got {tuple(pad)}"
        )
    pairs = [(int(a), int(b)) for a, b in zip(pad[::2], pad[1::2])]
    widths = [(0, 0)] * (input.ndim - len(pairs)) + pairs[::-1]
    if mode == "constant":
        return constant_pad(input, widths, 0 if value is None else value)
    if mode not in CONTINUED:
        raise NotImplementedError(
            f"pad: unrecognised padding mode {mode!r}; use 'constant', 'reflect', 'replicate' or 'circular'"
        )
    if value:
        raise ValueError(
            f"pad: mode {mode!r} takes its values from the input, so value {value} has no use"
        )
    check_reach(input, widths, mode)
    for axis, (before, after) in enumerate(widths):
        n = input.shape[axis]
        input = narrow(input, axis, max(-before, 0), n - max(-before, 0) - max(-after, 0))
        if before > 0 or after > 0:
            first, last = CONTINUED[mode](input, axis, max(before, 0), max(after, 0))
            input = cat([first, input, last], axis)
    return input


def constant_pad(x: Tensor, widths: Widths, value: float) -> Tensor:
    """x with `value` before and after, along each axis."""
    y = zero_pad(x, widths)
    if value == 0 or y is x:
        return y
    sizes = tuple(n if width != (0, 0) else 1 for n, width in zip(x.shape, widths))
    inside = zero_pad(x.new_ones(sizes, dtype="bool"), widths)
    return where(inside, y, x.new_tensor(value))


def check_reach(x: Tensor, widths: Widths, mode: str) -> None:
    """How far the continuation may go: "reflect" to the other edge, "circular" once around."""
    for axis, (before, after) in enumerate(widths):
        n = x.shape[axis]
        most = {"reflect": n - 1, "circular": n, "replicate": max(before, after) if n else 0}[mode]
        if max(before, after) > most:
            raise ShapeError(
                f"pad: {mode} padding of {max(before, after)} does not fit dim {axis} of x {tuple(x.shape)}:"
                f" at most {most}"
            )


def reflected(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    n = x.shape[axis]
    return flip(narrow(x, axis, 1, before), axis), flip(narrow(x, axis, n - 1 - after, after), axis)


def replicated(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    def spread(edge: Tensor, n: int) -> Tensor:
        return edge.expand((*edge.shape[:axis], n, *edge.shape[axis + 1 :]))

    return spread(narrow(x, axis, 0, 1), before), spread(
        narrow(x, axis, x.shape[axis] - 1, 1), after
    )


def wrapped(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    return narrow(x, axis, x.shape[axis] - before, before), narrow(x, axis, 0, after)


CONTINUED = {"reflect": reflected, "replicate": replicated, "circular": wrapped}
