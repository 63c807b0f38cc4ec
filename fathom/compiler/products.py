"""Kernels that are products of matrices: y[f, i, j] = act(sum_k a[f, i, k] b[f, k, j]), and what they take by tiles.

The letters stand for groups of indices: those of both operands, of the left one, of the right one, and those that are
summed over. The operands may lie in memory in any order, but each of their elements has to be read for one value of the
indices only: windows of an image are no matrix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fathom.compiler.affine import Affine
from fathom.compiler.amx import BLOCK
from fathom.compiler.fuse import Kernel, reads_inside
from fathom.compiler.reads import address, depends, position, stride
from fathom.compiler.schedule import top_reduction
from fathom.compiler.split import split
from fathom.compiler.types import FLOAT32
from fathom.core.loop import Call, Expr, Index, Load, Reduce

TILES = 0.5  # what a product in tiles takes, all three terms, in products by float32 vectors
COPY = 20  # what an element takes that is copied, split or read once more, in such products
GAIN = 0.9  # of the time by vectors: what takes longer is better left exact

Indices = Sequence[Index]


@dataclass(frozen=True)
class Product:
    """A kernel around a sum of a[batch, rows, depth] b[batch, depth, columns]; `parts` is what its indices are in those
    of the kernel, of which some are split (split.py)."""

    kernel: Kernel
    sum: Reduce
    body: Expr
    store: Affine
    parts: dict[Index, Expr]
    a: Load
    b: Load
    batch: Indices
    rows: Indices
    columns: Indices
    depth: Indices

    def share(self) -> float:
        """The time that it takes by tiles, copies and all, as a part of that by vectors."""
        rows, columns, depth = map(count, (self.rows, self.columns, self.depth))
        copies = rows * depth * (1 + self.turns(self.a, self.depth))
        copies += columns * depth * (1 + self.turns(self.b, self.columns))
        tiles = TILES * whole(rows) * whole(columns) * whole(depth)
        products = rows * columns * depth
        return (tiles + COPY * (copies + rows * columns)) / products if products else math.inf

    def pays(self) -> bool:
        """Whether that is worth it."""
        return self.share() < GAIN

    def turns(self, read: Load, along: Indices) -> bool:
        """Whether a read is far apart along indices that should be neighbours in memory."""
        last = [i for i in along if i.size > 1][-1:]
        return any(stride(address(read), i) != 1 for i in last)


def product_of(kernel: Kernel, lanes: int) -> Product | None:
    """The product of matrices that a kernel is; None if it is none, or runs with others."""
    if kernel.time is not None or kernel.lane is not None or kernel.borders:
        return None
    store = kernel.store or position(kernel.element(), kernel.output.shape)
    out, body, store, parts = split(kernel.out, kernel.body, store, lanes)
    total = top_reduction(body)
    match total:
        case Reduce(name="+", over=depth, body=Call(name="*", args=(Load() as a, Load() as b))):
            pass
        case _:
            return None
    if any(depends(a, i) for i in out if stride(store, i) == 1 and not depends(b, i)):
        a, b = b, a  # columns are neighbours in the result
    batch = [i for i in out if depends(a, i) and depends(b, i)]
    rows = [i for i in out if not depends(b, i)]
    columns = [i for i in out if depends(b, i) and not depends(a, i)]
    matrices = is_matrix(a, [*batch, *rows, *depth]) and is_matrix(b, [*batch, *columns, *depth])
    if not matrices:
        return None
    return Product(kernel, total, body, store, parts, a, b, batch, rows, columns, depth)


def is_matrix(read: Load, indices: Indices) -> bool:
    """Whether a read goes in steps through a float32 array, and for no two values of the indices to one element."""
    steps = [stride(address(read), i) for i in indices if i.size > 1]
    apart = all(steps) and count(indices) <= math.prod(read.array.shape)
    return apart and read.array.dtype == FLOAT32 and reads_inside(read)


def whole(size: int) -> int:
    """The size, filled up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def count(indices: Indices) -> int:
    """How many values the indices have together."""
    return math.prod(i.size for i in indices)
