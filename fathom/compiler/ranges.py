"""Ranges: of an array, only the part that is read is computed.

The gradient of a padded convolution is computed for the padding, too, and then cut off: with small images that is most
of the work. What all readers of an array leave out is left out where it is made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from fathom.compiler.affine import affine, facts, simplify, supposing
from fathom.compiler.fuse import Host, Kernel
from fathom.compiler.reads import names_read
from fathom.core.loop import Array, Call, Expr, Index, Load, Reduce, rewritten, substituted
from fathom.core.tracing import Graph, Symbol

Ranges = list[tuple[float, float]]  # the least and the largest index along each axis


def narrowed(
    kernels: Sequence[Kernel | Host], names: dict[Symbol, str], graph: Graph
) -> list[Kernel | Host]:
    """The kernels, each computing just what is read of it; `names` gets the symbols of the smaller arrays."""
    result = list(kernels)
    fixed = {names[y] for y in (*graph.outputs, *(v for _, v in graph.updates)) if y in names}
    for step in result:
        if isinstance(step, Host):
            fixed |= {names[x] for x in step.step.inputs}
        elif step.at is not None:
            fixed.add(names[step.output])  # written by more than one kernel
    timed = any(isinstance(u, Kernel) and u.at is not None for u in result)
    free = {names[u.output] for u in result if isinstance(u, Kernel)} - fixed
    read: dict[str, dict[int, list[Ranges]]] = {}  # of each array, by which kernels
    for k in reversed(range(len(result))):  # readers first
        kernel = result[k]
        if not isinstance(kernel, Kernel):
            continue
        name = names[kernel.output]
        if name in free:
            readers = read.get(name, {})
            spans = covered([s for found in readers.values() for s in found], kernel)
            if timed and spans:
                spans[0] = 0, kernel.out[0].size - 1  # a loop over time goes through all steps
            if any(
                high - low + 1 < i.size for (low, high), i in zip(spans, kernel.out, strict=True)
            ):
                kernel = narrow(result, k, list(readers), spans, names)
        found: dict[str, list[Ranges]] = {}
        gather(kernel.body, free, found)
        for other, places in found.items():
            read.setdefault(other, {})[k] = places
    return result


def covered(found: Sequence[Ranges], kernel: Kernel) -> list[tuple[int, int]]:
    """The first and the last index, along each axis, of the elements that are read."""
    result = []
    for axis, i in enumerate(kernel.out):
        low = max(0, min((s[axis][0] for s in found), default=0))
        high = min(i.size - 1, max((s[axis][1] for s in found), default=i.size - 1))
        result.append((int(low), int(high)) if low <= high else (0, i.size - 1))
    return result


def gather(e: Expr, names: Collection[str], found: dict[str, list[Ranges]]) -> None:
    """For each read of these arrays, the range of its index along each axis, where the tests around it hold."""
    if names_read(e).isdisjoint(names):
        return
    match e:
        case Call(name="where", args=(test, a, b)):
            gather(test, names, found)
            with supposing(facts(test)):
                gather(a, names, found)
            gather(b, names, found)
        case Call():
            for a in e.args:
                gather(a, names, found)
        case Reduce():
            gather(e.body, names, found)
        case Load():
            for i in e.at:
                gather(i, names, found)
            if e.array.name in names:
                found.setdefault(e.array.name, []).append([affine(i).range() for i in e.at])


def narrow(
    kernels: list[Kernel | Host],
    k: int,
    readers: Sequence[int],
    spans: list[tuple[int, int]],
    names: dict[Symbol, str],
) -> Kernel:
    """Let kernel k compute its elements within the spans alone, and its readers know."""
    kernel = kernels[k]
    assert isinstance(kernel, Kernel)
    old = kernel.output
    out, body = [], kernel.body
    for (low, high), i in zip(spans, kernel.out, strict=True):
        j = i if high - low + 1 == i.size else Index(high - low + 1)
        body = body if j is i else substituted(body, {i: j + low})
        out.append(j)
    shape = tuple(i.size for i in out)
    new = Symbol(old.level, shape, old.dtype, old.graph)
    name = names[new] = names.pop(old)
    kernels[k] = narrower = replace(kernel, output=new, out=tuple(out), body=simplify(body))
    array = Array(name, shape, old.dtype)

    def moved(read: Load) -> Load:
        if read.array.name != name:
            return read
        return Load(array, tuple(a - low for a, (low, _) in zip(read.at, spans, strict=True)))

    for n in readers:
        reader = kernels[n]
        kernels[n] = replace(reader, body=simplify(rewritten(reader.body, moved)))
    return narrower
