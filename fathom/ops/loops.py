"""`scan`: a Python function of one step becomes a loop over all steps, which is one operation (ops/scan.py).

Letters: T steps.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from fathom.core.base import is_tensor, levels, new
from fathom.core.body import Body, body_of
from fathom.core.derived import mapped
from fathom.core.errors import ShapeError
from fathom.core.tracing import Closure, Symbol
from fathom.core.trees import flatten, unflatten
from fathom.ops.scan import scanned
from fathom.ops.shaping import cat, split, stack

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Shape = tuple[int, ...]


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    r"""Loop over dim 0 of xs: `state, y = f(state, x)` at each step -> (the last state, all y stacked along dim 0).

    `init`, `xs` and y are tensors, or nested in tuples, lists and dicts; with `length` steps xs may be None. The
    state keeps its shapes and its one dtype. With `reverse` the last x comes first; the y stand where their x do.

    f is run once, on tensors that have shapes and no values: it must not look at a value (`if h > 0`), nor write
    to a tensor that it is not given. Random numbers that it draws are the same at every step. Gradients flow to
    init, to xs and to the tensors that f closes over. An `autograd.Function` inside f is refused while gradients
    are recorded: its backward would not be seen.

    The loop is one operation, and its gradient another, whatever the number of steps. What does not depend on the
    state is computed for all steps at once.

    >>> def add(total, x):
    ...     return total + x, total
    >>> fathom.scan(add, fathom.tensor(0.), fathom.tensor([1., 2., 3.]))
    (tensor(6.), tensor([0., 1., 3.]))
    """
    states, _ = flatten(init)
    leaves, _ = flatten(xs)
    check_state(states)
    steps = steps_of([x for x in leaves if is_tensor(x)], length)
    run = one_by_one if way.written_out and steps else at_once
    return run(f, init, xs, steps, reverse)


def one_by_one(f: Callable, init: Any, xs: Any, steps: int, reverse: bool) -> tuple[Any, Any]:
    """What `scan` means."""
    leaves, rows = flatten(xs)
    state, told = init, []
    for t in sorted(range(steps), reverse=reverse):
        x = unflatten(rows, [x[t] if is_tensor(x) else x for x in leaves])
        state, y = f(state, x)
        told.append(flatten(y))
    structure = told[0][1]
    by_leaf = zip(*[ys for ys, _ in (told[::-1] if reverse else told)], strict=True)
    stacked = [stack(ys) if is_tensor(ys[0]) else ys[0] for ys in by_leaf]
    return state, unflatten(structure, stacked)


def at_once(f: Callable, init: Any, xs: Any, steps: int, reverse: bool) -> tuple[Any, Any]:
    """The same, with one operation for the states, and each y computed from them for all steps at once."""
    step = follow(f, init, xs)
    states, nest = flatten(init)
    sequences = [x for x in flatten(xs)[0] if is_tensor(x)]
    shapes = [tuple(s.shape) for s in states]
    y = scanned(step.body, steps, reverse, packed(states), sequences, step.met)
    starts, ends = (y[1:], y[:-1]) if reverse else (y[:-1], y[1:])
    stepwise = [starts, *unpacked(ends, shapes), *sequences]
    many = tuple(k < len(stepwise) for k in range(len(stepwise) + len(step.met)))
    results = iter(mapped(step.told, steps, many).replay([*stepwise, *step.met]))
    stacked = [next(results) if isinstance(y, Symbol) else y for y in step.results]
    last = unpacked(y[0] if reverse else y[-1], shapes)
    return unflatten(nest, last), unflatten(step.structure, stacked)


class Way(threading.local):
    """How this thread runs a scan, and whether it is following the function of one step just now."""

    written_out = False
    following = False


way = Way()


class written_out:
    """Inside a `with` block, `scan` is the Python loop that it stands for: for those who watch each operation.

    >>> from fathom.core.watch import watching
    >>> from fathom.ops.loops import written_out
    >>> names = []
    >>> with written_out(), watching(lambda primitive, inputs, y: names.append(type(primitive).__name__)):
    ...     _ = fathom.scan(lambda h, _: (h.exp(), None), fathom.tensor(0.), length=3)
    >>> names
    ['Exp', 'Exp', 'Exp']
    """

    def __enter__(self) -> None:
        self.before, way.written_out = way.written_out, True

    def __exit__(self, *_: object) -> None:
        way.written_out = self.before


@dataclass(frozen=True)
class Followed:
    """A function of one step, followed once on symbols."""

    body: Body  # (state, x..., met...) -> the next state, both packed
    told: Body  # (state, parts of the next state..., x..., met...) -> every tensor in y
    met: list[Tensor]  # the tensors that the function closes over
    results: list[Any]  # the leaves of y, symbols in the place of tensors
    structure: Any  # how they are nested


def follow(f: Callable, init: Any, xs: Any) -> Followed:
    """Run f once, on a state like init and one element of xs."""
    graph = Closure(next(levels))
    before, way.following = way.following, True
    try:
        followed = written_down(graph, f, init, xs)
    finally:
        way.following = before
        outside = given_back(graph)
    if outside:
        raise RuntimeError(
            "scan: f wrote in place to a tensor outside of it; make that tensor a part of the state"
        )
    return followed


def written_down(graph: Closure, f: Callable, init: Any, xs: Any) -> Followed:
    """What f does, traced into the graph."""
    states, nest = flatten(init)
    leaves, rows = flatten(xs)
    start = packed(states)
    state = graph.symbol(start.shape, start.array.dtype)
    leaves = [graph.symbol(x.shape[1:], x.array.dtype) if is_tensor(x) else x for x in leaves]
    given = [state, *[x for x in leaves if isinstance(x, Symbol)]]
    x = unflatten(rows, [new(x) if isinstance(x, Symbol) else x for x in leaves])
    parts = unpacked(new(state), [tuple(s.shape) for s in states])
    result = f(unflatten(nest, parts), x)
    if not (isinstance(result, tuple) and len(result) == 2):
        raise TypeError(f"scan: f must return (state, y), got {type(result).__name__}")
    after, nest_after = flatten(result[0])
    check_next(states, nest, after, nest_after)
    results, structure = flatten(result[1])
    reached = [graph.symbol_of(s) for s in after]
    whole = graph.symbol_of(packed(after))
    results = [graph.symbol_of(y) if is_tensor(y) else y for y in results]
    met = [constant for constant, _ in graph.constants]
    body = body_of(graph, [*given, *met], [whole])
    read = [y for y in results if isinstance(y, Symbol)]
    told = body_of(graph, [state, *reached, *given[1:], *met], read)
    return Followed(body, told, graph.tensors, results, structure)


def given_back(graph: Closure) -> bool:
    """Let the tensors that f wrote to be what they were; whether one of them lives on, which is not f's own."""
    if not graph.adopted:
        return False
    gc.collect()
    alive = [(reference(), *was) for reference, *was in graph.adopted]
    graph.adopted.clear()
    for x, array, tracked, node in alive:
        if x is not None:
            x.array, x.tracked, x.node = array, tracked, node
    return any(x is not None for x, *_ in alive)


