r"""Products of bfloat16 matrices by AMX, Intel's matrix unit: eight registers, tiles, of 16 rows of 64 bytes.

    ldtilecfg                     the shapes of the tiles: here all are whole
    tilezero, tileloadd64         a tile of zeros; one from 16 rows of memory that are so many bytes apart
    tdpbf16ps                     c[m, n] += sum_{p, e} a[m, 2 p + e] b[p, 2 n + e], into 16 x 16 float32
    tilestored64, tilerelease     a tile to memory; all tiles given back

A block of 32 x 32 sums is held in four tiles; two tiles of each operand serve four products. The tiles get their shapes
when a kernel is called and are given back when it returns, so nothing of them is left in a thread.
"""

from __future__ import annotations

from dataclasses import replace

from fathom.compiler.affine import Affine
from fathom.compiler.emit import Emitter
from fathom.compiler.fuse import Kernel
from fathom.compiler.reads import address, loads, stride
from fathom.compiler.schedule import Schedule
from fathom.compiler.text import INT64, Value, number
from fathom.compiler.types import BFLOAT16
from fathom.core.loop import Array, Const, Index, Load, Reduce

SIDE = 16  # rows of a tile, and pairs of bfloat16 numbers in a row
TWO = 2  # tiles along each side of a block of sums
BLOCK = TWO * SIDE  # sums along that side
SUMS, LEFT, RIGHT = 0, 4, 6  # the first tile of the block, and of each operand
TILE = SIDE * 64  # bytes
NEAR = 1 << 20  # bytes of an operand that are read again and again: half of the second cache
SHORT = 4  # steps of a strip, at least: sums come from memory before them, and go there after
# The palette; the bytes in a row of each tile, as numbers of two bytes; the rows of each.
SHAPES = bytes([1, *[0] * 15, *[64, 0] * 8, *[0] * 16, *[SIDE] * 8, *[0] * 8])
SQUARE = [(r, c) for r in range(TWO) for c in range(TWO)]
INSTRUCTIONS = {
    "ldtilecfg": "ptr",
    "tilezero": "i8 immarg",
    "tileloadd64": "i8 immarg, ptr, i64",
    "tdpbf16ps": "i8 immarg, i8 immarg, i8 immarg",
    "tilestored64": "i8 immarg, ptr, i64",
    "tilerelease": "",
}


def by_tiles(kernel: Kernel) -> bool:
    """Whether the kernel is a sum of products of bfloat16 numbers (halves.py makes these, and nobody else)."""
    reads = loads(kernel.body)
    return bool(reads) and all(read.array.dtype == BFLOAT16 for read in reads)


