"""Reverse mode on functions: `vjp`, `grad`. They use the tape: an input is an alias that is tracked.

An alias is a node of its own, so nested transforms never mix up whose input it is. What comes out is
tracked only if something outside the function is: an input, or a tensor that the function closes over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fathom.core import tape
from fathom.core.base import TensorBase, is_plain
from fathom.core.trees import flatten, map_tensors, unflatten
from fathom.ops.movement import Alias

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def tracked_alias(x: Tensor) -> Tensor:
    """x under another name, tracked whether x is or not, in any grad mode."""
    if not isinstance(x, TensorBase) or x.dtype.kind not in ("float", "complex"):
        found = getattr(x, "dtype", type(x).__name__)
        raise RuntimeError(
            f"expected a tensor of floating-point or complex dtype to differentiate by, got {found}"
        )
    y = Alias()(x)  # inside a wrapper this is recorded for those outside
    y.origin, y.version = None, [0]
    y.tracked, y.node = True, tape.Node(Alias(), (x,), y)
    return y


def escapes(ys: list, inputs: list) -> bool:
    """Whether the graph of ys reaches a tracked tensor other than the inputs."""
    own = {x.node for x in inputs}
    stack = [edge for x in inputs for edge in (*x.node.parents, *edges_inside(x))]
    for y in ys:
        if isinstance(y, TensorBase):
            stack += [y.node or y, *edges_inside(y)] if y.tracked else edges_inside(y)
    seen = {None}
    while stack:
        at = stack.pop()
        if at in seen or at in own:
            continue
        seen.add(at)
        if not isinstance(at, tape.Node) or all(p is None for p in at.parents):
            return True  # a leaf, or the input of another transform
        stack += at.parents
        stack += [edge for x in at.inputs or () for edge in edges_inside(x)]
    return False


def edges_inside(x: Tensor) -> list:
    """The edges of the tracked values that transforms around this one have wrapped into x."""
    if is_plain(x):
        return []
    held = [y for y in (x.array.inner(), getattr(x.array, "tangent", None)) if y is not None]
    return [edge for y in held for edge in ([y.node or y] if y.tracked else []) + edges_inside(y)]


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    r"""(f(x), pullback): the value, and the function that maps g to $J(x)^T g$.

    >>> y, pullback = fathom.func.vjp(lambda x: x ** 2, fathom.tensor([1., 2.]))
    >>> pullback(fathom.tensor([1., 1.]))
    (tensor([2., 4.]),)
    """
    xs, structure = flatten(primals)
    inputs = [tracked_alias(x) for x in xs]
    with tape.grad_mode(True):
        result = func(*unflatten(structure, inputs))
    result, aux = result if has_aux else (result, None)
    ys, out = flatten(result)
    outside = tape.mode.enabled and escapes(ys, inputs)

    def pullback(*cotangents: Any) -> tuple:
        gs, _ = flatten(cotangents[0] if len(cotangents) == 1 else cotangents)
        for y, g in zip(ys, gs, strict=True):
            if y.shape != g.shape:
                raise RuntimeError(
                    f"vjp: a cotangent has shape {tuple(g.shape)}, its output {tuple(y.shape)}"
                )
        starts = [(y.node or y, g) for y, g in zip(ys, gs, strict=True) if y.tracked]
        again = outside or (tape.mode.enabled and any(g.requires_grad for g in gs))
        arrived = tape.sweep(starts, [x.node for x in inputs], again, True)
        found = [arrived[x.node] if x.node in arrived else x.new_zeros(x.shape) for x in inputs]
        return unflatten(structure, found)

    def released(x: Any) -> Any:
        return x if outside or not isinstance(x, TensorBase) else x.detach()

    value = unflatten(out, [released(y) for y in ys])
    return (value, pullback, map_tensors(released, aux)) if has_aux else (value, pullback)


def of_chosen(
    func: Callable, argnums: int | tuple[int, ...], args: tuple, kwargs: dict
) -> tuple[Callable, tuple]:
    """func as a function of the arguments `argnums` alone, and those arguments."""
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def f(*xs: Any) -> Any:
        full = list(args)
        for at, x in zip(chosen, xs, strict=True):
            full[at] = x
        return func(*full, **kwargs)

    return f, tuple(args[at] for at in chosen)


def grad_and_value(
    func: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable:
    """The function that gives (gradient, value) of a scalar function; with has_aux (gradient, (value, aux))."""

    def gradient(*args: Any, **kwargs: Any) -> tuple:
        f, xs = of_chosen(func, argnums, args, kwargs)
        y, pullback, *aux = vjp(f, *xs, has_aux=has_aux)
        if not isinstance(y, TensorBase) or y.numel() != 1:
            shape = tuple(y.shape) if isinstance(y, TensorBase) else type(y).__name__
            raise RuntimeError(
                f"grad: expected the function to return a scalar tensor, got {shape}"
            )
        g = pullback(y.new_ones(y.shape))
        g = g[0] if isinstance(argnums, int) else g
        return g, (y, aux[0]) if has_aux else y

    return gradient


def grad(func: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """The function that gives the gradient of a scalar function with respect to argument `argnums`.

    >>> fathom.func.grad(fathom.sin)(fathom.tensor(0.))
    tensor(1.)
    """
    both = grad_and_value(func, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        g, value = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient
