"""Index arithmetic: sums of loop indices, worked out so that reshapes leave no divisions behind.

An integer expression becomes an affine form, `const + sum(coefficient * atom)`, where an atom is a loop
index or something opaque (a loaded index, a remainder that stays). Each atom has a range, and ranges decide
divisions, remainders and comparisons:  (4 i + j) // 4 -> i  and  (4 i + j) % 4 -> j  where 0 <= j < 4.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite

from fathom.compiler.types import dtype_of
from fathom.core.loop import (
    Call,
    Const,
    Expr,
    Index,
    Load,
    Reduce,
    as_expr,
    every,
    indices,
    inside,
    mentions,
    reduce,
    remembered,
    same,
    substituted,
    where,
)

ORDERS = {"<", "<=", "=="}
SUMS = {"+", "-", "*", "//", "%", "neg"}
Fact = tuple[dict[Expr, int], float, float]  # (terms, least, most): what a branch's condition says
FACTS: list[Fact] = []  # those that hold here
ABOUT: list[frozenset[Index]] = [frozenset()]  # the indices that they are about


@dataclass
class Affine:
    """const + the sum of coefficient * atom."""

    const: int = 0
    terms: dict[Expr, int] = field(default_factory=dict)

    def add(self, atom: Expr, times: int) -> None:
        """Make this form larger by so many times the atom."""
        total = self.terms.get(atom, 0) + times
        if total:
            self.terms[atom] = total
        else:
            self.terms.pop(atom, None)

    def plus(self, other: Affine, times: int = 1) -> Affine:
        """self + times * other."""
        result = Affine(self.const + times * other.const, dict(self.terms))
        for atom, coefficient in other.terms.items():
            result.add(atom, times * coefficient)
        return result

    def scaled(self, factor: int) -> Affine:
        return Affine().plus(self, factor)

    def range(self) -> tuple[float, float]:
        """The smallest and the largest value, as far as the atoms' ranges and the facts tell."""
        low = high = float(self.const)
        rest = self
        for terms, _, _ in FACTS:
            times = rest.multiple(terms)
            if times:
                part = Affine(0, {a: times * c for a, c in terms.items()})
                ends = part.told()
                low, high = low + ends[0], high + ends[1]
                rest = rest.plus(part, -1)
        ends = rest.natural()
        return low + ends[0], high + ends[1]

    def told(self) -> tuple[float, float]:
        """The range by the atoms and by all facts about just these terms."""
        low, high = self.natural()
        for terms, least, most in FACTS:
            times = self.multiple(terms)
            if times and len(terms) == len(self.terms):
                ends = [times * least, times * most]
                low, high = max(low, min(ends)), min(high, max(ends))
        return low, high

    def natural(self) -> tuple[float, float]:
        """The range that the atoms have by themselves, without the constant."""
        low = high = 0.0
        for atom, coefficient in self.terms.items():
            least, most = atom_range(atom)
            if coefficient < 0:
                least, most = most, least
            low, high = low + coefficient * least, high + coefficient * most
        return low, high

    def multiple(self, terms: dict[Expr, int]) -> int:
        """How many times these terms are contained, all alike; 0 where they are not."""
        if not terms or not terms.keys() <= self.terms.keys():
            return 0
        first = next(iter(terms))
        times = self.terms[first] // terms[first]
        return times if all(self.terms[a] == times * c for a, c in terms.items()) else 0

    def recombined(self) -> Affine:
        """The form with n (a // n) + a % n written as a: what is left of a reshape and its inverse."""
        for atom, c in self.terms.items():
            if isinstance(atom, Call) and atom.name == "%":
                a, n = atom.args
                if isinstance(a, Call) and a.name == "//" and isinstance(a.args[1], Const):
                    whole = Call("//", (a.args[0], Const(a.args[1].value * n.value)))
                else:
                    whole = Call("//", (a, n))
                if self.terms.get(whole) == c * n.value:
                    rest = {k: v for k, v in self.terms.items() if k not in (atom, whole)}
                    return Affine(self.const, rest).plus(affine(a), c).recombined()
        return self

    def expr(self) -> Expr:
        """The form as an expression, written in one way."""
        parts = [a if c == 1 else Call("*", (a, Const(c))) for a, c in self.terms.items()]
        if self.const or not parts:
            parts.append(Const(self.const))
        return functools.reduce(lambda a, b: Call("+", (a, b)), parts)


def atom_range(atom: Expr) -> tuple[float, float]:
    match atom:
        case Index():
            return 0, max(atom.size - 1, 0)
        case Call(name="//", args=(a, Const(value=n))):
            low, high = affine(a).range()
            return low // n, high // n
        case Call(name="%", args=(_, Const(value=n))):
            return 0, n - 1
        case Call(name="cast", args=(a,)):
            return atom_range(a)
    return -inf, inf


