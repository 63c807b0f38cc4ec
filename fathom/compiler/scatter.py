"""Sums in which each term belongs to one row: y[n] = sum_i [index_i = n] x_i, the gradient of a table's rows.

Read as it is written, every row looks at every term. Turned around, every term is added to its row: a tile clears
its rows, goes through the terms, and takes those that are its own, always in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fathom.compiler.emit import Emitter
from fathom.compiler.fuse import Kernel
from fathom.compiler.instructions import convert
from fathom.compiler.reads import position
from fathom.compiler.text import BOOL, INT64, Value, number
from fathom.core.loop import Array, Call, Const, Expr, Index, Reduce, mentions

FEW = 8  # rows: so few are better summed one by one


@dataclass(frozen=True)
class Scatter:
    """The kernel's sum: the term `value` goes to row `number` of the index `row`."""

    row: Index
    number: Expr
    value: Expr
    over: tuple[Index, ...]


def scattered(kernel: Kernel) -> Scatter | None:
    """How the kernel scatters; None if it does not."""
    match kernel.body:
        case Reduce(
            name="+",
            over=over,
            body=Call(name="where", args=(Call(name="==", args=(a, b)), value, Const(value=0))),
        ):
            for row, term in ((a, b), (b, a)):
                if (
                    isinstance(row, Index)
                    and row in kernel.out
                    and row.size > FEW
                    and not any(mentions(term, i) for i in kernel.out)
                    and not mentions(value, row)
                ):
                    return Scatter(row, term, value, over)
    return None


class ScatterEmitter(Emitter):
    """Writes a kernel that scatters."""

    def __init__(self, kernel: Kernel, output: Array, lanes: int):
        found = scattered(kernel)
        assert found is not None
        self.scatter = found
        store = kernel.store or position(kernel.element(), kernel.output.shape)
        rest = tuple(i for i in kernel.out if i is not found.row)
        super().__init__(replace(kernel, out=rest, body=found.value, store=store), output, lanes)
        self.inner = self.schedule
        self.schedule = replace(self.inner, out=(found.row, *self.inner.out))

    def nest(self, loops: list[Index], low: Value | None = None, high: Value | None = None) -> None:
        """The rows from low to high: 0 first, then the terms that belong to them."""
        if low is None or high is None:
            super().nest(loops)
            return
        rest = loops[1:]
        self.kernel = replace(self.kernel, adds=False)
        self.schedule = replace(self.inner, body=Const(0, self.output.dtype), unrolled={})
        self.loop(self.scatter.row, low, high, 1, lambda: self.start(rest))
        self.kernel = replace(self.kernel, adds=True)
        self.schedule = replace(self.inner, out=(self.scatter.row, *self.inner.out))
        self.terms(list(self.scatter.over), rest, low, high)

    def start(self, rest: list[Index]) -> None:
        super().nest(rest)

    def terms(self, over: list[Index], rest: list[Index], low: Value, high: Value) -> None:
        """Each term, added to its row if the row is one of these."""
        if over:
            i = over[0]
            self.loop(
                i, number(0), number(i.size), 1, lambda: self.terms(over[1:], rest, low, high)
            )
            return
        row = convert(self.t, self.value(self.scatter.number), INT64)
        inside = self.t.binary(
            "and",
            self.t.binary("icmp sge", row, low, BOOL),
            self.t.binary("icmp slt", row, high, BOOL),
        )
        following = self.t.binary("add", row, number(1))
        stop = self.t.select(inside, following, row)  # one round, or none
        self.loop(self.scatter.row, row, stop, 1, lambda: self.start(rest))
