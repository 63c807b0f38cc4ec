"""The scalar language: what one element of a result is, as an expression over loop indices.

A tensor is a function from index to value. A primitive's `element` says which; inlining one into
another is fusion. The same expression is run by the reference interpreter (interpreter.py), printed by `latex`, and
turned into native loops by `fathom.compile`.

    x[i]                  Load      an element of an input, at indices that may themselves be loaded
    exp(x[i]) * 2         Call      a scalar function of scalars
    sum(k, a[i, k])       Reduce    over one or more indices, by "+", "*", "max" or "min"
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

_names = itertools.count()
ITSELF = object()  # in an expression's memory, in its own place: it must not hold itself


def remembered(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f, worked out once for each expression: expressions are made of others, are shared, and never change."""

    @functools.wraps(f)
    def known(e):
        memory = e.__dict__
        value = memory.get(f, memory)  # which is no value
        if value is memory:
            value = f(e)
            memory[f] = ITSELF if value is e else value
        return e if value is ITSELF else value

    return known


class Expr:
    """A scalar; Python's operators build larger ones."""

    def __add__(self, other):
        return fold("+", self, other)

    def __sub__(self, other):
        return fold("-", self, other)

    def __mul__(self, other):
        return fold("*", self, other)

    def __rmul__(self, other):
        return fold("*", other, self)

    def __radd__(self, other):
        return fold("+", other, self)

    def __rsub__(self, other):
        return fold("-", other, self)

    def __truediv__(self, other):
        return fold("/", self, other)

    def __rtruediv__(self, other):
        return fold("/", other, self)

    def __floordiv__(self, other):
        return fold("//", self, other)

    def __mod__(self, other):
        return fold("%", self, other)

    def __neg__(self):
        return Call("neg", (self,))


@remembered
def hash_of(e: Expr) -> int:
    """The hash of an expression by its parts."""
    return hash(tuple([getattr(e, name) for name in e.__dataclass_fields__]))  # type: ignore[attr-defined]


# None of these changes once it is made. To have `dataclass` see to that would make them take three times as long.


@dataclass
class Const(Expr):
    """A number that is known now. `dtype` None: it takes the dtype of what it meets."""

    value: bool | int | float | complex
    dtype: np.dtype | None = None

    __hash__ = hash_of


class Index(Expr):
    """A loop index, 0 <= i < size. Two indices are the same only if they are one object."""

    def __init__(self, size: int, letter: str | None = None):
        self.size, self.letter, self.number = size, letter, next(_names)

    def __repr__(self) -> str:
        return f"{self.letter or 'i'}{self.number}"


@dataclass
class Call(Expr):
    """A scalar function of scalars, by name; `dtype` is set where the name alone does not say it."""

    name: str
    args: tuple[Expr, ...]
    dtype: np.dtype | None = None

    __hash__ = hash_of


@dataclass
class Load(Expr):
    """An element of an array."""

    array: Array
    at: tuple[Expr, ...]

    __hash__ = hash_of


@dataclass
class Reduce(Expr):
    """The sum, product, maximum or minimum of `body` over all values of the indices `over`."""

    name: str
    over: tuple[Index, ...]
    body: Expr

    __hash__ = hash_of


class Readable(Protocol):
    """What `element` reads from: an array, or another primitive's element, inlined."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, at: Sequence[Expr | int]) -> Expr: ...


@dataclass(frozen=True)
class Array:
    """An input that holds its numbers: `x[i, j]` loads one."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, at) -> Load:
        assert len(at) == len(self.shape), f"{self.name}{self.shape} at {at}"
        return Load(self, tuple(as_expr(i) for i in at))


def as_expr(value) -> Expr:
    return value if isinstance(value, Expr) else Const(value)


def fold(name: str, a, b) -> Expr:
    """`a name b`, worked out where that takes no data: indices stay readable."""
    a, b = as_expr(a), as_expr(b)
    if isinstance(b, Const):
        if isinstance(a, Const) and isinstance(a.value, int) and isinstance(b.value, int):
            if name in INTEGER and not (name in ("//", "%") and b.value == 0):
                return Const(INTEGER[name](a.value, b.value))
        if b.dtype is None and type(b.value) is int:
            if (name, b.value) in (("+", 0), ("-", 0), ("*", 1), ("//", 1)):
                return a
            if name in ("//", "%") and b.value > 0:
                return divided(name, a, b.value)
    if isinstance(a, Const) and a.dtype is None and type(a.value) is int:
        if (name, a.value) in (("+", 0), ("*", 1)):
            return b
    return Call(name, (a, b))


def divided(name: str, a: Expr, n: int) -> Expr:
    """`a // n` or `a % n`, of an index expression: what is known not to matter is left out."""
    if name == "%" and n == 1:
        return Const(0)
    if limit(a) <= n:  # 0 <= a < n
        return Const(0) if name == "//" else a
    if limit(a) == float("inf"):  # an element of an array, not an index
        return Call(name, (a, Const(n)))
    if isinstance(a, Call) and isinstance(a.args[-1], Const) and a.name == name == "//":
        return divided(name, a.args[0], a.args[1].value * n)
    if isinstance(a, Call) and a.name == "+":  # (n x + k) // n, with 0 <= k < n
        times, rest = a.args
        if (
            isinstance(times, Call)
            and times.name == "*"
            and times.args[1] == Const(n)
            and limit(rest) <= n
        ):
            return times.args[0] if name == "//" else rest
    return Call(name, (a, Const(n)))


