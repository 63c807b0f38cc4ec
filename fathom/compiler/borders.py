"""Borders: a sum of products goes no further than where a factor is not zero.

A padded image is zeros all around. The rows of a kernel window that lie in the border add nothing to a convolution,
and with small images they are a good part of all: the loop over them is shortened to those inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fathom.compiler.affine import Affine, affine, facts
from fathom.compiler.fuse import Border, Host, Kernel, reductions
from fathom.core.loop import Call, Const, Expr, Index, Load
from fathom.core.tracing import Symbol

Ranges = dict[int, tuple[int, int]]  # by axis, from the first to behind the last


def bordered(kernels: Sequence[Kernel | Host], names: dict[Symbol, str]) -> list[Kernel | Host]:
    """The kernels, each knowing where the terms of its sums are zero."""
    inside: dict[str, Ranges] = {}
    result: list[Kernel | Host] = []
    for step in kernels:
        if isinstance(step, Kernel):
            step = replace(step, borders=tuple(borders_of(step, inside)))
            if step.at is None:
                inside[names[step.output]] = ranges_of(step.body, step.out)
        result.append(step)
    return result


def ranges_of(e: Expr, out: Sequence[Index]) -> Ranges:
    """Between which indices, by axis, an array of such elements may be other than zero."""
    match e:
        case Call(name="where", args=(test, a, Const(value=0))):
            return both(passed(test, out), ranges_of(a, out))
        case Call(name="where", args=(_, a, b)) | Call(name="+" | "-", args=(a, b)):
            return either(ranges_of(a, out), ranges_of(b, out))
        case Call(name="*", args=(a, b)):
            return both(ranges_of(a, out), ranges_of(b, out))
        case Call(name="neg" | "cast", args=(a,)):
            return ranges_of(a, out)
    return {}


def passed(test: Expr, out: Sequence[Index]) -> Ranges:
    """Between which indices a test holds."""
    found: Ranges = {}
    for terms, least, most in facts(test):
        for axis, i in enumerate(out):
            if terms == {i: 1}:
                found = both(found, {axis: (int(max(least, 0)), int(min(most + 1, i.size)))})
    return found


def both(a: Ranges, b: Ranges) -> Ranges:
    """What lies in both."""
    shared = {k: (max(a[k][0], b[k][0]), min(a[k][1], b[k][1])) for k in a.keys() & b.keys()}
    return a | b | shared


def either(a: Ranges, b: Ranges) -> Ranges:
    """What holds both."""
    return {k: (min(a[k][0], b[k][0]), max(a[k][1], b[k][1])) for k in a.keys() & b.keys()}


def borders_of(kernel: Kernel, inside: dict[str, Ranges]) -> Iterator[Border]:
    """The ranges of reduced indices outside of which a factor of the sum is zero."""
    for e in reductions(kernel.body):
        if e.name != "+":
            continue
        for read in factors(e.body):
            for axis, (low, high) in inside.get(read.array.name, {}).items():
                form = affine(read.at[axis])
                for k in e.over:
                    if form.terms.get(k) == 1 and low < high:
                        yield Border(k, form.plus(Affine(0, {k: 1}), -1), low, high)


def factors(e: Expr) -> Iterator[Load]:
    """The reads whose product the expression is."""
    match e:
        case Load():
            yield e
        case Call(name="*", args=(a, b)):
            yield from factors(a)
            yield from factors(b)


def filled_parts(borders: Sequence[Border]) -> dict[Index, float]:
    """Which part of the terms of a sum is inside its borders, on average over the index that moves them."""
    found = {}
    for b in borders:
        match list(b.offset.terms.items()):
            case [(Index() as i, 1)]:
                first = [b.low - b.offset.const - n for n in range(i.size)]
                terms = [
                    max(0, min(low + b.high - b.low, b.index.size) - max(low, 0)) for low in first
                ]
                found[i] = sum(terms) / (i.size * b.index.size)
    return found
