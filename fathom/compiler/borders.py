"""Borders: a sum of products goes no further than where a factor is not zero.

A padded image is zeros all around. The rows of a kernel window that lie in the border add nothing to a convolution,
and with small images they are a good part of all: the loop over them is shortened to those inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

from fathom.compiler.affine import Affine, affine
from fathom.compiler.fuse import Border, Host, Kernel, reductions
from fathom.compiler.pieces import comparisons
from fathom.core.loop import Call, Const, Expr, Load
from fathom.core.tracing import Symbol


def bordered(kernels: Sequence[Kernel | Host], names: dict[Symbol, str]) -> list[Kernel | Host]:
    """The kernels, each knowing where the terms of its sums are zero."""
    inside: dict[str, dict[int, tuple[float, float]]] = {}
    result: list[Kernel | Host] = []
    for step in kernels:
        if isinstance(step, Kernel):
            step = replace(step, borders=tuple(borders_of(step, inside)))
            if step.at is None:
                inside[names[step.output]] = ranges_of(step)
        result.append(step)
    return result


def ranges_of(kernel: Kernel) -> dict[int, tuple[float, float]]:
    """Between which indices, by axis, the kernel's array may be other than zero."""
    found: dict[int, tuple[float, float]] = {}
    match kernel.body:
        case Call(name="where", args=(test, _, Const(value=0))):
            for c in comparisons(test):
                form = affine(c.args[1]).plus(affine(c.args[0]), -1)  # >= 0
                if c.name == "<":
                    form = form.plus(Affine(1), -1)
                for axis, i in enumerate(kernel.out):
                    low, high = found.get(axis, (0, i.size))
                    if form.terms == {i: 1}:
                        found[axis] = max(low, -form.const), high
                    elif form.terms == {i: -1}:
                        found[axis] = low, min(high, form.const + 1)
    return found


def borders_of(
    kernel: Kernel, inside: dict[str, dict[int, tuple[float, float]]]
) -> Iterator[Border]:
    """The ranges of reduced indices outside of which a factor of the sum is zero."""
    for e in reductions(kernel.body):
        if e.name != "+":
            continue
        for read in factors(e.body):
            for axis, (low, high) in inside.get(read.array.name, {}).items():
                form = affine(read.at[axis])
                for k in e.over:
                    if form.terms.get(k) == 1 and -inf < low < high < inf:
                        yield Border(k, form.plus(Affine(0, {k: 1}), -1), int(low), int(high))


def factors(e: Expr) -> Iterator[Load]:
    """The reads whose product the expression is."""
    match e:
        case Load():
            yield e
        case Call(name="*", args=(a, b)):
            yield from factors(a)
            yield from factors(b)