@remembered
def limit(e: Expr) -> float:
    """A bound: 0 <= e < limit(e), or infinity where that is not known."""
    match e:
        case Index():
            return e.size
        case Const() if type(e.value) is int and e.value >= 0:
            return e.value + 1
        case Call(name="+"):
            return sum(limit(x) for x in e.args) - 1
        case Call(name="*", args=(x, Const())):
            return (limit(x) - 1) * (limit(e.args[1]) - 1) + 1
        case Call(name="//", args=(x, Const())) if e.args[1].value > 0:
            return (limit(x) - 1) // e.args[1].value + 1
        case Call(name="%", args=(_, Const())) if e.args[1].value > 0:
            return e.args[1].value
    return float("inf")


INTEGER = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


def function(name: str):
    """The builder of calls to the scalar function `name`."""

    def build(*args) -> Call:
        return Call(name, tuple(as_expr(a) for a in args))

    build.__name__ = name
    return build


exp, expm1, log, log1p, sqrt = map(function, ("exp", "expm1", "log", "log1p", "sqrt"))
sin, cos, tan, tanh, erf, atan2 = map(function, ("sin", "cos", "tan", "tanh", "erf", "atan2"))
erfc, erfinv, lgamma, digamma = map(function, ("erfc", "erfinv", "lgamma", "digamma"))
absolute, sign, floor, round = map(function, ("abs", "sign", "floor", "round"))
power, remainder, maximum, minimum = map(function, ("pow", "%", "max", "min"))
less, less_equal, equal = map(function, ("<", "<=", "=="))
opposite = function("not")
bitwise_and, bitwise_or = map(function, ("bitand", "bitor"))
xor, shift_left, shift_right = map(function, ("xor", "<<", ">>"))
where = function("where")  # where(condition, a, b): the other branch is not read


def cast(x, dtype: np.dtype) -> Expr:
    """x as an element of `dtype`."""
    return Call("cast", (as_expr(x),), np.dtype(dtype))


def reduce(name: str, over: Sequence[Index], body) -> Expr:
    return Reduce(name, tuple(over), as_expr(body)) if over else as_expr(body)


def is_nan(x: Expr, dtype: np.dtype) -> Expr:
    """Whether x, an element of `dtype`, is NaN."""
    return opposite(equal(x, x)) if dtype.kind in "fV" else Const(False)


def both(a: Expr, b: Expr) -> Expr:
    """a and b."""
    for x, other in ((a, b), (b, a)):
        if isinstance(x, Const):
            return other if x.value else x
    return Call("and", (a, b))


def either(a: Expr, b: Expr) -> Expr:
    """a or b."""
    for x, other in ((a, b), (b, a)):
        if isinstance(x, Const):
            return x if x.value else other
    return Call("or", (a, b))


def every(conditions: Sequence[Expr]) -> Expr:
    """All conditions hold."""
    result: Expr = Const(True)
    for condition in conditions:
        result = both(result, condition)
    return result


def inside(i: Expr, size: int) -> list[Expr]:
    """The conditions 0 <= i < size."""
    return [less_equal(0, i), less(i, size)]


def ravel(at: Sequence[Expr | int], shape: Sequence[int]) -> Expr:
    """The position of an index in row-major order."""
    position: Expr = Const(0)
    for i, size in zip(at, shape, strict=True):
        position = position * size + as_expr(i)
    return position


def unravel(position: Expr, shape: Sequence[int]) -> tuple[Expr, ...]:
    """The index at a row-major position."""
    at = []
    for size in reversed(shape):
        at.append(position % size)
        position = position // size
    return tuple(reversed(at))


def rewritten(
    e: Expr,
    load: Callable[[Load], Expr] | None = None,
    index: Callable[[Index], Expr] | None = None,
    found: dict[int, Expr] | None = None,
) -> Expr:
    """The expression with `index` of its loop indices, and then `load` of its reads, in their places. Parts that are
    shared stay shared: `found` has what they became, by their ids."""
    found = {} if found is None else found
    if id(e) not in found:
        result = e
        match e:
            case Index():
                result = e if index is None else index(e)
            case Load():
                at = tuple([rewritten(i, load, index, found) for i in e.at])
                read = e if same(at, e.at) else type(e)(e.array, at)
                result = read if load is None else load(read)
            case Reduce():
                body = rewritten(e.body, load, index, found)
                result = e if body is e.body else Reduce(e.name, e.over, body)
            case Call():
                args = tuple([rewritten(a, load, index, found) for a in e.args])
                result = e if same(args, e.args) else Call(e.name, args, e.dtype)
        found[id(e)] = result
    return found[id(e)]


def same(some: Sequence, others: Sequence) -> bool:
    """Whether two rows of equal length hold the same objects: what is left as it is keeps what is known of it."""
    return all(map(operator.is_, some, others))


def substituted(e: Expr, by: dict[Index, Expr]) -> Expr:
    """The expression with other expressions in the place of some of its indices."""
    return rewritten(e, index=lambda i: by.get(i, i))


def mentions(e: Expr, i: Index) -> bool:
    """Whether the expression depends on the index."""
    return i in indices(e)


@remembered
def indices(e: Expr) -> frozenset[Index]:
    """The indices in an expression."""
    match e:
        case Index():
            return frozenset([e])
        case Load():
            return frozenset().union(*map(indices, e.at))
        case Reduce():
            return indices(e.body)
        case Call():
            return frozenset().union(*map(indices, e.args))
    return frozenset()
