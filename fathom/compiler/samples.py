"""Samples in the lanes: 16 examples of a batch run side by side, each lane of a vector register one example.

Where every array has its samples innermost in memory, a kernel's vectors are full whatever the sizes of images and
channels are, parameters are read once for all lanes, and nothing is gathered or padded. An array x[n, c, i, j] is kept
as x[n // lanes][c][i][j][n % lanes]: block by block, so that a block can go through many kernels while it is in cache.

    labelled    which axis of which array counts samples: followed from the inputs through the kernels
    lowered     a kernel with its sample index n written as lanes * b + v: block b, lane v
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fathom.compiler.affine import Affine, affine, simplify, supposing
from fathom.compiler.fuse import Kernel
from fathom.compiler.reads import Flat, loads, position
from fathom.compiler.types import dtype_of
from fathom.core import loop
from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce
from fathom.core.tracing import Symbol


@dataclass(frozen=True)
class Label:
    """An axis of before * count * inner entries, of which entry e belongs to sample (e // inner) % count."""

    axis: int
    before: int
    count: int
    inner: int

    def sample(self, at: Sequence[Expr]) -> Expr:
        """The sample that an element belongs to."""
        return affine(at[self.axis] // self.inner % self.count).expr()


@dataclass(frozen=True)
class Split:
    """A kernel's index as (before, sample, inner): the part of it that counts samples."""

    index: Index
    before: int
    count: int
    inner: int

    def label(self, axis: int) -> Label:
        return Label(axis, self.before, self.count, self.inner)


def split_of(at: Sequence[Expr], label: Label) -> Split | None:
    """The index that names the sample of an element; None where it is not just one."""
    match label.sample(at):
        case Index() as i if i.size == label.count:
            return Split(i, 1, label.count, 1)
        case Call(name="//", args=(Index() as i, Const(value=inner))) if (
            i.size == label.count * inner
        ):
            return Split(i, 1, label.count, inner)
        case Call(name="%", args=(Index() as i, Const())):
            return Split(i, i.size // label.count, label.count, 1)
        case Call(
            name="%", args=(Call(name="//", args=(Index() as i, Const(value=inner))), Const())
        ):
            return Split(i, i.size // (label.count * inner), label.count, inner)
    return None


@dataclass
class Use:
    """How a kernel deals with samples: `split` its sample index, reduced or not, None if it has none."""

    split: Split | None = None
    reduced: bool = False
    apart: set[str] = field(default_factory=set)  # arrays whose samples it reads in another way


def labelled(
    kernels: Sequence[Kernel], names: dict[Symbol, str], labels: dict[str, Label]
) -> dict[int, Use]:
    """Follow the labels of inputs through the kernels; `labels` grows. The use of samples, by the kernel's id."""
    uses: dict[int, Use] = {}
    symbols = {name: s for s, name in names.items()}
    for _ in range(2):  # again for what is first read after it was made: noise, masks
        for kernel in kernels:
            name = names[kernel.output]
            uses[id(kernel)] = use = use_of(kernel, name, labels)
            if use.split is not None and not use.reduced:
                adopt(kernel, use.split, name, symbols, labels)
    return uses


def use_of(kernel: Kernel, name: str, labels: dict[str, Label]) -> Use:
    """The sample index of a kernel: the one of its output if there is one, else a reduced one."""
    reads = [(r, labels[r.array.name]) for r in loads(kernel.body) if r.array.name in labels]
    splits = [(r.array.name, split_of(r.at, label)) for r, label in reads]
    found = [s for _, s in splits if s is not None and s.index is not kernel.time]
    if name in labels and (own := split_of(kernel.element(), labels[name])) is not None:
        found.insert(0, own)
    outer = [s for s in found if s.index in kernel.out]
    chosen = next(iter([*outer, *found]), None)
    apart = {read for read, s in splits if s is None or s != chosen}
    return Use(chosen, bool(found) and not outer, apart)


def adopt(
    kernel: Kernel,
    split: Split,
    name: str,
    symbols: dict[str, Symbol],
    labels: dict[str, Label],
) -> None:
    """Label the kernel's output, and what it reads that has as many samples and no label yet."""
    for axis, e in enumerate(kernel.element()):
        if e is split.index:
            labels.setdefault(name, split.label(axis))
    if split.index.size != split.count:
        return
    for r in loads(kernel.body):
        if r.array.name in symbols and r.array.name not in labels and split.index in r.at:
            axis = r.at.index(split.index)
            if r.array.shape[axis] == split.count:
                labels[r.array.name] = Label(axis, 1, split.count, 1)


@dataclass(frozen=True)
class Place:
    """Where the elements of an array with samples innermost lie. In a `local` one there is just one block."""

    array: Array
    label: Label
    lanes: int
    local: bool

    def at(self, at: Sequence[Expr]) -> Affine:
        """The position of an element."""
        label, shape = self.label, self.array.shape
        e, sample = at[label.axis], label.sample(at)
        before = e // (label.inner * label.count)
        rest = [*at[: label.axis], before, e % label.inner, *at[label.axis + 1 :]]
        sizes = [*shape[: label.axis], label.before, label.inner, *shape[label.axis + 1 :]]
        within = position(rest, sizes)
        block, lane = sample // self.lanes, sample % self.lanes
        if not self.local:
            within = affine(block).scaled(math.prod(sizes)).plus(within)
        return within.scaled(self.lanes).plus(affine(lane)).recombined()

    @property
    def block(self) -> int:
        """Elements of a block."""
        return self.lanes * math.prod(self.array.shape) // self.label.count

    @property
    def blocks(self) -> int:
        return -(-self.label.count // self.lanes)

    @property
    def flat(self) -> Array:
        """The array as it lies in memory."""
        size = self.block * (1 if self.local else self.blocks)
        return Array(self.array.name, (size,), self.array.dtype)


def lowered(
    kernel: Kernel, name: str, split: Split | None, places: dict[str, Place], lanes: int, adds: bool
) -> Kernel:
    """The kernel with its sample index in blocks and lanes, and its reads and writes where the arrays lie.

    `adds`: a sum over samples is kept lane by lane, and added to what is there.
    """
    at = kernel.element()
    if split is None:
        return placed(kernel, kernel.out, at, kernel.body, name, places)
    block, lane = Index(-(-split.count // lanes)), Index(lanes)
    before, inner = (Index(n) if n > 1 else Const(0) for n in (split.before, split.inner))
    sample = lanes * block + lane
    whole = (before * split.count + sample) * split.inner + inner
    parts = [i for i in (before, inner) if isinstance(i, Index)]
    body = loop.substituted(kernel.body, {split.index: whole})
    most = [] if split.count % lanes == 0 else [({block: lanes, lane: 1}, 0, split.count - 1)]
    with supposing(most):
        if split.index in kernel.out:
            k = kernel.out.index(split.index)
            out = (block, *kernel.out[:k], *parts, *kernel.out[k + 1 :], lane)
            at = tuple(loop.substituted(e, {split.index: whole}) for e in at)
        elif adds:
            body = within(body, split.index, parts)
            out = (block, *kernel.out, lane)
        else:
            body = within(body, split.index, [block, *parts], [lane])
            result = placed(kernel, kernel.out, at, body, name, places)
            if split.count % lanes:
                result.body = guarded(result.body, lane, loop.less(sample, split.count))
            return result
        result = placed(kernel, out, at, body, name, places)
    if adds:
        kept = position(kernel.out, [i.size for i in kernel.out])
        result.store = kept.scaled(lanes).plus(affine(lane))
    result.block, result.lane, result.adds = block, lane, adds
    result.full, result.left = split.count // lanes, split.count % lanes
    return result


def relocated(e: Expr, places: dict[str, Place]) -> Expr:
    """The expression, reading arrays where their elements lie."""

    def load(read: Load) -> Expr:
        place = places.get(read.array.name)
        return read if place is None else Flat(place.flat, (place.at(read.at).expr(),))

    return loop.rewritten(e, load)


def placed(kernel: Kernel, out, at, body: Expr, name: str, places: dict[str, Place]) -> Kernel:
    """The kernel with these loops and this body; element `at` goes where its array has it."""
    at = [simplify(i) for i in at]
    store = places[name].at(at) if name in places else position(at, kernel.output.shape)
    return replace(kernel, out=tuple(out), body=relocated(simplify(body), places), store=store)


def within(e: Expr, i: Index, outer: Sequence[Index], inner: Sequence[Index] = ()) -> Expr:
    """The reduction over i as one over its parts, around and inside of the others."""
    match e:
        case Reduce() if i in e.over:
            others = (k for k in e.over if k is not i)
            return loop.reduce(e.name, [*outer, *others, *inner], e.body)
        case Reduce():
            return Reduce(e.name, e.over, within(e.body, i, outer, inner))
        case Call():
            return Call(e.name, tuple(within(a, i, outer, inner) for a in e.args), e.dtype)
    return e


def guarded(e: Expr, i: Index, test: Expr) -> Expr:
    """The sum over i with only the terms for which the test holds."""
    match e:
        case Reduce() if i in e.over:
            return Reduce(e.name, e.over, loop.where(test, e.body, Const(0, dtype_of(e.body))))
        case Reduce():
            return Reduce(e.name, e.over, guarded(e.body, i, test))
        case Call():
            return Call(e.name, tuple(guarded(a, i, test) for a in e.args), e.dtype)
    return e


def sums(e: Expr, i: Index) -> bool:
    """Whether whatever reduces over i adds up."""
    match e:
        case Reduce() if i in e.over:
            return e.name == "+"
        case Reduce():
            return sums(e.body, i)
        case Call():
            return all(sums(a, i) for a in e.args)
    return True
