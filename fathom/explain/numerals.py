r"""Arithmetic written out: a scalar expression with numbers in the places of letters.

g_{i}\,\left(1 - y_{i}\,y_{i}\right)   ->   2 \times \left(1 - 0.5 \times 0.5\right)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fathom.core.interpreter import scalar_function
from fathom.core.latex import Names, latex
from fathom.core.loop import Call, Const, Expr, Index, Load, Reduce

MOST_NUMBERS = 14  # in one line
BITS = ("xor", "<<", ">>", "bitand", "bitor")  # of a random number: nothing that a person follows


class Unwieldy(Exception):
    """More numbers than a person reads, or complex ones."""


def settled(body: Expr, at: dict[Index, int], arrays: dict[str, np.ndarray]) -> str | None:
    """The expression at one index in LaTeX, all numbers in place.

    None where it is too long, complex, or not finite.
    """
    names = Names()
    try:
        e = put_in(body, at, arrays, names)
    except Unwieldy:
        return None
    if count(e) > MOST_NUMBERS:
        return None
    text = latex(e, names, bracket=True)
    return None if r"\infty" in text or "nan" in text else text


def put_in(e: Expr, at: dict[Index, int], arrays: dict[str, np.ndarray], names: Names) -> Expr:
    """The expression with every index, element, branch and range of a sum decided."""
    match e:
        case Const(value=value):
            return as_const(value)
        case Index():
            return Const(at[e])
        case Load():
            where = tuple(whole(put_in(i, at, arrays, names)) for i in e.at)
            return as_const(arrays[e.array.name][where].item())
        case Reduce():
            return spread(e, at, arrays, names)
        case Call(name="where"):
            condition = worth(put_in(e.args[0], at, arrays, names))
            return put_in(e.args[1 if condition else 2], at, arrays, names)
        case Call(name="cast"):
            inner = put_in(e.args[0], at, arrays, names)
            return (
                inner
                if e.dtype.kind == "f" and not is_truth(inner)
                else as_const(worth(Call("cast", (inner,), e.dtype)))
            )
        case Call() if e.name in BITS:
            raise Unwieldy
        case Call():
            return simple(e.name, [put_in(x, at, arrays, names) for x in e.args], e.dtype)
    raise AssertionError(f"no scalar expression: {e!r}")


def spread(e: Reduce, at: dict[Index, int], arrays: dict[str, np.ndarray], names: Names) -> Expr:
    """A sum, product or extreme as its terms."""
    sizes = [k.size for k in e.over]
    if math.prod(sizes) > MOST_NUMBERS:
        raise Unwieldy
    terms = [
        put_in(e.body, {**at, **dict(zip(e.over, where))}, arrays, names)
        for where in np.ndindex(*sizes)
    ]
    if not terms:
        return Const(0.0 if e.name == "+" else 1.0)
    if e.name == "+":  # what is not there, such as the margin of an image, adds nothing
        terms = [term for term in terms if term != Const(0)] or terms[:1]
    if e.name in ("+", "*"):
        whole = terms[0]
        for term in terms[1:]:
            whole = simple(e.name, [whole, term], None)
        return whole
    if len(terms) == 1:
        return terms[0]
    best = max(terms, key=worth) if e.name == "max" else min(terms, key=worth)
    call = Call(e.name, (best, *terms))  # its value is the best's; its text lists them all
    names.given[call] = rf"\{e.name}\left({', '.join(latex(term, names) for term in terms)}\right)"
    return call


def simple(name: str, args: list[Expr], dtype: np.dtype | None) -> Expr:
    """A call, said as a person would: a - 0.3 for a + -0.3, and indices worked out."""
    if all(isinstance(x, Const) and type(x.value) is int for x in args) and name in (
        "+",
        "-",
        "*",
        "//",
        "%",
    ):
        return Const(int(worth(Call(name, tuple(args)))))
    if name == "+" and isinstance(args[1], Const) and args[1].value < 0:
        return Call("-", (args[0], Const(-args[1].value)))
    if name == "-" and isinstance(args[1], Const) and args[1].value < 0:
        return Call("+", (args[0], Const(-args[1].value)))
    return Call(name, tuple(args), dtype)


def as_const(value: bool | int | float) -> Const:
    """A number to four digits, as it will be printed; true is 1."""
    if isinstance(value, complex):
        raise Unwieldy
    if isinstance(value, bool):
        return Const(int(value))
    return Const(
        float(f"{value:.4g}") if isinstance(value, float) and math.isfinite(value) else value
    )


def is_truth(e: Expr) -> bool:
    return isinstance(e, Call) and e.name in ("<", "<=", "==", "and", "or", "not")


def whole(e: Expr) -> int:
    return int(worth(e))


def worth(e: Expr) -> Any:
    """The value of an expression without letters."""
    match e:
        case Const(value=value):
            return value
        case Call(name="where"):
            return worth(e.args[1 if worth(e.args[0]) else 2])
        case Call(name="max" | "min"):
            return (max if e.name == "max" else min)(worth(x) for x in e.args)
        case Call(name="cast"):
            return np.asarray(worth(e.args[0])).astype(e.dtype).item()
    with np.errstate(all="ignore"):
        return scalar_function(e.name)(*[worth(x) for x in e.args]).item()


def count(e: Expr) -> int:
    """How many numbers stand in an expression."""
    return sum(count(x) for x in e.args) if isinstance(e, Call) else 1
