"""Copies: what is only computed to be copied to another array, or to a part of one, is computed there at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from fathom.compiler.affine import affine, simplify
from fathom.compiler.fuse import Host, Kernel
from fathom.compiler.loops import reads
from fathom.compiler.reads import names_read, position
from fathom.compiler.scans import Recurrence
from fathom.core import loop
from fathom.core.loop import Array, Expr, Load
from fathom.core.tracing import Graph, Symbol


def without_copies(
    kernels: Sequence[Kernel | Host], names: dict[Symbol, str], graph: Graph
) -> list[Kernel | Host]:
    """The kernels without those that copy, as a whole and in order, what another kernel has made."""
    result = list(kernels)
    results = {*graph.outputs, *(value for _, value in graph.updates)}
    fixed = {names[y] for y in results if y in names}
    for step in result:
        if isinstance(step, Host):
            fixed |= {names[x] for x in (*step.step.inputs, step.output)}
        elif step.at is not None:
            fixed.add(names[step.output])
    for copy in list(result):
        if not isinstance(copy, Kernel) or not isinstance(copy.body, Load):
            continue
        source = copy.body.array
        makers = [k for k in result if isinstance(k, Kernel) and names[k.output] == source.name]
        whole = source.dtype == copy.output.dtype and len(makers) == 1 and source.name not in fixed
        if whole and (in_order(copy) if copy.at is None else is_rows(copy)):
            merge(result, makers[0], copy, names)
            fixed.add(names[copy.output])
    return result


def in_parts(
    kernels: Sequence[Kernel | Host], names: dict[Symbol, str], graph: Graph
) -> list[Kernel | Host]:
    """The kernels without those that copy to a part of an array what another kernel has made, and nobody else reads."""
    result = list(kernels)
    fixed = {*graph.outputs, *(value for _, value in graph.updates)}
    fixed |= {step.output for step in graph.steps if isinstance(step.primitive, Recurrence)}
    for copy in kernels:
        if not isinstance(copy, Kernel) or copy.at is None or not isinstance(copy.body, Load):
            continue
        source = copy.body.array
        maker = only([k for k in result if names[k.output] == source.name])
        reader = only([k for k in result if source.name in reads(k, names)])
        sizes = tuple(i.size for i in copy.out)
        same = copy.body.at == copy.out and sizes == source.shape
        if not isinstance(maker, Kernel) or reader is not copy or not same:
            continue
        whole = math.prod(i.size for i in maker.out) == math.prod(sizes)
        if (
            whole
            and maker.output.dtype == copy.output.dtype
            and not {maker.output, copy.output} & fixed
        ):
            place = dict(zip(copy.out, maker.element(), strict=True))
            at = tuple(simplify(loop.substituted(e, place)) for e in copy.at)
            moved = replace(maker, output=copy.output, at=at)
            result = [moved if k is maker else k for k in result if k is not copy]
            del names[maker.output]
    return result


def only(found: list[Kernel | Host]) -> Kernel | Host | None:
    """The one that there is, if there is just one."""
    return found[0] if len(found) == 1 else None


def in_order(copy: Kernel) -> bool:
    """Whether the copy has the elements of the other array, in the order in which they lie."""
    assert isinstance(copy.body, Load)
    shape = copy.body.array.shape
    same = math.prod(shape) == math.prod(copy.output.shape)
    return same and position(copy.body.at, shape) == position(copy.out, copy.output.shape)


def is_rows(copy: Kernel) -> bool:
    """Whether the copy has the elements of the other array as rows of its own, like the next states of a loop
    over time among all states."""
    assert isinstance(copy.body, Load)
    return copy.body.at == copy.out and bool(affine(copy.element()[0]).terms)


def merge(
    kernels: list[Kernel | Host], maker: Kernel, copy: Kernel, names: dict[Symbol, str]
) -> None:
    """Let the maker write where the copy would, and everybody read there."""
    old, new = maker.output, copy.output
    source = names.pop(old)
    target = Array(names[new], new.shape, new.dtype)

    def place(at: Sequence[Expr]) -> tuple[Expr, ...]:
        if copy.at is not None:
            by = dict(zip(copy.out, at, strict=True))
            return tuple(loop.substituted(e, by) for e in copy.at)
        if old.shape == new.shape:
            return tuple(at)
        return loop.unravel(loop.ravel(at, old.shape), new.shape)

    def reading(read: Load) -> Load:
        return Load(target, place(read.at)) if read.array.name == source else read

    at = None if old.shape == new.shape else tuple(simplify(i) for i in place(maker.out))
    merged = replace(maker, output=new, at=at)
    there, gone = (maker, copy) if copy.at is None else (copy, maker)  # behind a loop's first state
    kernels[:] = [merged if k is there else k for k in kernels if k is not gone]
    for k, step in enumerate(kernels):
        if isinstance(step, Kernel):
            if source in names_read(step.body):
                kernels[k] = replace(step, body=simplify(loop.rewritten(step.body, reading)))
