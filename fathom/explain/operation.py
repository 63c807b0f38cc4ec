"""`explain(fathom.softmax)`, `explain("exp")`: what one operation is, on a small example of its own.

The example is the one in its docstring, read, not executed: calls of fathom's functions on literal
numbers. Where there is none, it is the smallest of the cases that the operation is tested on, or a
few small numbers.
"""

from __future__ import annotations

import ast
import doctest
import inspect
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

import fathom.nn.functional as F
from fathom.core import tape
from fathom.core.base import TensorBase, new
from fathom.core.primitive import Primitive
from fathom.core.trees import flatten, unflatten
from fathom.explain.build import build
from fathom.explain.graph import Names
from fathom.explain.parts import Explanation, Group
from fathom.explain.record import Record, recorded
from fathom.explain.source import definition
from fathom.ops import creation
from fathom.tensors import Tensor
from fathom.testing.case import Draw

SAMPLES = ([0.5, -1.0, 2.0], [1.5, 0.75, -0.5], [0.25, 3.0, 1.0])
VARIED = (0.5, 1.0, 2.0, 1.5, 0.75, 3.0, 0.25, 1.25, 2.5)
MAKERS = {
    name: getattr(creation, name)
    for name in ("tensor", "ones", "zeros", "arange", "full", "eye", "linspace")
}


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
    arguments = example(f, doc) or tested(f) or samples(f)
    if arguments is not None and is_dull(arguments[0]):
        arguments = livened(arguments[0]), arguments[1]
    title = getattr(f, "__name__", type(f).__name__)
    explanation = Explanation(title, "", Group(title, "", ""), [], [], [])
    if arguments is not None:
        args, kwargs = arguments
        names = names_of(f, args, kwargs)
        with tape.grad_mode(True):
            y, record = recorded(f, *args, **kwargs)
        y = next((x for x in flatten(y)[0] if isinstance(x, TensorBase)), None)
        if y is not None:
            explanation = built(title, y, record, names)
    explanation.about = doc.split("\n\n")[0].replace("\n", " ")
    found = re.search(r"\$([^$]+=[^$]+)\$", doc)
    explanation.formula = found[1] if found else None
    explanation.definition = definition(f)
    return explanation


def named(name: str) -> Callable:
    """The operation of this name: a function of fathom or of nn.functional, or a primitive."""
    last = name.split(".")[-1]
    for place in (Tensor, F):
        found = getattr(place, last, None)
        if callable(found) and not last.startswith("_"):
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
    found = getattr(F, snake, None) or getattr(Tensor, snake, None)
    if found is None:
        raise ValueError(
            f"explain: {kind.__name__} is applied by other operations and has no function of its own;"
            " explain one of them"
        )
    return found


def built(title: str, y: Tensor, record: Record, names: Names) -> Explanation:
    """The explanation; forward only, where a derivative has no rule."""
    try:
        explanation = build(title, [y], record, names, None, first_element(y))
    except NotImplementedError as error:
        explanation = build(title, [y], record, names, None, None, backward=False)
        explanation.seed = f"There is no backward pass: {error}."
        return explanation
    if y.tracked and y.numel() > 1:
        explanation.seed = (
            "The backward pass begins with 1 at the first element of the result, and 0 elsewhere."
        )
    return explanation


def first_element(y: Tensor) -> Tensor | None:
    """A gradient that looks at the first element alone: the sum of a softmax, say, never changes."""
    if not y.tracked or y.numel() < 2:
        return None
    g = y.new_zeros(y.shape)
    g.array.flat[0] = 1
    return g


# ---- the example ---------------------------------------------------------------------------------


def is_dull(args: list) -> bool:
    """Whether each tensor repeats one number: a convolution of ones shows nothing."""
    several = [x.array for x in args if isinstance(x, TensorBase) and x.numel() > 1 and x.tracked]
    return bool(several) and all((x == x.flat[0]).all() for x in several)


def livened(args: list) -> list:
    """The same shapes, with numbers that differ."""
    return [
        own(creation.tensor(np.resize(np.array(VARIED, x.array.dtype), x.array.shape)))
        if isinstance(x, TensorBase) and x.tracked
        else x
        for x in args
    ]


