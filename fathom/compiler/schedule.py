"""How a kernel's loops run: which index fills the vector lanes, which is unrolled into registers, in what order.

A kernel computes out[i, j, ...] = body. One index becomes the vector: an output index along which the reads
are contiguous, or, where only the reduced index is, that one (its lanes are added up at the end). Where body is a
reduction, a second output index is unrolled, so that what is read once serves several sums held in registers:
for a matrix product this is the register-blocked kernel, for a convolution as well.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from fathom.compiler.affine import Affine
from fathom.compiler.borders import filled_parts
from fathom.compiler.choices import choice_of
from fathom.compiler.fuse import Kernel, reads_inside, reductions
from fathom.compiler.reads import (
    Flat,
    address,
    contiguous,
    cost,
    depends,
    loads,
    position,
    stride,
)
from fathom.compiler.split import split
from fathom.core.loop import Array, Call, Expr, Index, Load, Reduce, rewritten


@dataclass
class Schedule:
    """The decisions for one kernel."""

    out: tuple[Index, ...]  # the loops, outermost first; the vector index last
    body: Expr
    store: Affine  # where the element goes
    vector: Index | None  # an output index, or a reduced one
    unrolled: dict[Index, int]  # indices that take several steps side by side
    across: bool  # whether the vector index is reduced
    block: Index | None = None  # the loop over blocks of samples, of which `full` fill all lanes
    full: int = 0
    left: int = 0  # samples of the last block, where it does not
    strip: tuple[Index, int] | None = None  # a reduced index that runs in strips around all loops
    choice: Index | None = None  # it decides between expressions, each of which is written out

    def chunk(self, lanes: int, pieces: int) -> int:
        """How much of the outermost loop a tile takes, if there are to be about so many tiles: whole blocks of
        sums, or whole vectors where blocks would be too few to share out."""
        if not self.out:
            return 1
        i = self.out[0]
        least = lanes if i is self.vector else 1
        block = least * self.unrolled.get(i, 1)
        step = block if i.size >= FEW * block else least
        if self.strip is not None:  # what a strip reads should serve several blocks of a tile
            pieces = max(pieces // 2, min(pieces, i.size // (SHARED * block)))
        share = -(-i.size // pieces)
        return -(-share // step) * step


FEW = 4  # tiles
SHARED = 8  # blocks of a tile that read the same strip
STRIP = 256  # steps of a sum between visits to its result in memory: what they read stays in the nearest caches
NEAR = 1 << 19  # bytes that may be read again and again for each block without strips
REGISTERS = {16: 24}  # sums held side by side, by lanes: AVX-512 has 32 vector registers
FEW_REGISTERS = 12  # where there are 16
COPY = 1.5  # what turning an element around takes, in products of whole vectors (transpose.py)
FAR = 1.3  # what a product of vectors takes that are no longer near when they are read again
ADDING_UP = 4  # what adding up the lanes of a vector takes, in products of vectors


def scheduled(kernel: Kernel, lanes: int) -> Schedule:
    """Choose the loops of a kernel."""
    loops, body = kernel.out, kernel.body
    store = kernel.store or position(kernel.element(), kernel.output.shape)
    if kernel.lane is None:
        loops, body, store, _ = split(loops, body, store, lanes)
    filled = filled_parts(kernel.borders)
    out, body, store = collapsed(list(loops), body, store, (kernel.block, kernel.lane, *filled))
    body = collapsed_sums(body)
    reduction = top_reduction(body)
    reads = loads(body if reduction is None else reduction.body)
    choice = choice_of(body, out[1:]) if reduction is None else None
    out = [i for i in out if i is not choice]
    over = () if reduction is None else reduction.over
    if kernel.lane is not None:
        inner = [i for i in out if i not in (kernel.block, kernel.lane)]
        unrolled = blocked(inner, reads, kernel.lane, False, lanes, over, filled)
        loops = (kernel.block, *inner, kernel.lane)
        return Schedule(
            loops, body, store, kernel.lane, unrolled, False, kernel.block, kernel.full,
            kernel.left, choice=choice,
        )  # fmt: skip
    found = choices(out, body, store, lanes)
    if not found:
        return Schedule(tuple(out), body, store, None, {}, False, choice=choice)
    _, across, vector = min(found, key=lambda choice: choice[0])
    unrolled = blocked(out, reads, vector, across, lanes, over, filled)
    loops = sorted(
        (i for i in out if i is not vector), key=lambda i: i.size == 1
    )  # the first is shared out to threads
    strip = None if across or kernel.time is not None else stripped(body, vector)
    if (
        not across
    ):  # the tiles of a stripped sum share out its longer side, and read the other whole
        alone = all(i.size == 1 for i in loops)
        first = alone or (strip is not None and all(vector.size > i.size for i in loops))
        loops = [vector, *loops] if first else [*loops, vector]
    return Schedule(tuple(loops), body, store, vector, unrolled, across, strip=strip, choice=choice)


def stripped(body: Expr, vector: Index) -> tuple[Index, int] | None:
    """The reduced index that should run in strips, and the length of one: where a long sum reads more for each
    block of results than caches keep until the next."""
    if not isinstance(body, Reduce) or body.name != "+":
        return None
    count = math.prod(k.size for k in body.over)
    size = sum(
        math.prod(i.size for i in (*body.over, vector) if depends(r, i)) * r.array.dtype.itemsize
        for r in loads(body.body)
        if depends(r, vector)
    )
    if count < 2 * STRIP or size < NEAR:
        return None
    k = body.over[0]
    if 2 * STRIP * k.size < count:
        return None  # one step of k is more than two strips
    return k, max(1, STRIP * k.size // count)


def choices(
    out: Sequence[Index], body: Expr, store: Affine, lanes: int, copied: Sequence[Load] = ()
) -> list[tuple[float, bool, Index]]:
    """The indices that may fill the lanes: (price, whether it is a reduced one, index).

    The price is that of a step of the innermost loop, in products of whole vectors. Reads in `copied` will be
    contiguous.
    """
    reduction = top_reduction(body)
    if reduction is None:
        return [(price(loads(body), i, store, lanes), False, i) for i in out if i.size > 1]
    reads = [r for r in loads(reduction.body) if r not in copied]
    around = [r for r in loads(body) if r not in loads(reduction.body)]
    count = max(1, math.prod(k.size for k in reduction.over))
    outer = [
        (price(reads, i, None, lanes) + lanes * cost(around, i, store) / count, False, i)
        for i in out
        if i.size > 1
    ]
    ends = ADDING_UP * lanes / count  # the lanes of each sum are added up
    far = any(math.prod(r.array.shape) * r.array.dtype.itemsize > NEAR for r in reads)
    step = FAR if far else 1.05  # each step reads all operands of its block as vectors
    inner = [
        (step * price(reads, k, None, lanes) + ends, True, k)
        for k in reduction.over
        if k.size > 1 and contiguous(reads, k)
    ]
    return outer + inner


def worth_copying(
    out: tuple[Index, ...], body: Expr, store: Affine, lanes: int
) -> tuple[float, Index | None, list[Load]]:
    """The lowest price of a step of the kernel; the index that should fill the lanes and the reads to copy first
    for that price, None and nothing if no copy pays."""
    least = min((price for price, _, _ in choices(out, body, store, lanes)), default=1.0)
    reduction = top_reduction(body)
    if reduction is None:
        return least, None, []
    steps = max(1, math.prod(i.size for i in (*out, *reduction.over))) / lanes
    best: tuple[Index | None, list[Load]] = None, []
    for i in out:
        reads = [r for r in dict.fromkeys(loads(reduction.body)) if is_across(r, i)]
        if not reads or i.size < lanes // 2 or not all(map(reads_inside, reads)):
            continue
        elements = sum(
            math.prod(k.size for k in (*out, *reduction.over) if depends(r, k)) for r in reads
        )
        rest = [price for price, across, k in choices(out, body, store, lanes, reads) if k is i]
        with_copies = rest[0] + COPY * elements / steps
        if with_copies < least:
            least, best = with_copies, (i, reads)
    return least, *best


def is_across(read: Load, i: Index) -> bool:
    """Whether neighbours along i are apart in memory."""
    return stride(address(read), i) not in (0, 1)


def blocked(
    out: list[Index],
    reads: list[Load],
    vector: Index,
    across: bool,
    lanes: int,
    over: tuple[Index, ...],
    filled: dict[Index, float],
) -> dict[Index, int]:
    """The block of sums to hold in registers: the one with the fewest reads for each product; none without a sum.

    Sums side by side along an index of `filled` are all as long as the longest: they cannot stop at their borders,
    and a product of nothing takes as long as the read of a number for all lanes.

    A read is shared by the copies of every index that it does not depend on. One of memory that the innermost loop,
    the last of `over`, has not touched before counts twice.
    """
    if not over:
        return {}
    inner = next((k for k in reversed(over) if k is not vector and k.size > 1), None)
    steps = {i: i.size if i is not vector else i.size // lanes for i in out}
    if across:
        steps.pop(vector, None)
    # from the last: rows that are near in memory do not share the places of a cache
    candidates = [i for i, n in reversed(steps.items()) if n > 1]
    registers = REGISTERS.get(lanes, FEW_REGISTERS)

    def weight(read: Load) -> int:
        """A vector is read at half the rate of a number for all lanes."""
        return 2 if depends(read, vector) and not across else 1

    alone = 1 + sum(weight(r) * (1 + new_lines(r, {}, inner)) for r in reads)
    best: tuple[float, int, int, dict[Index, int]] = (alone, -1, 1, {})
    for pair in [(i,) for i in candidates] + list(itertools.combinations(candidates, 2)):
        for factors in itertools.product(range(1, 13), repeat=len(pair)):
            size = math.prod(factors)
            if size > registers or any(f > steps[i] for i, f in zip(pair, factors, strict=True)):
                continue
            block = {i: f for i, f in zip(pair, factors, strict=True) if f > 1}
            read = sum(
                weight(r)
                * (
                    math.prod(f for i, f in block.items() if depends(r, i))
                    + new_lines(r, block, inner)
                )
                for r in reads
            )
            # single steps at the end: each waits for the one before
            left = 2 * sum(steps[i] % f / steps[i] for i, f in block.items())
            useful = math.prod(filled.get(i, 1.0) for i in block)
            dear = (1 + read / size * (1 + left)) / useful
            choice = dear, -size, sum(factors), block  # the squarest of equals
            best = min(best, choice, key=lambda found: found[:3])
    return best[3]


def new_lines(read: Load, block: dict[Index, int], inner: Index | None) -> float:
    """How many of the copies of a read reach memory that the step before did not: all, where the innermost loop
    walks along far rows; one, where the copies are neighbours and slide along."""
    form = address(read)
    step = None if inner is None else stride(form, inner)
    if step == 0:
        return 0.0
    found = 1.0
    for i, copies in block.items():
        if depends(read, i):
            apart = stride(form, i)
            slides = step is not None and apart and step % apart == 0
            found *= min(copies, max(step // apart, 1)) if slides else copies
    return found


def price(reads: list[Load], i: Index, store: Affine | None, lanes: int) -> float:
    """What an element costs if i fills the lanes: gathers are dear, and so are lanes left empty."""
    filled = i.size / (-(-i.size // lanes) * lanes)
    return (1 + lanes * cost(reads, i, store)) / filled


def top_reduction(e: Expr) -> Reduce | None:
    """The reduction around which the whole body is written, if there is just one: act(sum + bias)."""
    found = reductions(e)
    return found[0] if len(found) == 1 else None


def collapsed(
    out: list[Index], body: Expr, store: Affine, fixed: tuple = ()
) -> tuple[list[Index], Expr, Affine]:
    """Neighbouring loops that always run as one become one, (i, j) -> i * size(j) + j; not the fixed ones."""
    k = len(out) - 2
    while k >= 0:
        i, j = out[k], out[k + 1]
        forms = [address(r) for r in loads(body)] + [store]
        if (
            i not in fixed
            and j not in fixed
            and not bare(body, i)
            and not bare(body, j)
            and all(
                stride(f, i) is not None
                and stride(f, j) is not None
                and stride(f, i) == stride(f, j) * j.size
                for f in forms
            )
        ):
            whole = Index(i.size * j.size)
            body = rewritten(body, lambda read, at=(i, j, whole): in_one(read, *at))
            store = merged(store, i, j, whole)
            out[k : k + 2] = [whole]
        k -= 1
    return out, body, store


def collapsed_sums(e: Expr) -> Expr:
    """The same for neighbouring reduced indices: sum_{a, b} x[8 a + b] -> sum_k x[k]."""
    match e:
        case Reduce() if len(e.over) > 1:
            over, body, _ = collapsed(list(e.over), e.body, Affine())
            return Reduce(e.name, tuple(over), body)
        case Call():
            return Call(e.name, tuple(collapsed_sums(a) for a in e.args), e.dtype)
    return e


def merged(form: Affine, i: Index, j: Index, whole: Index) -> Affine:
    terms = {atom: c for atom, c in form.terms.items() if atom not in (i, j)}
    if j in form.terms:
        terms[whole] = form.terms[j]
    return Affine(form.const, terms)


def bare(e: Expr, i: Index) -> bool:
    """Whether the index is used outside of the address of a read: as a number, or in a condition."""
    match e:
        case Index():
            return e is i
        case Load():
            return False
        case Reduce():
            return bare(e.body, i)
        case Call():
            return any(bare(a, i) for a in e.args)
    return False


def in_one(read: Load, i: Index, j: Index, whole: Index) -> Flat:
    """The read addressed by the one index in place of the two."""
    flat = Array(read.array.name, (math.prod(read.array.shape),), read.array.dtype)
    return Flat(flat, (merged(address(read), i, j, whole).expr(),))
