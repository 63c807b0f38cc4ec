"""Choices: tests of loop indices that decide which of several expressions an element is.

An index with few values that alone decides is no loop: the expressions stand side by side in the code, and what they
have in common, like what they read, is computed once for all of them.

    y[i, j] = a[i] + b[i] if j < 1 else a[i] - b[i]     ->     y[i, 0] = a[i] + b[i];   y[i, 1] = a[i] - b[i]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fathom.compiler.affine import affine, is_index, simplify
from fathom.core.loop import Call, Const, Expr, Index, Load, Reduce, substituted

CHOICES = 8  # values of an index, for each of which an expression may be written out


def choice_of(body: Expr, out: Sequence[Index]) -> Index | None:
    """An index of `out`, with few values, that alone decides between expressions."""
    for test in tests(body):
        for i, _ in turn(test):
            if i in out and 1 < i.size <= CHOICES:
                return i
    return None


def written_out(body: Expr, i: Index) -> list[Expr]:
    """The expression for each value of i."""
    values = [{i: Const(k)} for k in range(i.size)]
    return [simplify(substituted(taken(body, value), value)) for value in values]


def taken(e: Expr, value: dict[Index, Const]) -> Expr:
    """The branch that a choice takes where an index has a value: what is in the others need not be looked at."""
    while isinstance(e, Call) and e.name == "where":
        test = simplify(substituted(e.args[0], value))
        if not isinstance(test, Const):
            break
        e = e.args[1] if test.value else e.args[2]
    return e


def tests(e: Expr) -> Iterator[Call]:
    """The comparisons of indices that choose between branches."""
    match e:
        case Call(name="where", args=(test, a, b)):
            yield from comparisons(test)
            yield from tests(a)
            yield from tests(b)
        case Call():
            for a in e.args:
                yield from tests(a)
        case Reduce():
            yield from tests(e.body)
        case Load():
            for a in e.at:
                yield from tests(a)


def comparisons(e: Expr) -> Iterator[Call]:
    match e:
        case Call(name="and", args=(a, b)):
            yield from comparisons(a)
            yield from comparisons(b)
        case Call(name="<" | "<=" | "==", args=(a, b)) if is_index(a) and is_index(b):
            yield e


def turn(test: Call) -> Iterator[tuple[Index, int]]:
    """The index that decides a comparison by itself, and where along it the answer changes."""
    difference = affine(test.args[1]).plus(affine(test.args[0]), -1)  # > 0, >= 0, or = 0
    if len(difference.terms) == 1:
        ((i, c),) = difference.terms.items()
        if isinstance(i, Index) and abs(c) == 1:
            zero = -c * difference.const
            if test.name == "==":
                yield i, zero
                yield i, zero + 1
            else:
                yield i, zero + ((test.name == "<") == (c == 1))
