"""Ranges: of an array, only the part that is read is computed.

The gradient of a padded convolution is computed for the padding, too, and then cut off: with small images that is most
of the work. What all readers of an array leave out is left out where it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fathom.compiler.affine import affine, facts, simplify, supposing
from fathom.compiler.fuse import Host, Kernel
from fathom.compiler.reads import names_read
from fathom.core.loop import Array, Call, Expr, Index, Load, Reduce, rewritten, substituted
from fathom.core.tracing import Graph, Symbol


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
    readers: dict[str, list[int]] = {}
    for k, step in enumerate(result):
        for name in names_read(step.body) if isinstance(step, Kernel) else ():
            readers.setdefault(name, []).append(k)
    for k in reversed(range(len(result))):  # readers first
        kernel = result[k]
        if isinstance(kernel, Kernel) and names[kernel.output] not in fixed:
            name = names[kernel.output]
            after = [n for n in readers.get(name, []) if n > k]
            spans = read_of(name, kernel, [result[n] for n in after])
            if timed and spans:
                spans[0] = 0, kernel.out[0].size - 1  # a loop over time goes through all steps
            if any(
                high - low + 1 < i.size for (low, high), i in zip(spans, kernel.out, strict=True)
            ):
                narrow(result, k, after, spans, names)
    return result


def read_of(name: str, kernel: Kernel, readers: Sequence[Kernel]) -> list[tuple[int, int]]:
    """The first and the last index, along each axis, of the elements that are read."""
    found = [s for u in readers for s in places(u.body, name)]
    result = []
    for axis, i in enumerate(kernel.out):
        low = max(0, min((s[axis][0] for s in found), default=0))
        high = min(i.size - 1, max((s[axis][1] for s in found), default=i.size - 1))
        result.append((int(low), int(high)) if low <= high else (0, i.size - 1))
    return result


def places(e: Expr, name: str) -> list[list[tuple[float, float]]]:
    """For each read of the array, the range of its index along each axis, where the tests around it hold."""
    if name not in names_read(e):
        return []
    match e:
        case Call(name="where", args=(test, a, b)):
            with supposing(facts(test)):
                first = places(a, name)
            return places(test, name) + first + places(b, name)
        case Call():
            return [s for a in e.args for s in places(a, name)]
        case Reduce():
            return places(e.body, name)
        case Load():
            inner = [s for i in e.at for s in places(i, name)]
            own = [affine(i).range() for i in e.at]
            return [own, *inner] if e.array.name == name else inner
    return []


def narrow(
    kernels: list[Kernel | Host],
    k: int,
    readers: Sequence[int],
    spans: list[tuple[int, int]],
    names: dict[Symbol, str],
) -> None:
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
    kernels[k] = replace(kernel, output=new, out=tuple(out), body=simplify(body))
    array = Array(name, shape, old.dtype)

    def moved(read: Load) -> Load:
        if read.array.name != name:
            return read
        return Load(array, tuple(a - low for a, (low, _) in zip(read.at, spans, strict=True)))

    for n in readers:
        reader = kernels[n]
        kernels[n] = replace(reader, body=simplify(rewritten(reader.body, moved)))
