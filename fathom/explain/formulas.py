r"""Formulas of one operation, read from its own rules: of the result, of the gradients, and with numbers.

The result's formula is the primitive's `element`. The gradient's is its `vjp` rule, traced into a
graph of primitives whose elements are put into one another. So a formula cannot differ from what is
computed. y is the output, \bar{y} the gradient arriving there, \bar{x} the gradient of x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_uppercase
from typing import Any

import numpy as np

from fathom.core import tape
from fathom.core.base import TensorBase, new
from fathom.core.latex import equation, latex, number, subscript
from fathom.core.loop import Array, Const, Expr, Index, Readable
from fathom.core.primitive import Elementwise, Primitive
from fathom.core.tracing import Graph, Symbol, trace
from fathom.explain.numerals import settled

LONGEST = 260  # characters of LaTeX; what is longer is better read in the code
MOST = 4  # elements that are worked out


@dataclass(frozen=True)
class Operand:
    """An input as a formula needs it: shape and dtype, and its value where it is one constant number."""

    shape: tuple[int, ...]
    dtype: np.dtype
    constant: float | None = None


@dataclass(frozen=True)
class Same:
    """The same number everywhere: a formula shows the number."""

    shape: tuple[int, ...]
    dtype: np.dtype
    value: Any

    def __getitem__(self, at: Sequence) -> Expr:
        return Const(self.value)


@dataclass(frozen=True)
class Computed:
    """What another primitive makes of what it reads."""

    primitive: Primitive
    inputs: tuple[Readable, ...]
    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, at: Sequence) -> Expr:
        return self.primitive.element(tuple(at), *self.inputs)


def letters(count: int) -> list[str]:
    """Names of an operation's inputs: x; a, b; a, b, c; and so on."""
    if count == 1:
        return ["x"]
    if count <= 8:
        return list("abcdefgh"[:count])
    return [f"x^{{({k + 1})}}" for k in range(count)]


def bar(letter: str) -> str:
    r"""The gradient of a letter: \bar{x}."""
    return rf"\bar{{{letter}}}"


# ---- formulas in letters -------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def forward(primitive: Primitive, operands: tuple[Operand, ...]) -> str | None:
    """y_i = ..., or None for a primitive that has no element rule."""
    at, body = forward_expression(primitive, operands)
    return None if body is None else readably_short(equation("y", at, body))


@lru_cache(maxsize=4096)
def forward_expression(
    primitive: Primitive, operands: tuple[Operand, ...]
) -> tuple[list[Index], Expr | None]:
    """The indices of the output, and the value there."""
    try:
        at = [Index(size) for size in primitive.shape(*[x.shape for x in operands])]
        inputs = [readable(x, name) for x, name in zip(operands, letters(len(operands)))]
        return at, primitive.element(tuple(at), *inputs)
    except NotImplementedError:  # some operations, such as a decomposition, have no closed form
        return [], None


@lru_cache(maxsize=4096)
def pull(primitive: Primitive, operands: tuple[Operand, ...], k: int) -> str | None:
    r"""\bar{x}_i = ...: the gradient of input k, of \bar{y} and the inputs."""
    at, body, _ = pull_expression(primitive, operands, k)
    if body is None:
        return None
    return readably_short(equation(bar(letters(len(operands))[k]), at, body))


@lru_cache(maxsize=4096)
def pull_expression(
    primitive: Primitive, operands: tuple[Operand, ...], k: int
) -> tuple[list[Index], Expr | None, dict[str, np.ndarray]]:
    """The indices of input k, its gradient there, and the constant arrays that stand in it."""

    def rule(g: Any, y: Any, *xs: Any) -> Any:
        wanted = [position == k for position in range(len(xs))]
        return primitive.vjp(wanted, g, y, *xs)[k]

    try:
        shape = primitive.shape(*[x.shape for x in operands])
    except NotImplementedError:  # a user's own function
        return [], None, {}
    dtype = primitive.dtype(*[x.dtype for x in operands])
    y = Operand(tuple(shape), np.dtype(dtype))
    names = [bar("y"), "y", *letters(len(operands))]
    found, constants = inlined(rule, (y, y, *operands), names)
    if found is None:
        return [], None, {}
    at = [Index(size) for size in operands[k].shape]
    try:
        return at, found[at], constants
    except NotImplementedError:
        return [], None, {}


