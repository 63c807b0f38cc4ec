"""An index that is read as i // n and i % n becomes two, i = n a + b: what was a reshape is strides again.

out[t, j] = sum_k x[t, k // 32, k % 32] w[j, k]   ->   sum_{a, b} x[t, a, b] w[j, 32 a + b]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fathom.compiler.affine import Affine, affine, simplify
from fathom.core.loop import Call, Const, Expr, Index, Load, Reduce, substituted

Indices = tuple[Index, ...]


def split(
    out: Indices, body: Expr, store: Affine, least: int
) -> tuple[Indices, Expr, Affine, dict[Index, Expr]]:
    """The loops, the body and the place of the element with indices split, and what each new index of the output
    is in the old ones.

    A reduced index is split wherever that helps, one of the output first into runs of at least `least`, because it
    may have to fill vector lanes.
    """
    parts: dict[Index, Expr] = {}
    while (found := first_split(out, [i for i in out if i not in parts], body, least)) is not None:
        i, n = found
        a, b = Index(i.size // n), Index(n)
        if i in out:
            old = parts.get(i, i)
            parts |= {a: Call("//", (old, Const(n))), b: Call("%", (old, Const(n)))}
        whole = {i: a * n + b}
        out = tuple(k for index in out for k in ((a, b) if index is i else (index,)))
        body = simplify(substituted(reduced_in_parts(body, i, (a, b)), whole))
        store = affine(substituted(store.expr(), whole))
    return out, body, store, parts


def first_split(
    out: Indices, whole: Sequence[Index], body: Expr, least: int
) -> tuple[Index, int] | None:
    """An index to split and the size of its inner part, the smallest first; of `whole` ones at least `least`. An index
    that is no loop of this kernel stays as it is."""
    loops = {*out, *summed(body)}
    found = {
        (n, i.number): (i, n)
        for i, n in divisions(body)
        if i in loops and 1 < n < i.size and i.size % n == 0 and (i not in whole or n >= least)
    }
    return found[min(found)] if found else None


def summed(e: Expr) -> Iterator[Index]:
    """The indices that are reduced over."""
    match e:
        case Reduce():
            yield from e.over
            yield from summed(e.body)
        case Call():
            for a in e.args:
                yield from summed(a)


def divisions(e: Expr) -> Iterator[tuple[Index, int]]:
    """The divisions i // n and remainders i % n of loop indices in the addresses of reads."""
    match e:
        case Load():
            for at in e.at:
                for atom in affine(at).terms:
                    match atom:
                        case Call(name="//" | "%", args=(Index() as i, Const(value=n))):
                            yield i, n
                        case Call(
                            name="%",
                            args=(Call(name="//", args=(Index() as i, Const(value=n))), _),
                        ):
                            yield i, n
        case Reduce():
            yield from divisions(e.body)
        case Call():
            for a in e.args:
                yield from divisions(a)


def reduced_in_parts(e: Expr, i: Index, parts: Indices) -> Expr:
    """The reductions over i as reductions over its parts."""
    match e:
        case Reduce():
            over = tuple(k for old in e.over for k in (parts if old is i else (old,)))
            return Reduce(e.name, over, reduced_in_parts(e.body, i, parts))
        case Call():
            return Call(e.name, tuple(reduced_in_parts(a, i, parts) for a in e.args), e.dtype)
    return e