def affine(e: Expr | int) -> Affine:
    """The affine form of an integer expression."""
    e = as_expr(e)
    if not isinstance(e, Const) and not (isinstance(e, Call) and e.name in SUMS):
        return Affine(0, {e: 1})
    return form_under_facts(e) if FACTS and concerns(e) else form(e)


@remembered
def form(e: Expr) -> Affine:
    """The form that holds whatever the indices are."""
    return form_under_facts(e)


def form_under_facts(e: Expr) -> Affine:
    """The form that holds where the facts do: what is added up, and how many times."""
    result = Affine()
    parts = [(e, 1)]
    while parts:
        e, times = parts.pop()
        match e:
            case Index():
                result.add(e, times)
            case Const(value=value):
                result.const += times * int(value)
            case Call(name="+", args=(a, b)):
                parts += ((b, times), (a, times))
            case Call(name="-", args=(a, b)):
                parts += ((b, -times), (a, times))
            case Call(name="neg", args=(a,)):
                parts.append((a, -times))
            case (
                Call(name="*", args=(a, Const(value=value)))
                | Call(name="*", args=(Const(value=value), a))
            ):
                parts.append((a, times * int(value)))
            case Call(name="//" | "%", args=(a, Const(value=n))) if n > 0:
                quotient, rest = divided(affine(a), n)
                part = quotient if e.name == "//" else rest
                result.const += times * part.const
                for atom, coefficient in part.terms.items():
                    result.add(atom, times * coefficient)
            case _:
                result.add(e, times)
    return result


