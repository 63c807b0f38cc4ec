"""Copies that turn an array around: y[.., i, .., j] = x[.., j, .., i], by squares held in registers.

Read along one index and written along another, a copy element by element jumps through memory on one side. A square of
as many rows as a vector has lanes is read row by row, turned around between registers, and written row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fathom.compiler.affine import Affine
from fathom.compiler.emit import Emitter
from fathom.compiler.fuse import Kernel, reads_inside
from fathom.compiler.reads import address, position, stride
from fathom.compiler.schedule import Schedule, collapsed
from fathom.compiler.split import split
from fathom.compiler.text import BOOL, Value, number
from fathom.core.loop import Array, Expr, Index, Load


@dataclass(frozen=True)
class Turn:
    """A copy: its loops, the read, the place of the element, and the indices along which it is written and read."""

    out: Sequence[Index]
    read: Load
    store: Affine
    written: Index
    along: Index


def turned(kernel: Kernel, lanes: int) -> Turn | None:
    """How the kernel turns an array around; None if it does not."""
    read = kernel.body
    if not isinstance(read, Load) or not reads_inside(read):
        return None
    if kernel.adds or kernel.left or read.array.dtype.kind == "b":
        return None
    store = kernel.store or position(kernel.element(), kernel.output.shape)
    out, read, store = loops_of(kernel, read, store, lanes)
    assert isinstance(read, Load)
    form = address(read)
    if any(stride(form, i) is None for i in out) or read.array.dtype != kernel.output.dtype:
        return None
    large = [i for i in out if i.size >= lanes]
    written = [i for i in large if stride(store, i) == 1 and stride(form, i) not in (0, 1)]
    along = [i for i in large if stride(form, i) == 1 and stride(store, i) != 1]
    return Turn(out, read, store, written[0], along[0]) if written and along else None


def loops_of(
    kernel: Kernel, read: Expr, store: Affine, lanes: int
) -> tuple[Sequence[Index], Expr, Affine]:
    """The loops of a copy, its read and the place of its element, with as few indices as the addresses need: split
    where they are divided, and with samples in the lanes as long as can be."""
    if kernel.lane is None:
        out, read, store, _ = split(kernel.out, read, store, lanes)
        return out, read, store
    return collapsed(list(kernel.out), read, store, (kernel.block, kernel.lane))


class TurnEmitter(Emitter):
    """Writes a kernel that turns an array around."""

    def __init__(self, kernel: Kernel, output: Array, lanes: int):
        super().__init__(kernel, output, lanes)
        turn = turned(kernel, lanes)
        assert turn is not None
        self.turn = turn
        pair = (turn.written, turn.along)
        rest = sorted(
            (i for i in turn.out if i not in pair),
            key=lambda i: i.size == 1 and i is not kernel.block,
        )  # the first is shared out to threads
        self.schedule = Schedule(
            (*rest, *pair), turn.read, turn.store, turn.written, {}, across=False
        )

    def nest(self, loops: list[Index], low: Value | None = None, high: Value | None = None) -> None:
        """The loops around the squares, then the squares."""
        if loops[0] is not self.turn.written:
            super().nest(loops, low, high)
            return
        i, n = loops[0], self.lanes
        start, stop = low or number(0), high or number(i.size)
        main = self.until(start, stop, n)
        self.loop(i, start, main, n, lambda: self.squares(None))
        self.loop(i, main, stop, n, lambda: self.squares(self.t.minus(stop, self.at[i])))

    def squares(self, rows: Value | None) -> None:
        """The squares along the index that is read; `rows` of each count, or all."""
        k, n = self.turn.along, self.lanes
        main = k.size - k.size % n
        self.loop(k, number(0), number(main), n, lambda: self.square(rows, None))
        if k.size % n:
            self.at[k] = number(main)
            self.square(rows, number(k.size % n))

    def square(self, rows: Value | None, columns: Value | None) -> None:
        """Read, turn around, write; under a mask where not all rows and columns count."""
        i, k = self.turn.written, self.turn.along
        values = []
        for r in range(self.lanes):
            self.beside[i] = r
            self.wide, self.mask = k, self.within(columns, rows, r)
            values.append(self.load(self.turn.read))
        self.beside.clear()
        for c, value in enumerate(self.around(values)):
            self.beside[k] = c
            self.wide, self.mask = i, self.within(rows, columns, c)
            self.store(value, self.turn.store)
        self.beside.clear()
        self.wide, self.mask = None, None

    def within(self, lanes: Value | None, count: Value | None, k: int) -> Value | None:
        """The mask of so many lanes, of none where k is not below `count`."""
        mask = None
        if lanes is not None:
            mask = self.t.binary("icmp slt", self.lane_numbers(), lanes, BOOL)
        if count is not None:
            row = self.t.splat(self.t.binary("icmp sgt", count, number(k), BOOL), self.lanes)
            mask = row if mask is None else self.t.binary("and", mask, row)
        return mask

    def around(self, rows: list[Value]) -> list[Value]:
        """The columns of a square as vectors: halves are interleaved until each element is in its place."""
        n = len(rows)
        for _ in range(n.bit_length() - 1):
            pairs = [(rows[k], rows[k + n // 2]) for k in range(n // 2)]
            rows = [
                half for a, b in pairs for half in (self.mixed(a, b, 0), self.mixed(a, b, n // 2))
            ]
        return rows

    def mixed(self, a: Value, b: Value, first: int) -> Value:
        """a and b's lanes by turns, from one lane on."""
        n = self.lanes
        order = ", ".join(f"i32 {first + k // 2 + n * (k % 2)}" for k in range(n))
        return self.t.op(f"shufflevector {a}, {b}, <{n} x i32> <{order}>", a.dtype, n)