def example(f: Callable, doc: str) -> tuple[list, dict] | None:
    """The arguments of the docstring's first call of f; None where it is more than literal numbers."""
    for shown in doctest.DocTestParser().get_examples(doc):
        try:
            tree = ast.parse(shown.source, mode="eval")
        except SyntaxError:  # a statement: it sets the stage for another call
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) == f.__name__:
                try:
                    args = [own(read(x)) for x in node.args]
                    if isinstance(node.func, ast.Attribute) and not dotted(
                        node.func.value
                    ).startswith("fathom"):
                        return None  # a method of a variable
                    return args, {k.arg: own(read(k.value)) for k in node.keywords if k.arg}
                except Unreadable:
                    break
    return None


class Unreadable(Exception):
    """An expression that is not made of numbers and of calls that make tensors."""


def read(node: ast.expr) -> Any:
    """The value of an expression of literals and of fathom.tensor(...) and the like."""
    if (
        isinstance(node, ast.Call)
        and dotted(node.func).startswith("fathom.")
        and called(node) in MAKERS
    ):
        arguments = [read(x) for x in node.args]
        return MAKERS[called(node)](
            *arguments, **{k.arg: read(k.value) for k in node.keywords if k.arg}
        )
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise Unreadable from error


def called(node: ast.Call) -> str:
    return dotted(node.func).split(".")[-1]


def dotted(node: ast.expr) -> str:
    """fathom.nn.functional for the expression of that name; empty for others."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def tested(f: Callable) -> tuple[list, dict] | None:
    """The arguments of the smallest case that f is tested on, rounded so that they can be read."""
    from fathom.testing.cases import CASES  # the whole table, which only this needs

    room = "nn.functional." if f.__module__.startswith("fathom.nn") else ""
    names = (
        [f"{room}{f.__name__}"]
        if room
        else [f.__name__, f"Tensor.{f.__name__}", f"linalg.{f.__name__}"]
    )
    found = [c for c in CASES if c.call is None and c.name in names and "float32" in c.dtypes]
    found = [c for c in found if all(math.prod(x.shape) for x in draws_of(c.args))]
    sized = sorted(
        found,
        key=lambda c: (size_of(c.args, "edges"), size_of(c.args, "") < 2, size_of(c.args, "")),
    )
    if not sized:
        return None
    args = [map_arrays(x) for x in sized[0].draws("float32")]
    return args, {name: map_arrays(x) for name, x in sized[0].options.items()}


def size_of(args: tuple, kind: str) -> int:
    """How many numbers a case draws, of one kind or of all."""
    return sum(math.prod(x.shape) for x in draws_of(args) if kind in ("", x.kind))


def draws_of(args: tuple) -> list[Draw]:
    return [x for x in flatten(args)[0] if isinstance(x, Draw)]


def map_arrays(x: Any) -> Any:
    """x with its arrays as tensors of our own, to two decimals."""
    leaves, structure = flatten(x)
    arrays = [
        np.asarray(np.round(v, 2))
        if isinstance(v, (np.ndarray, np.floating)) and v.dtype.kind == "f"
        else v
        for v in leaves
    ]
    made = [own(creation.tensor(v)) if isinstance(v, np.ndarray) else v for v in arrays]
    return unflatten(structure, made)


def samples(f: Callable) -> tuple[list, dict] | None:
    """A few numbers for each tensor that f needs; None where these do not suit it."""
    args: list = []
    for p in inspect.signature(f).parameters.values():
        if p.default is not p.empty or p.kind not in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            break
        if "Tensor" not in str(p.annotation) or len(args) == len(SAMPLES):
            return None
        args.append(own(creation.tensor(SAMPLES[len(args)])))
    try:
        with tape.grad_mode(False):
            f(*args)
    except (IndexError, TypeError, ValueError, RuntimeError):  # it was a guess
        return None
    return args, {}


def own(x: Any) -> Any:
    """An argument, with a gradient where it can have one."""
    if not isinstance(x, TensorBase):
        return x
    y = new(x.array)
    y.tracked = x.dtype.kind == "float"
    return y


def names_of(f: Callable, args: list, kwargs: dict) -> Names:
    parameters = list(inspect.signature(f).parameters)
    named = {**dict(zip(parameters, args)), **kwargs}
    return {id(x): (name, "input") for name, x in named.items() if isinstance(x, TensorBase)}
