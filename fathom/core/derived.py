"""Bodies made of bodies: one that works on many examples, one that pulls gradients back, one that pushes tangents.

Each reads its body as a transform reads a function (func/), and writes what it finds down as a body again. So
whatever holds for a body holds for its derivatives: they are differentiated, batched and compiled like it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core.body import Body, Form, part, traced

if TYPE_CHECKING:
    from fathom.tensors import Tensor

REMEMBERED = 512  # bodies of each sort


@functools.lru_cache(REMEMBERED)
def mapped(body: Body, size: int, batched: tuple[bool, ...]) -> Body:
    """The body on `size` examples at once, which stand along axis 0 of the batched inputs and of all outputs.

    What depends on no batched input is computed once.

    >>> from fathom.core.body import Form, traced
    >>> from fathom.core.derived import mapped
    >>> row = Form((3,), fathom.float32)
    >>> print(mapped(traced(lambda x, w: [x + w.exp()], row, row), 5, (True, False)))
    x0                           # (5, 3) float32
    x1                           # (3,) float32
    t0 = Exp() x1                # (3,) float32
    t1 = Reshape(to=(1, 3)) t0   # (1, 3) float32
    t2 = Expand(to=(5, 3)) t1    # (5, 3) float32
    t3 = Add() x0 t2             # (5, 3) float32
    return t3
    """
    forms = [
        Form((size, *form.shape), form.dtype) if b else form
        for form, b in zip(body.inputs, batched, strict=True)
    ]

    def on_all(*inputs: Tensor) -> list[Tensor]:
        known = [*inputs, *[literal.tensor() for literal in body.literals]]
        many = body.spread(batched)
        for primitive, at in body.steps:
            xs, flags = [known[k] for k in at], [many[k] for k in at]
            known.append(primitive.batch(size, flags, *xs) if any(flags) else primitive(*xs))
        return [
            known[k] if many[k] else known[k].expand((size, *known[k].shape)) for k in body.outputs
        ]

    return traced(on_all, *forms)


@functools.lru_cache(REMEMBERED)
def pulled(body: Body, wanted: tuple[bool, ...]) -> Body:
    """The gradients of the wanted inputs, J^T g: from the body's inputs and a gradient g of each output.

    >>> from fathom.core.body import Form, traced
    >>> from fathom.core.derived import pulled
    >>> row = Form((3,), fathom.float32)
    >>> print(pulled(traced(lambda a, b: [a * b.exp()], row, row), (True, True)))
    x0                 # (3,) float32
    x1                 # (3,) float32
    x2                 # (3,) float32
    t0 = Exp() x1      # (3,) float32
    t1 = Mul() x2 t0   # (3,) float32
    t2 = Mul() x2 x0   # (3,) float32
    t3 = Mul() t2 t0   # (3,) float32
    return t1, t3
    """
    count = len(body.inputs)

    def back(*inputs: Tensor) -> list[Tensor]:
        known = body.tensors(inputs[:count])
        varies = list(wanted) + [False] * len(body.literals)
        for primitive, at in body.steps:
            varies.append(primitive.differentiable and any(varies[k] for k in at))
        arrived: dict[int, Tensor] = {}

        def arrive(at: int, g: Tensor) -> None:
            if g.dtype.is_complex and not known[at].dtype.is_complex:
                g = g.real
            arrived[at] = arrived[at] + g if at in arrived else g

        for k, g in zip(body.outputs, inputs[count:], strict=True):
            arrive(k, g)
        for k in reversed(range(body.first, len(known))):
            if k in arrived and varies[k]:
                primitive, at = body.steps[k - body.first]
                flags = [varies[n] for n in at]
                xs = [known[n] for n in at]
                for n, flag, g in zip(
                    at, flags, primitive.vjp(flags, arrived.pop(k), known[k], *xs), strict=True
                ):
                    if flag and g is not None:
                        arrive(n, g)
        return [
            arrived.get(k, x.new_zeros(x.shape))
            for k, (x, w) in enumerate(zip(inputs, wanted))
            if w
        ]

    return traced(back, *body.inputs, *[body.forms[k] for k in body.outputs])


@functools.lru_cache(REMEMBERED)
def pushed(body: Body, varied: tuple[bool, ...]) -> Body:
    """The tangents of the outputs, J dx: from the body's inputs and a tangent of each that is varied.

    >>> from fathom.core.body import Form, traced
    >>> from fathom.core.derived import pushed
    >>> row = Form((3,), fathom.float32)
    >>> print(pushed(traced(lambda a, b: [a * b], row, row), (True, False)))
    x0                 # (3,) float32
    x1                 # (3,) float32
    x2                 # (3,) float32
    t0 = Mul() x2 x1   # (3,) float32
    return t0
    """
    count = len(body.inputs)

    def ahead(*inputs: Tensor) -> list[Tensor]:
        known = body.tensors(inputs[:count])
        given = iter(inputs[count:])
        tangents = [next(given) if v else None for v in varied] + [None] * len(body.literals)
        for k, (primitive, at) in enumerate(body.steps, body.first):
            dxs = [tangents[n] for n in at]
            still = all(dx is None for dx in dxs) or not primitive.differentiable
            xs = [known[n] for n in at]
            tangents.append(None if still else primitive.jvp(dxs, known[k], *xs))
        return [
            known[k].new_zeros(known[k].shape) if tangents[k] is None else tangents[k]
            for k in body.outputs
        ]

    forms = [form for form, v in zip(body.inputs, varied, strict=True) if v]
    return traced(ahead, *body.inputs, *forms)


@dataclass(frozen=True)
class Parted:
    """The body of a loop, (state, sequences..., constants...) -> state, cut at what depends on the state.

    each   (sequences..., constants...) -> what the loop reads at each step: computed for all steps at once
    once   (constants...) -> what it reads at every step
    loop   (state, results of `each`..., results of `once`...) -> state
    """

    each: Body
    once: Body
    loop: Body


@functools.lru_cache(REMEMBERED)
def parted(body: Body, sequences: int) -> Parted:
    """Take out of a loop what does not depend on its state."""
    count = len(body.inputs)
    changing = body.spread([True] + [False] * (count - 1))
    stepwise = body.spread([0 < k <= sequences for k in range(count)])
    read = [n for k, (_, at) in enumerate(body.steps, body.first) if changing[k] for n in at]
    literals = range(count, body.first)  # they stay where they are read
    border = [
        k for k in dict.fromkeys([*read, *body.outputs]) if not changing[k] and k not in literals
    ]
    each = [k for k in border if stepwise[k]]
    once = [k for k in border if not stepwise[k]]
    return Parted(
        part(body, range(1, count), each),
        part(body, range(1 + sequences, count), once),
        part(body, [0, *each, *once], body.outputs),
    )
