"""Kernels as a person would write them: nested loops in Python's words, with the expression of each element.

for i in range(19):
    for j in range(21):
        s = 0
        for k in range(23):
            s += a0[i, k] * a1[k, j]
        a2[i, j] = tanh(s)
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence

from fathom.compiler.affine import Affine, affine, divided
from fathom.compiler.fuse import Kernel
from fathom.compiler.types import dtype_of
from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce

LETTERS = "ijklmnopqrwyzcdefgh"  # of loops; b, t, v and s, u have meanings of their own
# How tightly an operator binds; what is no operator is written as a call.
STRENGTH = {"or": 1, "and": 2, "not": 3, "<": 4, "<=": 4, "==": 4, "bitor": 5, "xor": 6, "bitand": 7,
            "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "//": 10, "%": 10, "neg": 11}  # fmt: skip
SIGNS = {"bitor": "|", "xor": "^", "bitand": "&"}
TIGHT = 12
START = {"+": "0", "*": "1", "max": "-inf", "min": "inf"}
SHARED = 4  # nodes of an expression that gets a name if it is used twice


def kernel_lines(
    kernel: Kernel, output: Array, around: tuple[Index, ...] = (), rows: tuple[int, int] = (0, 0)
) -> list[str]:
    """The lines of one kernel that writes to `output`, without the loops that stand around it already; of `rows`, which
    are so many, a block of so many that begins with row b."""
    return Writer(kernel, output, around, rows).lines


def leading_indices(out: Sequence[Index], rows: int) -> Sequence[Index]:
    """The first of the loops, which together count so many rows; none where rows are 0."""
    ends = [d for d in range(len(out) + 1) if math.prod(i.size for i in out[:d]) == rows]
    return out[: ends[0]] if ends else ()


def fresh_letters() -> Iterator[str]:
    """i, j, k, ... and then i1, j1, ..."""
    for round in itertools.count():
        yield from (letter + (str(round) if round else "") for letter in LETTERS)


class Writer:
    """The lines of a kernel as they grow."""

    def __init__(
        self, kernel: Kernel, output: Array, around: tuple[Index, ...], rows: tuple[int, int]
    ):
        self.lines: list[str] = []
        self.depth = 0
        self.letters = fresh_letters()
        # t is the time, b a block of samples, v one of them
        self.names = {kernel.time: "t", kernel.block: "b", kernel.lane: "v"}
        self.known: dict[Expr, str] = {}  # what has a name
        self.sums, self.parts = itertools.count(), itertools.count()
        leading = leading_indices(kernel.out, rows[0])
        if leading:
            self.open_block(leading, *rows)
        for i in kernel.out[len(leading) :]:
            if i is kernel.lane and kernel.left:
                self.put(f"for v in range({i.size} if b < {kernel.full} else {kernel.left}):")
                self.depth += 1
            elif i not in around:
                self.open_loop(i)
        value = self.expression(kernel.body)
        target = self.element(output.name, self.target(kernel, output))
        self.put(f"{target} {'+=' if kernel.adds else '='} {value}")

    def target(self, kernel: Kernel, output: Array) -> tuple[Expr, ...]:
        """Where the kernel writes: an element, or a position in an array whose samples are innermost. What adds
        up over a tile adds to the tile's own part."""
        if kernel.store is None:
            return kernel.element()
        if output.shape != kernel.output.shape:
            return (kernel.store.expr(),)
        form, at = kernel.store, []
        for size in reversed(output.shape[1:]):
            form, rest = divided(form, size)
            at.append(rest.expr())
        at += [form.expr()] if output.shape else []
        if kernel.adds:
            at[-1] = tile = Index(2)
            self.names[tile] = "tile"
        return tuple(reversed(at))

    def put(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def open_loop(self, i: Index) -> None:
        """The head of a loop; none for a single value."""
        if i.size == 1:
            self.names[i] = "0"
            return
        if i not in self.names:
            self.names[i] = next(self.letters)
        self.put(f"for {self.names[i]} in range({i.size}):")
        self.depth += 1

    def open_block(self, leading: Sequence[Index], rows: int, block: int) -> None:
        """The head of a loop over the rows of a block, which several indices may count."""
        for i in leading:
            self.names[i] = "0" if i.size == 1 else next(self.letters)
        counting = [i for i in leading if i.size > 1]
        names = [self.names[i] for i in counting]
        end = f"b + {block}" if rows % block == 0 else f"min(b + {block}, {rows})"
        self.put(f"for {'row' if len(names) > 1 else names[0]} in range(b, {end}):")
        self.depth += 1
        if len(names) > 1:
            sizes = [math.prod(k.size for k in counting[d + 1 :]) for d in range(len(counting))]
            parts = [f"row // {size} % {i.size}" for i, size in zip(counting, sizes, strict=True)]
            parts[0], parts[-1] = f"row // {sizes[0]}", f"row % {counting[-1].size}"
            self.put(f"{', '.join(names)} = {', '.join(parts)}")

    def expression(self, e: Expr) -> str:
        """The text of e, after lines that name its sums and what it needs twice."""
        counts = Counter(parts_of(e))
        for part in parts_of(e):  # the innermost first
            if isinstance(part, Reduce):
                self.reduction(part)
            elif part is not e and counts[part] > 1 and size(part) >= SHARED:
                self.name(part)
        return self.text(e)

    def name(self, part: Expr) -> None:
        """Give an expression a name."""
        if part not in self.known:
            value, number = self.text(part), next(self.parts)
            self.known[part] = f"u{number or ''}"
            self.put(f"{self.known[part]} = {value}")

    def reduction(self, e: Reduce) -> None:
        """The loops of a sum (or product, or extreme), and the name of its result."""
        if e in self.known:
            return
        number = next(self.sums)
        total = f"s{number or ''}"
        outside, depth = dict(self.known), self.depth
        self.put(f"{total} = {START[e.name]}")
        for i in e.over:
            self.open_loop(i)
        body = e.body
        if e.name == "+" and isinstance(body, Call) and body.name == "where":
            test, value, zero = body.args
            if isinstance(zero, Const) and zero.value == 0:
                self.put(f"if {self.expression(test)}:")
                self.depth += 1
                body = value
        value = self.expression(body)
        if e.name in "+*":
            self.put(f"{total} {e.name}= {value}")
        else:
            self.put(f"{total} = {e.name}({total}, {value})")
        self.depth, self.known = depth, outside | {e: total}

    def text(self, e: Expr, tighter_than: int = 0) -> str:
        """One line, in brackets where something around it binds more tightly."""
        if e in self.known:
            return self.known[e]
        result, strength = self.bare(e)
        return f"({result})" if strength <= tighter_than else result

    def bare(self, e: Expr) -> tuple[str, int]:
        """The text of e, and how tightly it binds."""
        match e:
            case Const(value=value):
                return number(value), 11 if isinstance(value, (int, float)) and value < 0 else TIGHT
            case Index():
                return self.names[e], TIGHT
            case Load(array=array, at=at):
                return self.element(array.name, at), TIGHT
            case Call(name="cast", args=(a,)):
                if dtype_of(a) in (e.dtype, None):
                    return self.bare(a)
                return f"{e.dtype}({self.text(a)})", TIGHT
            case Call(name="where", args=(test, a, b)):
                return f"{self.text(a)} if {self.text(test)} else {self.text(b)}", 0
            case Call(name="not", args=(Call(name="==", args=(a, b)),)):
                return f"{self.text(a, 4)} != {self.text(b, 4)}", 4
            case Call(name="neg" | "not" as name, args=(a,)):
                sign = "-" if name == "neg" else "not "
                return sign + self.text(a, STRENGTH[name] - 1), STRENGTH[name]
            case Call(name=name, args=(a, b)) if name in STRENGTH:
                strength = STRENGTH[name]
                left = self.text(a, strength - 1)
                chain = isinstance(b, Call) and b.name == name in ("+", "*", "and", "or")
                right = self.text(b, strength - chain)
                return f"{left} {SIGNS.get(name, name)} {right}", strength
            case Call(name=name, args=args):
                return f"{name}({', '.join(map(self.text, args))})", TIGHT
        raise AssertionError(e)

    def element(self, name: str, at: tuple[Expr, ...]) -> str:
        """An element of an array; a single number has no index."""
        return f"{name}[{', '.join(self.index(i) for i in at)}]" if at else name

    def index(self, e: Expr) -> str:
        """An index, worked out, without what is always 0."""
        form = affine(e)
        terms = {a: c for a, c in form.terms.items() if not (isinstance(a, Index) and a.size == 1)}
        return self.text(Affine(form.const, terms).expr())


def parts_of(e: Expr) -> Iterator[Expr]:
    """The calls and reductions in e, inner before outer; not those inside a reduction, whose indices it binds."""
    if isinstance(e, Call):
        for a in e.args:
            yield from parts_of(a)
    if isinstance(e, (Call, Reduce)):
        yield e


def size(e: Expr) -> int:
    """How many calls and reads an expression has."""
    if isinstance(e, Call):
        return (e.name not in ("cast", "neg")) + sum(map(size, e.args))
    return 1


def number(value: object) -> str:
    """A constant in a few digits."""
    if isinstance(value, float):
        if math.isinf(value) or math.isnan(value):
            return str(value)
        return f"{value:.6g}"
    return str(value)