def packed(states: Sequence[Tensor]) -> Tensor:
    """Several tensors as one: stacked if their shapes are equal, else one row after the other."""
    if len(states) == 1:
        return states[0]
    if len({tuple(s.shape) for s in states}) == 1:
        return stack(states)
    return cat([s.reshape(-1) for s in states])


def unpacked(x: Tensor, shapes: Sequence[Shape]) -> list[Tensor]:
    """What was packed, of these shapes; x may have dims in front."""
    if len(shapes) == 1:
        return [x]
    if len(set(shapes)) == 1:
        in_front = (slice(None),) * (x.ndim - len(shapes[0]) - 1)
        return [x[(*in_front, k)] for k in range(len(shapes))]
    parts = split(x, [prod(shape) for shape in shapes], -1)
    return [p.reshape((*x.shape[:-1], *shape)) for p, shape in zip(parts, shapes, strict=True)]


def check_state(states: list) -> None:
    """Raise TypeError where the state is not made of tensors of one dtype."""
    others = [type(s).__name__ for s in states if not is_tensor(s)]
    if others or not states:
        raise TypeError(
            f"scan: the state must be made of tensors, got {', '.join(others) or 'none'}"
        )
    found = sorted({s.dtype.name for s in states})
    if len(found) > 1:
        raise TypeError(
            f"scan: the tensors of the state must have one dtype, got {' and '.join(found)};"
            " what only counts the steps can be one of the xs: fathom.arange(T)"
        )


def steps_of(sequences: Sequence[Tensor], length: int | None) -> int:
    """The number of steps."""
    if any(not x.ndim for x in sequences):
        raise ShapeError("scan: each of the xs needs a dim 0 to loop over, got one of shape ()")
    if length is not None and length < 0:
        raise ValueError(f"scan: length must be 0 or more, got {length}")
    found = {x.shape[0] for x in sequences} | ({length} if length is not None else set())
    if not found:
        raise ValueError("scan: with no xs, say how many steps: scan(f, init, length=10)")
    if len(found) > 1:
        sizes = ", ".join(str(x.shape[0]) for x in sequences)
        given = f", length={length}" if length is not None else ""
        raise ShapeError(f"scan: the xs must have one size along dim 0, got {sizes}{given}")
    return found.pop()


def check_next(states: list, nest: Any, after: list, nest_after: Any) -> None:
    """Raise where f's next state is not like the state."""
    if nest != nest_after:
        raise TypeError(
            f"scan: f must return the state nested as it is given: {len(states)} tensors, got {len(after)}"
        )
    for k, (s, t) in enumerate(zip(states, after, strict=True)):
        if not is_tensor(t):
            raise TypeError(f"scan: tensor {k} of the state comes back as {type(t).__name__}")
        if (s.shape, s.dtype) != (t.shape, t.dtype):
            raise ShapeError(
                f"scan: f must keep the state's shapes and dtypes: tensor {k} of it is {tuple(s.shape)}"
                f" {s.dtype.name}, and comes back as {tuple(t.shape)} {t.dtype.name}"
            )
