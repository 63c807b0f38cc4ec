"""Gradients of tensors: `backward` adds them to the leaves, `grad` returns them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fathom.autograd.modes import no_grad
from fathom.core import inplace, tape
from fathom.core.base import is_plain, is_tensor, new
from fathom.core.errors import ShapeError

if TYPE_CHECKING:
    from fathom.tensors import Tensor

_handles = itertools.count()


class RemovableHandle:
    """What registering a hook returns: `remove()` takes it away again."""

    def __init__(self, hooks: dict, hook: Callable):
        self.hooks, self.id = hooks, next(_handles)
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def first_gradient(y: Tensor, gradient: Tensor | None) -> Tensor:
    """The gradient that the sweep starts with: 1 for a scalar, else what the caller gives."""
    if not y.requires_grad:
        raise RuntimeError(
            "element 0 of tensors does not require grad and does not have a grad_fn: nothing that it was"
            " computed from has requires_grad=True, or it was computed inside no_grad()"
        )
    if gradient is None:
        if y.numel() != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs, got shape {tuple(y.shape)};"
                " reduce it with .sum() or .mean(), or pass gradient="
            )
        return y.detach().new_ones(y.shape)
    if not is_tensor(gradient):
        raise TypeError(f"gradient must be a tensor, got {type(gradient).__name__}")
    if gradient.shape != y.shape:
        raise ShapeError(
            f"Mismatch in shape: gradient has {tuple(gradient.shape)}, the output has {tuple(y.shape)}"
        )
    return gradient


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Sequence[Tensor] | None = None,
) -> None:
    """Add to `.grad` of every leaf (or of `inputs`) the gradient of the tensors."""
    ys = [tensors] if is_tensor(tensors) else list(tensors)
    gs = (
        [grad_tensors] * len(ys)
        if grad_tensors is None or is_tensor(grad_tensors)
        else list(grad_tensors)
    )
    starts = [(tape.edge(y), first_gradient(y, g)) for y, g in zip(ys, gs, strict=True)]
    kept = None if inputs is None else {tape.edge(x): x for x in inputs}
    retain = create_graph if retain_graph is None else retain_graph
    arrived = tape.sweep(starts, kept, create_graph, retain)
    given = {id(g.array) for _, g in starts}
    for at, g in arrived.items():
        leaf = at if kept is None else kept.get(at)
        if is_tensor(leaf) and leaf.tracked:
            accumulate(leaf, g, create_graph, given)
            for hook in list((leaf.after_hooks or {}).values()):
                hook(leaf)


def accumulate(leaf: Tensor, g: Tensor, create_graph: bool, given: set[int]) -> None:
    """leaf.grad += g, in place where that is the leaf's own memory."""
    if create_graph:
        leaf.grad = g.clone() if leaf.grad is None else leaf.grad + g
    elif leaf.grad is None:
        shared = (
            not is_plain(g)
            or g.array.base is not None
            or id(g.array) in given
            or not g.array.flags.c_contiguous
        )
        leaf.grad = g.detach().clone() if shared else new(g.array)
        given.add(id(g.array))
    else:
        with no_grad():
            inplace.assign(leaf.grad, leaf.grad.detach() + g.detach())


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """The gradients of the outputs (summed) with respect to the inputs, without touching `.grad`.

    >>> x = fathom.tensor(3., requires_grad=True)
    >>> fathom.autograd.grad(x ** 2, x)
    (tensor(6.),)
    """
    ys = [outputs] if is_tensor(outputs) else list(outputs)
    xs = [inputs] if is_tensor(inputs) else list(inputs)
    gs = (
        [grad_outputs] * len(ys)
        if grad_outputs is None or is_tensor(grad_outputs)
        else list(grad_outputs)
    )
    for k, x in enumerate(xs):
        if not x.requires_grad:
            raise RuntimeError(
                f"One of the differentiated Tensors does not require grad: input {k}, shape {tuple(x.shape)}"
            )
    edges = [tape.edge(x) for x in xs]
    starts = [(tape.edge(y), first_gradient(y, g)) for y, g in zip(ys, gs, strict=True)]
    retain = create_graph if retain_graph is None else retain_graph
    arrived = tape.sweep(starts, edges, create_graph, retain)
    if materialize_grads:
        return tuple(
            arrived[e] if e in arrived else x.new_zeros(x.shape)
            for e, x in zip(edges, xs, strict=True)
        )
    found = tuple(arrived.get(e) for e in edges)
    if not allow_unused and any(g is None for g in found):
        unused = [k for k, g in enumerate(found) if g is None]
        raise RuntimeError(
            f"One of the differentiated Tensors appears to not have been used in the graph: input(s) {unused}."
            " Set allow_unused=True if this is the desired behavior"
        )
    return found  # type: ignore[return-value]
