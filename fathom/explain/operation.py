"""`explain(fathom.softmax)`, `explain("exp")`: what one operation is, on a small example of its own (example.py)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from fathom import nn
from fathom.autograd.gradients import grad
from fathom.core import tape
from fathom.core.base import TensorBase
from fathom.core.primitive import Primitive
from fathom.core.random import default_generator
from fathom.core.trees import flatten
from fathom.explain.book import places_in_the_book
from fathom.explain.build import build
from fathom.explain.example import ROOMS, Arguments, arguments_of, house, public_names, session
from fathom.explain.figures import figures, sizes
from fathom.explain.graph import Names
from fathom.explain.parts import Explanation, Group, Value
from fathom.explain.record import Record, recorded
from fathom.explain.source import definition
from fathom.tensors import Tensor

SEED = 0  # of examples that draw random numbers
TRIED = 8  # elements of a result that are looked at for a gradient that shows something


def explain_operation(subject: str | Callable) -> Explanation:
    """Formula, code, derivative and a worked example of an operation, by itself or by name.

    Raises ValueError for a name that no operation has.
    """
    f = named(subject.removesuffix("_")) if isinstance(subject, str) else subject
    if isinstance(f, type) and issubclass(f, Primitive):
        f = function_of(f)
    f = inspect.unwrap(f)
    if f.__name__.endswith("_"):  # relu_ is relu, written back
        return explain_operation(f.__name__)
    doc = inspect.getdoc(f) or ""
    title = getattr(f, "__name__", type(f).__name__)
    arguments = arguments_of(f, doc)
    explanation, y, drawn = Explanation(title, "", Group(title, "", ""), [], [], []), None, False
    if arguments is not None:
        y, record, drawn = run(f, arguments)
        tensors = [x for x in flatten(y)[0] if isinstance(x, TensorBase)]
        if tensors:
            names = names_of(f, *arguments)
            explanation = built(title, *telling(tensors, arguments), record, names)
            explanation.shapes = shapes(f, arguments, tensors)
            if not explanation.values:  # it was made from nothing that is a tensor
                explanation.values = [Value(0, title, "result", figures(tensors[0].array))]
    explanation.about, *explanation.details = paragraphs(doc)
    found = re.search(r"\$([^$]+=[^$]+)\$", doc)
    explanation.formula = found[1] if found else None
    explanation.definition = definition(f)
    explanation.session = session(f, arguments, y, doc)
    if drawn and explanation.session:
        explanation.session = f">>> _ = fathom.manual_seed({SEED})\n{explanation.session}"
    explanation.uses = places_in_the_book(*names_in_the_book(f))
    return explanation


def names_in_the_book(f: Callable) -> list[str]:
    """All names by which the book may use f: relu and nn.functional.relu; nn.Linear of a class of layers."""
    if isinstance(f, type):
        return [f"nn.{f.__name__}"] if getattr(nn, f.__name__, None) is f else []
    names = public_names().get(f, [])
    last = [name.split(".")[-1] for name in names]
    return [*last, *(f"nn.functional.{name}" for name in last), *names]


def run(f: Callable, arguments: Arguments) -> tuple[Any, Record, bool]:
    """f's answer, what it did, and whether it drew random numbers; those of an example are its own."""
    args, options = arguments
    state = default_generator.get_state()
    default_generator.manual_seed(SEED)
    try:
        with tape.grad_mode(True):
            y, record = recorded(f, *args, **options)
        return y, record, default_generator.offset > 0
    finally:
        default_generator.set_state(state)


def named(name: str) -> Callable:
    """The operation of this name: a public function, "softmax" or "linalg.qr", or a primitive."""
    room, _, last = name.removeprefix("fathom.").rpartition(".")
    rooms = [room] if room in ROOMS[1:] else ROOMS
    for place in (*map(house, rooms), Tensor):
        found = getattr(place, last, None)
        if inspect.isroutine(found) and not last.startswith("_"):
            return found
    for kind in primitives():
        if kind.__name__ == last:
            return kind
    raise ValueError(
        f"explain: no operation is called {name!r}; use PyTorch's name, such as 'softmax' or 'conv2d'"
    )


def primitives() -> list[type[Primitive]]:
    """Every primitive there is."""
    found, waiting = [], [Primitive]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting += kinds
        found += kinds
    return found


def function_of(kind: type[Primitive]) -> Callable:
    """The public function that a primitive is for: exp for Exp."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
    found = getattr(house("nn.functional"), snake, None) or getattr(Tensor, snake, None)
    if found is None:
        raise ValueError(
            f"explain: {kind.__name__} is applied by other operations and has no function of its own;"
            " explain one of them"
        )
    return found


def built(title: str, y: Tensor, element: int, record: Record, names: Names) -> Explanation:
    """The explanation; forward only, where a derivative has no rule."""
    names.pop(id(y), None)  # it gave back its input: here it is the result
    several = y.tracked and y.numel() > 1
    try:
        g = one_at(y, element) if several else None
        explanation = build(title, [y], record, names, None, g)
    except NotImplementedError as error:
        explanation = build(title, [y], record, names, None, None, backward=False)
        explanation.seed = f"There is no backward pass: {error}."
        return explanation
    if several:
        at = ", ".join(str(k) for k in np.unravel_index(element, tuple(y.shape)))
        where = "the first element" if element == 0 else f"element [{at}]"
        explanation.seed = (
            f"The backward pass begins with 1 at {where} of the result, and 0 elsewhere."
        )
    return explanation


def telling(results: list[Tensor], arguments: Arguments) -> tuple[Tensor, int]:
    """The result, and the element of it, with which to begin: the first whose gradient is not 0 everywhere.

    One element alone is looked at, because the sum of a softmax, say, never changes.
    """
    inputs = [x for x in flatten(arguments)[0] if isinstance(x, TensorBase) and x.tracked]
    for y in (y for y in results if y.tracked and inputs):
        for element in range(min(y.numel(), TRIED)):
            try:
                gradients = grad(
                    y, inputs, one_at(y, element), retain_graph=True, allow_unused=True
                )
            except NotImplementedError:  # it has no derivative, which the explanation will say
                return results[0], 0
            if any(g is not None and bool((g != 0).any()) for g in gradients):
                return y, element
    return results[0], 0


def one_at(y: Tensor, element: int) -> Tensor:
    """1 at one element, counted in row-major order, and 0 elsewhere, in the shape of y."""
    g = y.new_zeros(y.shape)
    g.array.flat[element] = 1
    return g


def names_of(f: Callable, args: list, kwargs: dict) -> Names:
    parameters = list(inspect.signature(f).parameters)
    named = {**dict(zip(parameters, args)), **kwargs}
    return {id(x): (name, "input") for name, x in named.items() if isinstance(x, TensorBase)}


def shapes(f: Callable, arguments: Arguments, results: list[Tensor]) -> str:
    """The shapes in the example: input 1 × 1 × 4 × 4, weight 2 × 1 × 3 × 3 → 1 × 2 × 2 × 2."""
    parameters = list(inspect.signature(f).parameters)
    args, options = arguments
    given = {**dict(zip(parameters, args)), **options}
    read = [f"{name} {sizes(x.shape)}" for name, x in given.items() if isinstance(x, TensorBase)]
    return f"{', '.join(read)} → {', '.join(sizes(y.shape) for y in results)}".strip()


def paragraphs(doc: str) -> list[str]:
    """A docstring without its examples: what it is, then the rest; at least one, if empty."""
    words = [part for part in doc.split("\n\n") if ">>>" not in part]
    return [
        part if part.startswith(" ") or "\n " in part else part.replace("\n", " ") for part in words
    ] or [""]
