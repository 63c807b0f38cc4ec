r"""Products of float32 matrices in halves: three products of bfloat16 numbers, where a matrix unit makes these fast.

Each number is split in two of 8 bits, $x = h + l$ with $h$ the bfloat16 number nearest to x and $l$ the one nearest to
$x - h$. The sum of products keeps three of the four terms,

$$\sum_k a_{ik}\, b_{kj} \approx \sum_k h^a_{ik}\, l^b_{kj} + h^a_{ik}\, h^b_{kj} + l^a_{ik}\, h^b_{kj},$$

in float32. What is left out, $l^a l^b$ and what h and l leave of x, is at most $3 \cdot 2^{-18}$ of |a b| for each
term; errors of long sums are about 5e-6 of the largest, where float32's are 5e-7. (Henry, Tang, Heinecke: Leveraging
the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations, ARITH 2019.)

A kernel y = act(sum + bias) becomes four: both operands split, in the order in which tiles want them; their product;
y = act(product + bias). Sizes are filled up to whole tiles in the copies, the sum with zeros.

    a[f, m, s, q, r, k]        of row 16 m + r and column 32 q + k: h where s = 0, l where s = 1
    b[f, n, s, q, p, c, e]     of row 32 q + 2 p + e and column 16 n + c

Infinity splits into h = inf and l = nan, so its products are nan where float32 gave inf or nan; so do numbers above
3.39e38, which round to infinity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from fathom.compiler.affine import Affine, affine, simplify
from fathom.compiler.amx import BLOCK, SIDE
from fathom.compiler.fuse import Host, Kernel
from fathom.compiler.products import Indices, Product, count, product_of, whole
from fathom.compiler.reads import position, stride
from fathom.compiler.regions import Phase, Plan
from fathom.compiler.types import BFLOAT16, FLOAT32, INT32
from fathom.core.loop import (
    Array,
    Call,
    Const,
    Expr,
    Index,
    Load,
    Reduce,
    cast,
    every,
    less,
    ravel,
    rewritten,
    substituted,
    unravel,
    where,
)
from fathom.core.tracing import Symbol


def halved(plan: Plan, lanes: int) -> Plan:
    """The plan with large products of matrices in halves."""
    phases: list[Phase | Host] = []
    for phase in plan.phases:
        product = paying(phase, lanes)
        if product is None:
            phases.append(phase)
        else:
            phases += [Phase([kernel]) for kernel in Halves(product, plan.names).kernels()]
    return Plan(phases, plan.names, plan.places)


def paying(phase: Phase | Host, lanes: int) -> Product | None:
    """The product of matrices that a phase is, if it is worth it."""
    if isinstance(phase, Host) or phase.region or not isinstance(phase.items[0], Kernel):
        return None
    product = product_of(phase.items[0], lanes)
    return product if product is not None and product.pays() else None


class Halves:
    """The kernels that a product becomes. Each of its four groups of indices is one index here: f, i = 16 m + r,
    j = 16 n + c, k = 32 q + 2 p + e; and s tells h and l apart."""

    def __init__(self, product: Product, names: dict[Symbol, str]):
        self.product, self.names = product, names
        groups = product.batch, product.rows, product.columns, product.depth
        self.f, self.i, self.j, self.k = map(count, groups)
        self.made: list[Kernel] = []

    def kernels(self) -> list[Kernel]:
        """The kernels, in their order."""
        a, b = self.left(), self.right()
        ready = self.multiplied(a, b)
        p, kernel = self.product, self.product.kernel
        if ready is not None:
            groups = p.batch, p.rows, p.columns
            at = [ravel(group, [i.size for i in group]) for group in groups]
            body = rewritten(p.body, found={id(p.sum): ready[at]})
            body = simplify(substituted(body, p.parts))
            self.made.append(replace(kernel, body=body))
        return self.made

    def array(self, word: str, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Symbol, Array]:
        """A new array."""
        near = self.product.kernel.output
        y = Symbol(near.level, shape, dtype, near.graph)
        self.names[y] = name = f"{word}{len(self.names)}"
        return y, Array(name, shape, dtype)

    def make(
        self, y: Symbol, out: tuple[Index, ...], body: Expr, at: tuple[Expr, ...] | None = None
    ) -> None:
        """A kernel that makes a new array."""
        store = position(out if at is None else at, y.shape)
        self.made.append(Kernel(y, out, body, at, store=store))

    def left(self) -> Array:
        """The kernel that splits a."""
        p = self.product
        shape = (self.f, whole(self.i) // SIDE, 2, whole(self.k) // BLOCK, SIDE, BLOCK)
        y, array = self.array("split", shape, BFLOAT16)
        out = f, m, s, q, r, k = tuple(Index(size) for size in shape)
        x = self.read(p.a, (p.batch, p.rows, p.depth))((f, m * SIDE + r, q * BLOCK + k))
        self.make(y, out, simplify(where(less(s, 1), high(x), low(x))))
        return array

    def right(self) -> Array:
        """The kernel that splits b, rows of which come in pairs; what it makes is read as single numbers."""
        product = self.product
        shape = (self.f, whole(self.j) // SIDE, 2, whole(self.k) // BLOCK, SIDE, SIDE)
        y, array = self.array("split", shape, INT32)
        out = f, n, s, q, p, c = tuple(Index(size) for size in shape)
        read = self.read(product.b, (product.batch, product.depth, product.columns))
        xs = [read((f, q * BLOCK + p * 2 + e, n * SIDE + c)) for e in range(2)]
        body = where(less(s, 1), paired(*map(high, xs)), paired(*map(low, xs)))
        self.make(y, out, simplify(body))
        return Array(array.name, (*shape, 2), BFLOAT16)

    def read(self, read: Load, groups: Sequence[Indices]) -> Callable[[Sequence[Expr]], Expr]:
        """A matrix as a function of three indices: 0 outside. If it lies across it is turned around first."""
        if self.product.turns(read, groups[-1]):
            read = self.turned(read, [i for group in groups for i in group])

        def element(at: Sequence[Expr]) -> Expr:
            pairs = list(zip(groups, at, strict=True))
            ends = [(i, count(g)) for g, i in pairs if affine(i).range()[1] >= count(g)]
            return within([less(i, end) for i, end in ends], substituted(read, values(pairs)))

        return element

    def turned(self, read: Load, order: Indices) -> Load:
        """The read in a copy whose axes have this order."""
        fresh = {i: Index(i.size) for i in order}
        y, array = self.array("packed", tuple(i.size for i in order), FLOAT32)
        self.make(y, tuple(fresh.values()), simplify(substituted(read, fresh)))
        return array[order]

    def multiplied(self, a: Array, b: Array) -> Array | None:
        """The kernel that multiplies: the array of its sums; None if they are what the product's kernel makes."""
        out = f, m, r, n, c = tuple(map(Index, (self.f, a.shape[1], SIDE, b.shape[1], SIDE)))
        over = q, p, e = Index(a.shape[3]), Index(SIDE), Index(2)

        def term(s: int, t: int) -> Expr:
            x, y = a[f, m, s, q, r, p * 2 + e], b[f, n, t, q, p, c, e]
            return cast(x, FLOAT32) * cast(y, FLOAT32)

        body = Reduce("+", over, term(0, 1) + term(0, 0) + term(1, 0))
        result, store = self.product.kernel.output, self.straight(out)
        if store is not None:
            at = unravel(store.expr(), result.shape)
            self.made.append(Kernel(result, out, body, at, store=store))
            return None
        y, array = self.array("product", (self.f, m.size * SIDE, n.size * SIDE), FLOAT32)
        self.make(y, out, body, (f, m * SIDE + r, n * SIDE + c))
        return array

    def straight(self, out: tuple[Index, ...]) -> Affine | None:
        """Where the sums lie in the result, if they are all of it and tiles can be written there."""
        p, (f, m, r, n, c) = self.product, out
        filled = self.i == m.size * SIDE and self.j == n.size * SIDE
        if p.body != p.sum or not filled or p.kernel.output.dtype != FLOAT32:
            return None
        groups = (p.batch, f), (p.rows, m * SIDE + r), (p.columns, n * SIDE + c)
        store = affine(substituted(p.store.expr(), values(groups))).recombined()
        steps = [stride(store, index) for index in out]
        return store if None not in steps and steps[3:] == [SIDE, 1] else None


def values(groups: Iterable[tuple[Indices, Expr]]) -> dict[Index, Expr]:
    """The indices of each group in one index that runs through all their values."""
    found: dict[Index, Expr] = {}
    for group, whole_index in groups:
        sizes = [i.size for i in group]
        found |= dict(zip(group, unravel(whole_index, sizes), strict=True))
    return found


def within(tests: Sequence[Expr], x: Expr) -> Expr:
    """x where all tests hold, 0 elsewhere."""
    return where(every(tests), x, Const(0.0, FLOAT32)) if tests else x


def high(x: Expr) -> Expr:
    """The bfloat16 number nearest to x."""
    return cast(x, BFLOAT16)


def low(x: Expr) -> Expr:
    """The one nearest to what that leaves."""
    return cast(x - cast(high(x), FLOAT32), BFLOAT16)


def paired(x: Expr, y: Expr) -> Expr:
    """Two bfloat16 numbers in the place of one int32."""
    return Call("pair", (x, y), INT32)
