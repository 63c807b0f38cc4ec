"""A scheduled kernel as LLVM assembly: one function of its arrays and of the range of its outermost loop.

Vectors are explicit: the vector index stands for `lanes` neighbouring elements at once, the last ones under
a mask. Reads that a condition guards are masked too, so that nothing outside of an array is touched.
"""

from __future__ import annotations

import itertools

import numpy as np

from fathom.compiler.ahead import lines_ahead
from fathom.compiler.choices import written_out
from fathom.compiler.functions import START
from fathom.compiler.fuse import Kernel, reductions
from fathom.compiler.instructions import convert, extreme
from fathom.compiler.reads import Flat
from fathom.compiler.schedule import scheduled
from fathom.compiler.text import (
    BOOL,
    FLOAT32,
    INT64,
    Value,
    literal,
    number,
    whole,
)  # fmt: skip
from fathom.compiler.types import dtype_of
from fathom.compiler.values import Values
from fathom.core.loop import Array, Call, Expr, Index, Load, Reduce, mentions


class Emitter(Values):
    """Writes one kernel."""

    def __init__(self, kernel: Kernel, output: Array, lanes: int):
        super().__init__(output, lanes)
        self.kernel, self.schedule = kernel, scheduled(kernel, lanes)
        self.copies: dict[Index, range] = {}  # what is computed side by side now
        self.sums: dict[Reduce, Value] = {}  # the reductions that are known here
        self.ranges: dict[Index, tuple[Value, Value]] = {}  # where a strip of a sum begins and ends

    def function(self, name: str) -> str:
        """The whole function."""
        s = self.schedule
        low, high = Value("%low", INT64), Value("%high", INT64)
        if self.kernel.time is not None:
            self.at[self.kernel.time] = Value("%time", INT64)
        if s.strip is None:
            self.nest(list(s.out), low, high)
        else:
            k, length = s.strip
            self.loop(k, number(0), number(k.size), length, lambda: self.strip(k, low, high))
        given = []
        for k, array in enumerate(self.used):
            given += [
                f"  %{array}.at = getelementptr ptr, ptr %arrays, i64 {k}",
                f"  %{array} = load ptr, ptr %{array}.at",
            ]
        body = "\n".join([*given, *self.t.entry, *self.t.lines])
        span = "i64 %low, i64 %high, i64 %time"
        return f"define internal void @{name}(ptr %arrays, {span}) #0 {{\nentry:\n{body}\n  ret void\n}}\n"

    def nest(self, loops: list[Index], low: Value | None = None, high: Value | None = None) -> None:
        """The loops from the outermost in; the first runs from low to high."""
        if not loops:
            self.write()
            return
        i, rest = loops[0], loops[1:]
        start, stop = low or number(0), high or number(i.size)
        s = self.schedule
        before = self.held
        if s.choice is None and not reductions(s.body):  # it takes registers, which sums need
            self.held = before | self.fixed(s.body, loops)
        if i is s.block:
            self.block_loop(i, rest, start, stop)
        elif i is s.vector and not s.across:
            self.lane_loop(i, rest, start, stop)
        elif i in s.unrolled:
            self.unrolled_loop(i, rest, start, stop)
        else:
            self.loop(i, start, stop, 1, lambda: self.nest(rest))
        self.held = before

    def strip(self, k: Index, low: Value, high: Value) -> None:
        """All loops, with the sums over k from here to the end of its strip."""
        assert self.schedule.strip is not None
        start, length = self.at[k], self.schedule.strip[1]
        end = self.t.binary("add nsw", start, number(length))
        self.ranges[k] = start, self.t.call("llvm.smin.i64", INT64, 0, end, number(k.size))
        self.nest(list(self.schedule.out), low, high)

    def loop(self, i: Index, start: Value, stop: Value, step: int, body) -> None:
        def inside(value: Value) -> None:
            self.at[i] = value
            body()

        self.t.loop(start, stop, step, inside)

    def unrolled_loop(self, i: Index, rest: list[Index], start: Value, stop: Value) -> None:
        """Steps of several elements side by side, then single ones; `write` writes the copies together."""
        n = self.schedule.unrolled[i]
        main = self.until(start, stop, n)
        self.copies[i] = range(n)
        self.loop(i, start, main, n, lambda: self.nest(rest))
        del self.copies[i]
        self.loop(i, main, stop, 1, lambda: self.nest(rest))

    def until(self, start: Value, stop: Value, step: int) -> Value:
        """Where whole steps from start end."""
        length = self.t.minus(stop, start)
        known = whole(length)
        if known is not None:
            return self.t.minus(stop, number(known % step))
        return self.t.minus(stop, self.t.binary("srem", length, number(step)))

    def block_loop(self, i: Index, rest: list[Index], start: Value, stop: Value) -> None:
        """The blocks whose samples fill all lanes, then the last one under a mask."""
        full, lane = number(self.schedule.full), self.schedule.vector
        assert lane is not None
        self.wide, self.at[lane] = lane, number(0)
        main = self.t.call("llvm.smin.i64", INT64, 0, stop, full)
        inner = rest[:-1]
        if self.schedule.full:
            self.loop(i, start, main, 1, lambda: self.nest(inner))
        if self.schedule.full < i.size:
            first = self.t.call("llvm.smax.i64", INT64, 0, start, full)

            def last() -> None:
                left = number(self.schedule.left)
                self.mask = self.t.binary("icmp slt", self.lane_numbers(), left, BOOL)
                self.nest(inner)
                self.mask = None

            self.loop(i, first, stop, 1, last)
        self.wide = None

    def lane_loop(self, i: Index, rest: list[Index], start: Value, stop: Value) -> None:
        """Several vectors side by side, then single vectors, then the last one under a mask."""
        self.wide = i
        n, several = self.lanes, self.schedule.unrolled.get(i, 1)
        if several > 1:
            main = self.until(start, stop, n * several)
            self.copies[i] = range(0, n * several, n)
            self.loop(i, start, main, n * several, lambda: self.nest(rest))
            del self.copies[i]
            start = main
        if i.size >= n:
            main = self.until(start, stop, n)
            self.loop(i, start, main, n, lambda: self.nest(rest))
            start = main

        def tail() -> None:
            left = self.t.minus(stop, self.at[i])
            self.mask = self.t.binary("icmp slt", self.lane_numbers(), left, BOOL)
            self.nest(rest)
            self.mask = None

        self.loop(i, start, stop, n, tail)
        self.wide = None

    # ---- one element, or one vector of them, or several side by side ----

    def write(self) -> None:
        """Compute the body at the current indices (and at the copies beside them), and store."""
        places = [
            dict(zip(self.copies, offsets, strict=True))
            for offsets in itertools.product(*self.copies.values())
        ]
        if self.schedule.choice is None:
            values = self.together(self.schedule.body, places)
        else:  # side by side, so that what they share is computed once
            bodies = written_out(self.schedule.body, self.schedule.choice)
            self.at[self.schedule.choice] = number(0)
            places = [{self.schedule.choice: n} for n in range(len(bodies))]
            values = [self.value(body) for body in bodies]
        for place, value in zip(places, values, strict=True):
            self.beside.update(place)
            if self.kernel.adds:
                before = self.load(Flat(self.output, (self.schedule.store.expr(),)))
                value = self.combine("+", before, convert(self.t, value, self.output.dtype))
            self.store(value, self.schedule.store)
        self.beside.clear()

    def together(self, e: Expr, places: list[dict[Index, int]]) -> list[Value]:
        """The expression at each place of the copies: first its reductions, whose loops all places share, then
        what is computed on them."""
        sums = {r: self.reduce(r, places) for r in reductions(e)}
        values = []
        for k, place in enumerate(places):
            self.beside.update(place)
            self.sums = {r: results[k] for r, results in sums.items()}
            values.append(self.value(e))
        self.sums = {}
        return values

    def reduce(self, e: Reduce, places: list[dict[Index, int]]) -> list[Value]:
        """Accumulators in registers, one for each place, and the loops over the reduced indices around them."""
        t, s = self.t, self.schedule
        across = s.across and s.vector in e.over
        dtype = dtype_of(e) or FLOAT32
        lanes = (
            self.lanes
            if across
            else (self.lanes if self.wide is not None and mentions(e, self.wide) else 0)
        )
        first = literal(start_of(e.name, dtype), dtype, lanes)
        slots = [t.slot(self.begun(place, first)) for place in places]

        def inside() -> None:
            if s.strip is not None:
                self.beside.update(places[0])
                for read, offset in lines_ahead(e, s, self.copies, self.lanes):
                    self.prefetch(read, offset)
            for slot, place in zip(slots, places, strict=True):
                self.beside.update(place)
                value = convert(self.t, self.value(e.body), dtype)
                if lanes:
                    value = t.splat(value, lanes)
                    if (
                        across
                        and self.mask is not None
                        and not (e.name == "+" and self.vanishes(e.body))
                    ):
                        value = t.select(self.mask, value, first)
                t.set(slot, self.combine(e.name, t.get(slot), value))

        order = [k for k in e.over if not (across and k is s.vector)] + (
            [s.vector] if across else []
        )
        self.rounds(order, inside)
        results = [t.get(slot) for slot in slots]
        return [self.summed_up(e.name, r) for r in results] if across else results

    def rounds(self, loops: list[Index], body) -> None:
        """The loops over reduced indices around the body; one of them may fill the lanes."""
        if not loops:
            body()
            return
        k, rest = loops[0], loops[1:]
        if self.schedule.across and k is self.schedule.vector:
            self.reduced_lanes(k, lambda: self.rounds(rest, body))
        else:
            start, stop = self.ranges.get(k) or self.inside(k)
            self.loop(k, start, stop, 1, lambda: self.rounds(rest, body))

    def inside(self, k: Index) -> tuple[Value, Value]:
        """From where to where a reduced index has terms that are not zero, as far as the loops around it tell."""
        t = self.t
        start, stop = number(0), number(k.size)
        for border in self.kernel.borders:
            atoms = border.offset.terms
            fixed = all(i in self.at and i not in self.copies and i is not self.wide for i in atoms)
            if border.index is k and fixed:
                offset = self.scalar_index(border.offset)
                low = t.minus(number(border.low), offset)
                high = t.minus(number(border.high), offset)
                start = t.call("llvm.smax.i64", INT64, 0, start, low)
                stop = t.call("llvm.smin.i64", INT64, 0, stop, high)
        return start, stop

    def begun(self, place: dict[Index, int], first: Value) -> Value:
        """What a sum starts from at a place: in all strips but the first, from what is there."""
        if self.schedule.strip is None:
            return first
        self.beside.update(place)
        begin, _ = self.ranges[self.schedule.strip[0]]
        before = self.load(Flat(self.output, (self.schedule.store.expr(),)))
        return self.t.select(self.t.binary("icmp eq", begin, number(0), BOOL), first, before)

    def reduced(self, e: Reduce) -> Value:
        return self.sums[e] if e in self.sums else self.reduce(e, [{}])[0]

    def vanishes(self, e: Expr) -> bool:
        """Whether e is 0 in the lanes under the mask: a product of reads, which are 0 there."""
        if isinstance(e, Load):
            return self.wide is not None and mentions(e, self.wide)
        return isinstance(e, Call) and e.name == "*" and all(self.vanishes(a) for a in e.args)

    def reduced_lanes(self, i: Index, body) -> None:
        """The loop over a reduced index that fills the lanes."""
        before_mask, before = self.mask, self.wide
        self.wide, self.mask = i, None
        t, n = self.t, self.lanes
        main = number(i.size - i.size % n)
        if i.size >= n:
            self.loop(i, number(0), main, n, body)
        if i.size % n:
            self.at[i] = main
            self.mask = t.binary("icmp slt", self.lane_numbers(), number(i.size % n), BOOL)
            body()
        self.wide, self.mask = before, before_mask

    def combine(self, name: str, a: Value, b: Value) -> Value:
        if name in "+*":
            op = (
                ("fadd contract" if name == "+" else "fmul")
                if a.dtype.kind == "f"
                else ("add" if name == "+" else "mul")
            )
            return self.t.binary(op, a, b)
        return extreme(self.t, name, a, b)

    def summed_up(self, name: str, v: Value) -> Value:
        """The lanes of a vector combined to one number, by halves."""
        while v.lanes > 1:
            half = v.lanes // 2
            v = self.combine(name, self.part(v, 0, half), self.part(v, half, half))
        return self.t.op(f"extractelement {v}, i64 0", v.dtype) if v.lanes else v

    def part(self, v: Value, first: int, count: int) -> Value:
        """Some neighbouring lanes of a vector."""
        order = ", ".join(f"i32 {first + k}" for k in range(count))
        return self.t.op(
            f"shufflevector {v}, {v.type} poison, <{count} x i32> <{order}>", v.dtype, count
        )


def start_of(name: str, dtype: np.dtype):
    """What a reduction of nothing is."""
    if name in START:
        return START[name]
    if dtype.kind == "f":
        return -np.inf if name == "max" else np.inf
    if dtype.kind == "b":
        return name == "min"
    info = np.iinfo(dtype)
    return info.min if name == "max" else info.max