class TileEmitter(Emitter):
    """Writes such a kernel. Its loops are (f, m, r, n, c): a product of matrices for each f, of which row 16 m + r and
    column 16 n + c are computed. Its sum is over (q, p, e), and its terms are, each with constants for h and l,

        a[f, m, h, q, r, 2 p + e] b[f, n, l, q, p, c, e]
    """

    def __init__(self, kernel: Kernel, output: Array, lanes: int):
        super().__init__(replace(kernel, body=Const(0, output.dtype)), output, lanes)
        assert isinstance(kernel.body, Reduce) and kernel.store is not None
        self.kernel = kernel
        self.f, self.m, self.r, self.n, self.c = kernel.out
        self.q, self.p, self.e = kernel.body.over
        reads = loads(kernel.body)
        self.terms = list(zip(reads[::2], reads[1::2], strict=True))
        self.inner, self.outer = sorted((self.m, self.n), key=lambda i: i.size)
        self.count = self.outer.size // TWO
        self.unit = Index(self.f.size * self.count)  # threads share out the longer side
        loops = (self.unit, self.inner)
        self.schedule = Schedule(loops, kernel.body, kernel.store, None, {}, across=False)

    def nest(self, loops: list[Index], low: Value | None = None, high: Value | None = None) -> None:
        """The blocks of the units from low to high: all of them for one strip of the sum, then for the next, so that
        what every unit reads stays near."""
        assert low is not None and high is not None
        shapes = "".join(f"\\{byte:02X}" for byte in SHAPES)
        self.t.declared.add(f'@tile_shapes = internal constant [64 x i8] c"{shapes}"')
        self.instruct("ldtilecfg", "ptr @tile_shapes")
        for i in (self.r, self.c, self.p, self.e):
            self.at[i] = number(0)
        size, length = self.q.size, self.strip_length()
        self.units(low, high, number(0), number(min(length, size)), begun=False)

        def strip() -> None:
            start = self.at.pop(self.q)
            end = self.t.binary("add nsw", start, number(length))
            end = self.t.call("llvm.smin.i64", INT64, 0, end, number(size))
            self.units(low, high, start, end, begun=True)

        self.loop(self.q, number(length), number(size), length, strip)
        self.instruct("tilerelease")

    def strip_length(self) -> int:
        """Steps of the sum after which both halves of the inner operand fill the cache."""
        return max(NEAR // (2 * self.inner.size * TILE), SHORT)

    def units(self, low: Value, high: Value, start: Value, end: Value, begun: bool) -> None:
        """The blocks of each unit, with the sums from start to end."""

        def unit() -> None:
            here, count = self.at[self.unit], number(self.count)
            self.at[self.f] = self.t.binary("udiv", here, count)
            self.at[self.outer] = self.times(self.t.binary("urem", here, count), TWO)
            self.loop(self.inner, number(0), number(self.inner.size), TWO, block)

        def block() -> None:
            for r, c in SQUARE:
                tile = f"i8 {SUMS + TWO * r + c}"
                if begun:
                    self.instruct("tileloadd64", f"{tile}, {self.sums_at(r, c)}")
                else:
                    self.instruct("tilezero", tile)
            self.loop(self.q, start, end, 1, self.step)
            del self.at[self.q]
            for r, c in SQUARE:
                self.instruct("tilestored64", f"i8 {SUMS + TWO * r + c}, {self.sums_at(r, c)}")

        self.loop(self.unit, low, high, 1, unit)

    def step(self) -> None:
        """A step of all terms. A tile that is there from the term before is not loaded again."""
        there: list[Load | None] = [None, None]
        for a, b in self.terms:
            for k in range(TWO):
                if a != there[0]:
                    self.load_tile(LEFT + k, a, {self.m: k}, self.r)
                if b != there[1]:
                    self.load_tile(RIGHT + k, b, {self.n: k}, self.p)
            there = [a, b]
            for r, c in SQUARE:
                tiles = SUMS + TWO * r + c, LEFT + r, RIGHT + c
                self.instruct("tdpbf16ps", ", ".join(f"i8 {tile}" for tile in tiles))

    def load_tile(self, tile: int, read: Load, offset: dict[Index, int], row: Index) -> None:
        """Load a tile whose rows are counted by an index."""
        self.used[read.array.name] = read.array
        where = self.rows(read.array, address(read), offset, row)
        self.instruct("tileloadd64", f"i8 {tile}, {where}")

    def sums_at(self, r: int, c: int) -> str:
        """Where a tile of the block lies."""
        return self.rows(self.output, self.schedule.store, {self.m: r, self.n: c}, self.r)

    def rows(self, array: Array, form: Affine, offset: dict[Index, int], row: Index) -> str:
        """The address of a tile's first row, and how many bytes lie between two."""
        apart = stride(form, row)
        assert apart is not None
        self.beside = offset
        pointer = self.pointer(array, *self.base(form))
        return f"ptr {pointer}, i64 {apart * array.dtype.itemsize}"

    def instruct(self, name: str, args: str = "") -> None:
        """One of the instructions."""
        self.t.declared.add(f"declare void @llvm.x86.{name}({INSTRUCTIONS[name]})")
        self.t.put(f"call void @llvm.x86.{name}({args})")
