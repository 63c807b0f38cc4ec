"""What an expression reads, and where in memory: addresses as sums of indices, and their steps."""

from __future__ import annotations

from fathom.compiler.affine import Affine, affine
from fathom.core.loop import Call, Expr, Index, Load, Reduce, mentions, remembered


class Flat(Load):
    """A read whose position is known as a whole: `at` holds one expression."""


@remembered
def loads(e: Expr) -> list[Load]:
    """The reads of an expression, and those that choose their indices."""
    found: list[Load] = []
    rest = [e]
    while rest:
        match rest.pop():
            case Load() as read:
                found.append(read)
                rest += reversed(read.at)
            case Reduce(body=body):
                rest.append(body)
            case Call(args=args):
                rest += reversed(args)
    return found


@remembered
def names_read(e: Expr) -> frozenset[str]:
    """The arrays that an expression reads."""
    match e:
        case Load():
            return frozenset([e.array.name]).union(*map(names_read, e.at))
        case Reduce():
            return names_read(e.body)
        case Call():
            return frozenset().union(*map(names_read, e.args))
    return frozenset()


def depends(load: Load, i: Index) -> bool:
    return any(mentions(a, i) for a in load.at)


def position(at, shape) -> Affine:
    """The row-major position of an index."""
    flat = Affine()
    for i, size in zip(at, shape, strict=True):
        flat = flat.scaled(size).plus(affine(i))
    return flat.recombined()


@remembered
def address(load: Load) -> Affine:
    """Where in memory a read goes, counted in elements."""
    return affine(load.at[0]) if isinstance(load, Flat) else position(load.at, load.array.shape)


def stride(form: Affine, i: Index) -> int | None:
    """The step in memory when i grows by one; None where it is not constant."""
    for atom in form.terms:
        if not isinstance(atom, Index) and mentions(atom, i):
            return None
    return form.terms.get(i, 0)


def contiguous(reads: list[Load], i: Index) -> bool:
    return any(stride(address(r), i) == 1 for r in reads)


def cost(reads: list[Load], i: Index, store: Affine | None) -> int:
    """How many accesses would have to be gathered lane by lane."""
    strides = [stride(address(r), i) for r in reads] + (
        [stride(store, i)] if store is not None else []
    )
    return sum(s not in (0, 1) for s in strides)
