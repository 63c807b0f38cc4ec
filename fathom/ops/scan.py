r"""Loops over time: a state that the same body changes at every step, as one operation.

Letters: T steps, S the shape of the state, s the state, x what a step reads of the sequences, w what every
step reads, g the gradient that arrives at the states, a the whole gradient of a state.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core.body import Body, traced
from fathom.core.derived import mapped, parted, pulled, pushed
from fathom.core.primitive import Primitive, tangent_or_zero

if TYPE_CHECKING:
    from fathom.core.body import Memo
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class Scan(Primitive):
    r"""All states of a loop: $y_0 = s$, $y_{t+1} = \mathrm{body}(y_t, x_t, w)$.

    s S, each of `sequences` x (T, ...), each w of any shape -> (T + 1, *S), T being `length`. With `reverse`
    time runs backwards: $y_T = s$, $y_t = \mathrm{body}(y_{t+1}, x_t, w)$.
    """

    body: Body
    length: int
    sequences: int
    reverse: bool = False

    @property
    def differentiable(self) -> bool:  # type: ignore[override]
        return self.body.inputs[0].dtype.kind in ("float", "complex")

    def shape(self, init, *rest):
        return (self.length + 1, *init)

    def eager(self, xp, init, *rest):
        run = self.body.runner(xp)
        sequences, constants = rest[: self.sequences], rest[self.sequences :]
        y = xp.empty((self.length + 1, *init.shape), init.dtype)
        y[self.length if self.reverse else 0] = state = init
        for step in range(self.length):
            t = self.length - 1 - step if self.reverse else step
            (state,) = run(state, *[x[t] for x in sequences], *constants)
            y[t if self.reverse else t + 1] = state
        return y

    def ends(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """The states that the steps start from (T, *S), and those that they lead to."""
        return (y[1:], y[:-1]) if self.reverse else (y[:-1], y[1:])

    def vjp(self, wanted, g, y, init, *rest):
        # A state is read by the next step, so the gradients of the states are a loop the other way:
        # a = g + (d body / d s)^T a. Those of x and w follow for all steps at once.
        xs, constants = rest[: self.sequences], rest[self.sequences :]
        starts, _ = self.ends(y)
        last = g[0] if self.reverse else g[-1]
        arriving, _ = self.ends(g)
        memo: Memo = {}
        a = scanned(
            adjoint(self.body), self.length, not self.reverse,
            last, [arriving, starts, *xs], constants, memo,
        )  # fmt: skip
        first = a[-1] if self.reverse else a[0]
        if not any(wanted[1:]):
            return [first, *[None] * len(rest)]
        every = mapped(self.body, self.length, self.batched())
        slopes = pulled(every, (False, *map(bool, wanted[1:])))
        found = iter(slopes.replay([starts, *xs, *constants, self.ends(a)[1]], memo))
        return [first if wanted[0] else None, *[next(found) if w else None for w in wanted[1:]]]

    def jvp(self, dxs, y, init, *rest):
        n = self.sequences
        varied = tuple(dx is not None for dx in dxs[1:])
        given = [dx for dx in dxs[1 : n + 1] if dx is not None]
        fixed = [dx for dx in dxs[n + 1 :] if dx is not None]
        return scanned(
            tangent(self.body, n, varied), self.length, self.reverse,
            tangent_or_zero(dxs[0], init), [self.ends(y)[0], *rest[:n], *given], [*rest[n:], *fixed],
        )  # fmt: skip

    def batch(self, size, batched, init, *rest):
        init = init if batched[0] else init.expand((size, *init.shape))
        rest = [
            x.movedim(0, 1) if b and k < self.sequences else x
            for k, (x, b) in enumerate(zip(rest, batched[1:], strict=True))
        ]
        body = mapped(self.body, size, (True, *map(bool, batched[1:])))
        return Scan(body, self.length, self.sequences, self.reverse)(init, *rest).movedim(1, 0)

    def batched(self) -> tuple[bool, ...]:
        """Which inputs of the body change from step to step: the state and the sequences."""
        return tuple(k <= self.sequences for k in range(len(self.body.inputs)))

    def __str__(self) -> str:
        way = ", reverse=True" if self.reverse else ""
        return f"Scan(length={self.length}{way})"


@functools.lru_cache(512)
def adjoint(body: Body) -> Body:
    """(a, g, s, x..., w...) -> g + (d body / d s)^T a."""
    state = body.inputs[0]
    slope = pulled(body, (True, *[False] * (len(body.inputs) - 1)))

    def back(a: Tensor, g: Tensor, *inputs: Tensor) -> list[Tensor]:
        return [g + slope.replay([*inputs, a])[0]]

    return traced(back, state, state, *body.inputs)


@functools.lru_cache(512)
def tangent(body: Body, sequences: int, varied: tuple[bool, ...]) -> Body:
    """(ds, s, x..., dx..., w..., dw...) -> the tangent of the next state; dx and dw where `varied` says."""
    push = pushed(body, (True, *varied))
    xs, constants = body.inputs[1 : sequences + 1], body.inputs[sequences + 1 :]
    dxs = [form for form, v in zip(xs, varied[:sequences], strict=True) if v]
    dconstants = [form for form, v in zip(constants, varied[sequences:], strict=True) if v]

    def ahead(ds: Tensor, *inputs: Tensor) -> list[Tensor]:
        stepwise = 1 + len(xs)
        own, moved = inputs[:stepwise], inputs[stepwise : stepwise + len(dxs)]
        rest = inputs[stepwise + len(dxs) :]
        return push.replay([*own, *rest[: len(constants)], ds, *moved, *rest[len(constants) :]])

    return traced(
        ahead, body.inputs[0], *body.inputs[: sequences + 1], *dxs, *constants, *dconstants
    )


def scanned(
    body: Body,
    length: int,
    reverse: bool,
    init: Tensor,
    xs: Sequence[Tensor],
    constants: Sequence[Tensor],
    memo: Memo | None = None,
) -> Tensor:
    """All states (T + 1, *S). What does not depend on the state is computed outside the loop, for all steps at once."""
    parts = parted(body, len(xs))
    batched = tuple(k < len(xs) for k in range(len(xs) + len(constants)))
    each = mapped(parts.each, length, batched).replay([*xs, *constants], memo)
    once = parts.once.replay(constants, memo)
    return Scan(parts.loop, length, len(each), reverse)(init, *each, *once)
