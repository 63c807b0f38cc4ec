"""Finding what went wrong: the operation that made the first NaN, and the way to a shape that does not fit.

with fathom.debug.nan():         raises at the first operation that makes a NaN or an infinity
    loss(net(x), t).backward()
with fathom.debug.shapes():      adds to an error what was computed up to it
    net(x)
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np

from fathom.core.primitive import Primitive
from fathom.core.tape import Node
from fathom.core.watch import watching
from fathom.explain import formulas
from fathom.explain.figures import figures, short, sizes
from fathom.explain.formulas import Operand
from fathom.explain.graph import is_uniform
from fathom.explain.parts import Place
from fathom.explain.plain import plain
from fathom.explain.source import Call, calls_above, paths_of
from fathom.ops.loops import written_out

LAST = 24  # operations that a note tells


class NonFiniteError(FloatingPointError):
    """An operation made a NaN or an infinity of finite numbers; the message says which, where, of what."""


class Watch:
    """A `with` block that looks at each operation."""

    def __enter__(self) -> Any:
        self.outside = sys._getframe(1).f_back  # the frame of the block itself is looked at
        self.loops = written_out()
        self.watching = watching(self.seen)
        self.loops.__enter__()
        self.watching.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.watching.__exit__(*error)
        self.loops.__exit__(*error)
        self.outside = None

    def seen(self, primitive: Primitive, inputs: tuple, y: Any) -> None:
        """Look at one operation."""
        raise NotImplementedError(f"{type(self).__name__} does not say what to look at")


class nan(Watch):
    """Raise NonFiniteError at the first operation, forward or backward, that makes a NaN or an infinity.

    An operation that is given one already, such as a mask of -inf, did not make it.

    >>> with fathom.debug.nan():
    ...     fathom.tensor([1., 0.]).log()
    Traceback (most recent call last):
    fathom.debug.NonFiniteError: Log made 1 infinite of 2 elements...
    """

    def __init__(self) -> None:
        self.places: dict[int, str] = {}  # where each node of the tape was made, by its order

    def seen(self, primitive: Primitive, inputs: tuple, y: Any) -> None:
        if not isinstance(y.array, np.ndarray):
            return
        frame = sys._getframe(2)
        where = place(frame)
        if y.tracked and y.node is not None:
            self.places[y.node.order] = where
        if y.array.dtype.kind not in "fc" or np.isfinite(y.array).all():
            return
        if any(
            isinstance(x.array, np.ndarray)
            and x.array.dtype.kind in "fc"
            and not np.isfinite(x.array).all()
            for x in inputs
        ):
            return
        node = pulling(frame)
        if node is not None:
            where = f"in the backward pass of {node.name}, applied {self.places.get(node.order, 'before')}"
        raise NonFiniteError(f"{made(primitive, y.array)}\n  {where}\n{told(primitive, inputs)}")


class shapes(Watch):
    """Add to an error that is raised inside what was computed up to it, step by step with all shapes.

    >>> with fathom.debug.shapes():
    ...     fathom.ones(2, 3).exp() @ fathom.ones(4, 5)
    Traceback (most recent call last):
    fathom.core.errors.ShapeError: matmul: a (2, 3) and b (4, 5) do not fit: a's last size 3 must equal b's first size 4
    up to the error:
      exp  2 × 3 → 2 × 3...
    """

    def __init__(self) -> None:
        self.steps: list[list[str]] = []  # name, shapes read, shape made, where
        self.call: FrameType | None = None  # of the last step: what happens inside it is one step

    def seen(self, primitive: Primitive, inputs: tuple, y: Any) -> None:
        if primitive.is_view and all(is_uniform(x.array) for x in inputs):
            return  # a number, spread to the shape of what it meets
        calls, line = calls_above(sys._getframe(2), self.outside)
        modules = [(frame, call) for frame, call in calls if call.module is not None]
        frame, call = modules[-1] if modules else calls[0] if calls else (None, None)
        read = " and ".join(dict.fromkeys(sizes(tuple(x.shape)) for x in inputs))
        if frame is not None and frame is self.call:
            self.steps[-1][2] = sizes(tuple(y.shape))
            return
        self.call = frame
        name = type(primitive).__name__ if call is None else modules_of(calls) or call.name
        self.steps.append([name, read, sizes(tuple(y.shape)), said("", line)])

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        super().__exit__(kind, error, trace)
        self.call = None
        if isinstance(error, Exception):
            error.add_note(self.drawn())

    def drawn(self) -> str:
        """The steps, one below the other."""
        steps = self.steps[-LAST:]
        if not steps:
            return "up to the error: nothing was computed"
        rows = [(name, f"{read} → {made}", where) for name, read, made, where in steps]
        wide = max(len(name) for name, _, _ in rows), max(len(shapes) for _, shapes, _ in rows)
        lines = [
            f"  {name:<{wide[0]}}  {shapes:<{wide[1]}}  {at}".rstrip() for name, shapes, at in rows
        ]
        skipped = len(self.steps) - len(steps)
        head = (
            f"up to the error (after {skipped:,} steps before):" if skipped else "up to the error:"
        )
        return "\n".join([head, *lines])


# ---- in words --------------------------------------------------------------------------------------


def made(primitive: Primitive, array: np.ndarray) -> str:
    """How many elements of a result are not finite."""
    missing, endless = int(np.isnan(array).sum()), int(np.isinf(array).sum())
    found = " and ".join(
        f"{n:,} {word}" for n, word in ((missing, "NaN"), (endless, "infinite")) if n
    )
    return f"{type(primitive).__name__} made {found} of {array.size:,} element{'s' if array.size > 1 else ''}"


def told(primitive: Primitive, inputs: tuple) -> str:
    """The formula, and what each input was."""
    letters = formulas.letters(len(inputs))
    formula = formulas.forward(
        primitive, tuple(Operand(tuple(x.shape), x.array.dtype) for x in inputs)
    )
    lines = [f"  {plain(formula)}"] if formula else []
    for letter, x in zip(letters, inputs):
        f = figures(x.array)
        if f.low is not None and f.high is not None:
            lines.append(f"  {letter}: {sizes(f.shape)}, from {short(f.low)} to {short(f.high)}")
    return "\n".join(lines)


def place(frame: FrameType) -> str:
    calls, line = calls_above(frame, None)
    return said(modules_of(calls), line)


def modules_of(calls: list[tuple[FrameType, Call]]) -> str:
    """The path of the innermost module, from the outermost on."""
    modules = [call.module for _, call in calls if call.module is not None]
    if not modules:
        return ""
    path = paths_of(modules[0]).get(id(modules[-1]), "")
    return f"{path} {type(modules[-1]).__name__}".strip()


def said(module: str, line: Place | None) -> str:
    """in net.1 Linear, at model.py:12: y = self.net(x)"""
    parts = [f"in {module}"] if module else []
    if line is not None:
        parts.append(f"at {line.file}:{line.line}: {line.text}")
    return ", ".join(parts)


def pulling(frame: FrameType | None) -> Node | None:
    """The node whose gradients are being computed, if that is where we are."""
    while frame is not None:
        if frame.f_code is Node.pull.__code__:
            return frame.f_locals["self"]
        frame = frame.f_back
    return None