@lru_cache(maxsize=4096)
def partial(primitive: Primitive, operands: tuple[Operand, ...], k: int) -> str | None:
    r"""\frac{\partial y}{\partial x} = ... of an elementwise primitive."""
    if not isinstance(primitive, Elementwise):
        return None
    scalars = [Operand((), x.dtype, x.constant) for x in operands]
    names = letters(len(operands))
    derivative: list = []

    def rule(y: Any, *xs: Any) -> Any:
        derivative.append(primitive.partials(y, *xs)[k])
        return derivative[0] if isinstance(derivative[0], TensorBase) else y

    y = Operand((), np.dtype(primitive.dtype(*[x.dtype for x in operands])))
    found, _ = inlined(rule, (y, *scalars), ["y", *names])
    if found is None:
        return None
    d = derivative[0]
    if isinstance(d, TensorBase):
        try:
            right = latex(found[()], bracket=True)
        except NotImplementedError:
            return None
    else:
        right = number(float(d or 0))
    text = rf"\frac{{\partial y}}{{\partial {names[k]}}} = {right}"
    return readably_short(text)


def readable(x: Operand, name: str) -> Readable:
    return (
        Array(name, x.shape, x.dtype) if x.constant is None else Same(x.shape, x.dtype, x.constant)
    )


def readably_short(text: str) -> str | None:
    return text if len(text) <= LONGEST else None


def inlined(
    rule: Callable, operands: Sequence[Operand], names: Sequence[str]
) -> tuple[Readable | None, dict[str, np.ndarray]]:
    """What a rule of Tensor operations gives, as one thing to read elements of, and the constants in it by name.

    None where the rule cannot be traced.
    """
    examples = [new(np.broadcast_to(np.zeros((), x.dtype), x.shape)) for x in operands]
    try:
        with tape.grad_mode(False):
            graph = trace(rule, *examples)
    except (NotImplementedError, RuntimeError):  # no rule, or one that looks at the values
        return None, {}
    known: dict[Symbol, Readable] = {
        symbol: readable(x, name) for symbol, x, name in zip(graph.inputs, operands, names)
    }
    constants = {
        name: (symbol, np.asarray(a)) for name, (symbol, a) in zip(ascii_uppercase, graph.constants)
    }
    known |= {symbol: constant(name, array) for name, (symbol, array) in constants.items()}
    return put_together(graph, known), {name: array for name, (_, array) in constants.items()}


def put_together(graph: Graph, known: dict[Symbol, Readable]) -> Readable:
    for step in graph.steps:
        inputs = tuple(known[x] for x in step.inputs)
        known[step.output] = Computed(step.primitive, inputs, step.output.shape, step.output.dtype)
    return known[graph.outputs[0]]


def constant(name: str, values: np.ndarray) -> Readable:
    """A constant of a rule: the number, or an array by name."""
    if values.size and (values == values.flat[0]).all():
        return Same(values.shape, values.dtype, values.flat[0].item())
    return Array(name, values.shape, values.dtype)


# ---- formulas in numbers -------------------------------------------------------------------------


def worked(
    name: str,
    at: Sequence[Index],
    body: Expr | None,
    arrays: dict[str, np.ndarray],
    result: np.ndarray,
) -> list[str]:
    """The first elements of a result with the numbers in the places of the letters: y_0 = e^{0.5} = 1.649.

    Nothing where a number is NaN or infinite, and nothing where an element needs too many numbers.
    """
    lines: list[str] = []
    if body is None or result.size > 64 or result.dtype.kind not in "fiu":
        return lines
    for where in list(np.ndindex(result.shape))[:MOST]:
        text = settled(body, dict(zip(at, where)), arrays)
        value = float(result[where])
        if text is None or not np.isfinite(value):
            return lines
        left = subscript(name, [str(i) for i in where])
        rounded = number_text(value)
        lines.append(f"{left} = {rounded}" if text == rounded else f"{left} = {text} = {rounded}")
    return lines


def number_text(value: float) -> str:
    """A number to four digits, in LaTeX."""
    return number(float(f"{value:.4g}") + 0.0)  # + 0.0: zero has no sign on a page