def divided(a: Affine, n: int) -> tuple[Affine, Affine]:
    """a // n and a % n: the multiples of n come out, and the rest too where its range allows."""
    low, high = a.range()
    if low // n == high // n:
        return Affine(int(low // n)), a.plus(Affine(1), -int(low // n) * n)
    whole = Affine(0, {atom: c // n for atom, c in a.terms.items() if c % n == 0})
    rest = Affine(a.const, {atom: c for atom, c in a.terms.items() if c % n})
    low, high = rest.range()
    if low // n == high // n:
        steps = Affine(int(low // n))
        return whole.plus(steps), rest.plus(steps, -n)
    steps = Affine(a.const // n)
    inner = rest.plus(steps, -n).expr()
    return (
        whole.plus(steps).plus(Affine(0, {Call("//", (inner, Const(n))): 1})),
        Affine(0, {Call("%", (inner, Const(n))): 1}),
    )


def condition(e: Call) -> Expr:
    """A comparison of integers, decided where the ranges allow."""
    difference = affine(e.args[1]).plus(affine(e.args[0]), -1)  # b - a
    low, high = difference.range()
    if e.name == "<":
        known = True if low > 0 else False if high <= 0 else None
    elif e.name == "<=":
        known = True if low >= 0 else False if high < 0 else None
    else:
        known = True if low == high == 0 else False if low > 0 or high < 0 else None
    return e if known is None else Const(known)


def simplify(e: Expr) -> Expr:
    """The expression with its index arithmetic worked out and its decided branches taken."""
    return simplified_under_facts(e) if FACTS and concerns(e) else simplified(e)


@remembered
def simplified(e: Expr) -> Expr:
    """What holds whatever the indices are."""
    return simplified_under_facts(e)


def simplified_under_facts(e: Expr) -> Expr:
    """What holds where the facts do."""
    match e:
        case Load():
            at = tuple([simplify(i) for i in e.at])
            return e if same(at, e.at) else Load(e.array, at)
        case Reduce():
            return chosen(flattened(Reduce(e.name, e.over, simplify(e.body))))
        case Call(name="cast", args=(a,)):
            a = simplify(a)
            return a if dtype_of(a) == e.dtype else Call("cast", (a,), e.dtype)
        case Call(name="where", args=(test, a, b)):
            test = simplify(test)
            if isinstance(test, Const):
                return simplify(a if test.value else b)
            with supposing(facts(test)):
                a = simplify(a)
            b = simplify(b)
            return a if isinstance(a, Const) and a == b else Call("where", (test, a, b))
        case Call(name="and", args=(a, b)):
            a, b = simplify(a), simplify(b)
            if isinstance(a, Const):
                return b if a.value else a
            if isinstance(b, Const):
                return a if b.value else b
            return Call("and", (a, b))
        case Call(name=name) if name in ORDERS and all(is_index(a) for a in e.args):
            decided = condition(e)
            return (
                decided
                if isinstance(decided, Const)
                else Call(name, tuple(index(a) for a in e.args))
            )
        case Call():
            if is_index(e):
                return index(e)
            args = tuple(simplify(a) for a in e.args)
            return without_zero(args, e) if e.name == "+" else Call(e.name, args, e.dtype)
    return e


def without_zero(args: tuple[Expr, ...], e: Call) -> Expr:
    """x + 0 as x: what a sum of arrays that lie side by side is in each of them."""
    for zero, x in zip(args, reversed(args), strict=True):
        if isinstance(zero, Const) and zero.value == 0 and dtype_of(zero) in (None, dtype_of(x)):
            return x
    return Call("+", args, e.dtype)


def flattened(e: Reduce) -> Reduce:
    """A sum of guarded sums as one sum: sum_p [c] sum_o x -> sum_{p, o} [c] x."""
    match e:
        case Reduce(name="+", body=Reduce(name="+") as inner):
            return flattened(Reduce("+", (*e.over, *inner.over), inner.body))
        case Reduce(
            name="+",
            body=Call(name="where", args=(test, Reduce(name="+") as inner, Const(value=0) as zero)),
        ):
            return flattened(
                Reduce("+", (*e.over, *inner.over), Call("where", (test, inner.body, zero)))
            )
    return e


def chosen(e: Reduce) -> Expr:
    """A sum of which an index chooses one term, as that term: sum_k [u == k] x[k] -> [0 <= u < n] x[u]."""
    for k in e.over if e.name == "+" else ():
        u, term = selected(e.body, k)
        if u is not None and not any(mentions(u, i) for i in e.over):
            there = every(inside(u, k.size))
            one = where(there, substituted(term, {k: u}), Const(0, dtype_of(e)))
            return simplify(reduce("+", [i for i in e.over if i is not k], one))
    return e


def selected(e: Expr, k: Index) -> tuple[Expr | None, Expr]:
    """u and x of an expression that is x where k == u, and 0 everywhere else."""
    match e:
        case Call(name="where", args=(Call(name="==", args=(a, b)), x, Const(value=0))):
            return (b if a is k else a if b is k else None), x
        case Call(name="neg", args=(a,)):
            u, x = selected(a, k)
            return u, Call("neg", (x,))
        case Call(name="*", args=(a, Const() as c)) if isfinite(c.value):
            u, x = selected(a, k)
            return u, Call("*", (x, c))
    return None, e


@contextlib.contextmanager
def supposing(found: Sequence[Fact]) -> Iterator[None]:
    """A `with` block in which these facts hold."""
    known = len(FACTS)
    FACTS.extend(found)
    ABOUT.append(ABOUT[-1].union(*(indices(atom) for terms, _, _ in found for atom in terms)))
    try:
        yield
    finally:
        del FACTS[known:]
        ABOUT.pop()


def concerns(e: Expr) -> bool:
    """Whether facts may say something about the expression: what they do not is worked out once."""
    return not ABOUT[-1].isdisjoint(indices(e))


def facts(test: Expr) -> list[Fact]:
    """What holds where the condition holds, as ranges of affine forms."""
    match test:
        case Call(name="and", args=(a, b)):
            return facts(a) + facts(b)
        case Call(name="<" | "<=", args=(a, b)) if is_index(a) and is_index(b):
            difference = affine(b).plus(affine(a), -1)  # > 0, or >= 0
            least = (1 if test.name == "<" else 0) - difference.const
            opposite = {atom: -c for atom, c in difference.terms.items()}
            return [(difference.terms, least, inf), (opposite, -inf, -least)]
    return []


@remembered
def is_index(e: Expr) -> bool:
    """Whether e is made of loop indices and whole numbers alone."""
    match e:
        case Index():
            return True
        case Const():
            return type(e.value) is int and e.dtype is None
        case Call(name="+" | "-" | "*" | "//" | "%" | "neg"):
            return all(is_index(a) for a in e.args)
    return False


def index(e: Expr) -> Expr:
    """An index expression in its affine form; loads inside are simplified as well."""
    form = affine(e).recombined()
    terms = {atom if isinstance(atom, Index) else inner(atom): c for atom, c in form.terms.items()}
    return Affine(form.const, terms).expr()


def inner(atom: Expr) -> Expr:
    if isinstance(atom, Load):
        return Load(atom.array, tuple(index(i) for i in atom.at))
    if isinstance(atom, Call):
        if atom.name in ("//", "%"):
            return Call(atom.name, (index(atom.args[0]), atom.args[1]))
        return simplify(atom) if not is_index(atom) else atom
    return atom
