"""Part of a computation as one operation, of which nothing is kept: its gradient computes the part again.

T. Chen, B. Xu, C. Zhang, C. Guestrin, *Training Deep Nets with Sublinear Memory Cost* (2016),
https://arxiv.org/abs/1604.06174.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.core.base import levels, new
from fathom.core.body import Body, body_of
from fathom.core.derived import mapped, pulled, pushed
from fathom.core.primitive import Primitive
from fathom.core.tracing import Closure
from fathom.ops.loops import given_back, way

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class Recomputed(Primitive):
    """y = body(x, ...): what is computed on the way is gone afterwards, and computed again for the gradient."""

    body: Body

    @property
    def differentiable(self) -> bool:  # type: ignore[override]
        return self.body.forms[self.body.outputs[0]].dtype.kind in ("float", "complex")

    def shape(self, *shapes):
        return self.body.forms[self.body.outputs[0]].shape

    def dtype(self, *dtypes):
        return self.body.forms[self.body.outputs[0]].dtype.numpy

    def eager(self, xp, *arrays):
        (y,) = self.body.runner(xp)(*arrays)
        return y

    def vjp(self, wanted, g, y, *xs):
        wanted = tuple(map(bool, wanted))
        found = iter(pulled(self.body, wanted).replay([*xs, g]))
        return [next(found) if w else None for w in wanted]

    def jvp(self, dxs, y, *xs):
        given = [dx for dx in dxs if dx is not None]
        varied = tuple(dx is not None for dx in dxs)
        return pushed(self.body, varied).replay([*xs, *given])[0] if given else None

    def batch(self, size, batched, *xs):
        return Recomputed(mapped(self.body, size, tuple(map(bool, batched))))(*xs)

    def __str__(self) -> str:
        return "Recomputed()"


def recomputed(f: Callable[..., Tensor], *xs: Tensor) -> Tensor:
    """f(*xs), of which only the result is kept until the gradient is wanted.

    f is run once, on tensors that have shapes and no values, as that of a `scan`: it must not look at a value, nor
    write to a tensor that it is not given. Gradients flow to xs and to the tensors that f closes over.

    >>> from fathom.ops.recompute import recomputed
    >>> x = fathom.tensor([1., 2.], requires_grad=True)
    >>> recomputed(lambda x: (x * x).exp(), x).sum().backward()
    >>> x.grad
    tensor([  5.4366, 218.3926])
    """
    if way.written_out:
        return f(*xs)
    graph = Closure(next(levels))
    before, way.following = way.following, True
    try:
        given = [graph.symbol(x.shape, x.array.dtype) for x in xs]
        y = graph.symbol_of(f(*map(new, given)))
    finally:
        way.following = before
        outside = given_back(graph)
    if outside:
        raise RuntimeError("recomputed: f wrote in place to a tensor outside of it")
    met = [constant for constant, _ in graph.constants]
    return Recomputed(body_of(graph, [*given, *met], [y]))(*xs, *graph.tensors)
