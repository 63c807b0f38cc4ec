"""A scheduled kernel as LLVM assembly: one function of its arrays and of the range of its outermost loop.

Vectors are explicit: the vector index stands for `lanes` neighbouring elements at once, the last ones under
a mask. Reads that a condition guards are masked too, so that nothing outside of an array is touched.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from fathom.compiler import vector_math
from fathom.compiler.affine import Affine, affine, is_index
from fathom.compiler.functions import FLOAT_OPS, INT_OPS, ORDERS, START
from fathom.compiler.schedule import Schedule, address, mentions, stride
from fathom.compiler.text import (
    BOOL, FLOAT32, INT64, NAMES, Text, Value, literal, memory_type, number, type_name,
)  # fmt: skip
from fathom.compiler.types import common, dtype_of
from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce


class Emitter:
    """Writes one kernel."""

    def __init__(self, schedule: Schedule, output: Array, lanes: int):
        self.schedule, self.output, self.lanes = schedule, output, lanes
        self.t = Text()
        self.at: dict[Index, Value] = {}  # where each loop stands
        self.wide: Index | None = None  # the index that fills lanes now
        self.mask: Value | None = None  # the lanes that count
        self.copies: dict[Index, int] = {}  # what is computed side by side now
        self.used: dict[str, Array] = {output.name: output}

    def function(self, name: str) -> str:
        """The whole function."""
        s = self.schedule
        low, high = Value("%low", INT64), Value("%high", INT64)
        self.nest(list(s.out), low, high)
        arrays = ", ".join(
            f"ptr {'noalias ' if a == self.output.name else ''}%{a}" for a in self.used
        )
        body = "\n".join([*self.t.entry, *self.t.lines])
        return f"define internal void @{name}({arrays}, i64 %low, i64 %high) #0 {{\nentry:\n{body}\n  ret void\n}}\n"

    def nest(self, loops: list[Index], low: Value | None = None, high: Value | None = None) -> None:
        """The loops from the outermost in; the first runs from low to high."""
        if not loops:
            self.write()
            return
        i, rest = loops[0], loops[1:]
        start, stop = low or number(0), high or number(i.size)
        s = self.schedule
        if i is s.vector and not s.across:
            self.lane_loop(i, start, stop)
        elif i in s.unrolled:
            self.unrolled_loop(i, rest, start, stop)
        else:
            self.loop(i, start, stop, 1, lambda: self.nest(rest))

    def loop(self, i: Index, start: Value, stop: Value, step: int, body) -> None:
        def inside(value: Value) -> None:
            self.at[i] = value
            body()

        self.t.loop(start, stop, step, inside)

    def unrolled_loop(self, i: Index, rest: list[Index], start: Value, stop: Value) -> None:
        """Steps of several elements side by side, then single ones; `write` writes the copies together."""
        n = self.schedule.unrolled[i]
        main = self.until(start, stop, n)
        self.copies[i] = n
        self.loop(i, start, main, n, lambda: self.nest(rest))
        del self.copies[i]
        self.loop(i, main, stop, 1, lambda: self.nest(rest))

    def until(self, start: Value, stop: Value, step: int) -> Value:
        """Where whole steps from start end."""
        length = self.t.binary("sub", stop, start)
        return self.t.binary("sub", stop, self.t.binary("srem", length, number(step)))

    def lane_loop(self, i: Index, start: Value, stop: Value) -> None:
        """Several vectors side by side, then single vectors, then the last one under a mask."""
        self.wide = i
        n, several = self.lanes, self.schedule.unrolled.get(i, 1)
        if several > 1:
            main = self.until(start, stop, n * several)
            self.copies[i] = several
            self.loop(i, start, main, n * several, self.write)
            del self.copies[i]
            start = main
        if i.size >= n:
            main = self.until(start, stop, n)
            self.loop(i, start, main, n, self.write)
            start = main

        def tail() -> None:
            left = self.t.binary("sub", stop, self.at[i])
            self.mask = self.t.binary("icmp slt", self.lane_numbers(), left, BOOL)
            self.write()
            self.mask = None

        self.loop(i, start, stop, n, tail)
        self.wide = None

    def lane_numbers(self) -> Value:
        return Value(
            "<" + ", ".join(f"i64 {k}" for k in range(self.lanes)) + ">", INT64, self.lanes
        )

    # ---- one element, or one vector of them, or several side by side ----

    def write(self) -> None:
        """Compute the body at the current indices (and at the copies beside them), and store."""
        base = {i: self.at[i] for i in self.copies}
        steps = {i: self.lanes if i is self.wide else 1 for i in self.copies}
        places: list[dict[Index, Value]] = []
        for offsets in itertools.product(*[range(n) for n in self.copies.values()]):
            places.append(
                {
                    i: base[i]
                    if k == 0
                    else self.t.binary("add nsw", base[i], number(k * steps[i]))
                    for i, k in zip(self.copies, offsets, strict=True)
                }
            )
        for place, value in zip(places, self.together(self.schedule.body, places), strict=True):
            self.at.update(place)
            self.store(value)
        self.at.update(base)

    def together(self, e: Expr, places: list[dict[Index, Value]]) -> list[Value]:
        """The expression at each place of the copies; a reduction's loops are shared by all."""
        if isinstance(e, Call) and e.name == "cast":
            return [self.convert(v, e.dtype) for v in self.together(e.args[0], places)]
        if isinstance(e, Reduce):
            return self.reduce(e, places)
        values = []
        for place in places:
            self.at.update(place)
            values.append(self.value(e))
        return values

    def reduce(self, e: Reduce, places: list[dict[Index, Value]]) -> list[Value]:
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
        slots = [t.alloca(dtype, lanes) for _ in places]
        for slot in slots:
            t.put(f"store {first}, ptr {slot}")

        def inside() -> None:
            for slot, place in zip(slots, places, strict=True):
                self.at.update(place)
                value = self.convert(self.value(e.body), dtype)
                if lanes:
                    value = t.splat(value, lanes)
                    if (
                        across
                        and self.mask is not None
                        and not (e.name == "+" and self.vanishes(e.body))
                    ):
                        value = t.select(self.mask, value, first)
                before = t.op(f"load {type_name(dtype, lanes)}, ptr {slot}", dtype, lanes)
                t.put(f"store {self.combine(e.name, before, value)}, ptr {slot}")

        def over(indices: list[Index]) -> None:
            if not indices:
                inside()
            elif across and indices[0] is s.vector:
                self.reduced_lanes(indices[0], lambda: over(indices[1:]))
            else:
                self.loop(
                    indices[0], number(0), number(indices[0].size), 1, lambda: over(indices[1:])
                )

        order = [k for k in e.over if not (across and k is s.vector)] + (
            [s.vector] if across else []
        )
        over(order)
        results = [
            t.op(f"load {type_name(dtype, lanes)}, ptr {slot}", dtype, lanes) for slot in slots
        ]
        return [self.summed_up(e.name, r) for r in results] if across else results

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
        return self.extreme(name, a, b)

    def extreme(self, name: str, a: Value, b: Value) -> Value:
        """The larger or smaller; NaN wins."""
        t = self.t
        if a.dtype.kind == "f":
            a, b = t.together(a, b)
            suffix = "f32" if a.dtype == FLOAT32 else "f64"
            suffix = f"v{a.lanes}{suffix}" if a.lanes else suffix
            return t.call(
                f"llvm.{'maximum' if name == 'max' else 'minimum'}.{suffix}", a.dtype, a.lanes, a, b
            )
        if a.dtype.kind == "b":
            return t.binary("or" if name == "max" else "and", a, b)
        signed = "u" if a.dtype.kind == "u" else "s"
        return t.select(
            t.binary(f"icmp {signed}{'gt' if name == 'max' else 'lt'}", a, b, BOOL), a, b
        )

    def summed_up(self, name: str, v: Value) -> Value:
        """The lanes of a vector combined to one number, by halves."""
        t, lanes = self.t, v.lanes
        while lanes > 1:
            half = lanes // 2

            def part(first: int) -> Value:
                order = ", ".join(f"i32 {first + k}" for k in range(half))
                return t.op(
                    f"shufflevector {v}, {v.type} poison, <{half} x i32> <{order}>", v.dtype, half
                )

            v, lanes = self.combine(name, part(0), part(half)), half
        return t.op(f"extractelement {v}, i64 0", v.dtype)

    # ---- values ----

    def value(self, e: Expr) -> Value:
        t = self.t
        match e:
            case Const():
                dtype = dtype_of(e) or (FLOAT32 if isinstance(e.value, float) else INT64)
                return literal(e.value, dtype)
            case Index():
                return self.index(affine(e))
            case Load():
                return self.load(e)
            case Reduce():
                return self.reduce(e, [{}])[0]
            case Call() if is_index(e):
                return self.index(affine(e))
            case Call(name="cast", args=(a,)):
                return self.convert(
                    self.value(a) if not isinstance(a, Const) else literal(a.value, e.dtype),
                    e.dtype,
                )
            case Call(name="where", args=(test, a, b)):
                return self.where(test, a, b)
            case Call(name="not", args=(a,)):
                return t.binary("xor", self.value(a), literal(True, BOOL))
            case Call(name="and" | "or", args=(a, b)):
                return t.binary(e.name, self.value(a), self.value(b))
            case Call():
                return self.arithmetic(e.name, self.operands(e.args))
        raise AssertionError(e)

    def operands(self, args: tuple[Expr, ...]) -> list[Value]:
        """The arguments in their common dtype; bare numbers take it."""
        dtype = common(*[dtype_of(a) for a in args]) or (
            FLOAT32
            if any(isinstance(a, Const) and isinstance(a.value, float) for a in args)
            else INT64
        )
        return [
            literal(a.value, dtype)
            if isinstance(a, Const) and a.dtype is None
            else self.convert(self.value(a), dtype)
            for a in args
        ]

    def where(self, test: Expr, a: Expr, b: Expr) -> Value:
        """Choose; reads in a branch are masked by its condition."""
        t = self.t
        condition = self.value(test)
        before = self.mask
        self.mask = condition if before is None else t.binary("and", before, condition)
        first = (
            self.operands((a, b))[0]
            if not (isinstance(a, Const) and a.dtype is None)
            else self.operands((a, b))[0]
        )
        self.mask = self.t.binary("xor", condition, literal(True, BOOL))
        if before is not None:
            self.mask = t.binary("and", before, self.mask)
        second = self.operands((a, b))[1]
        self.mask = before
        return t.select(condition, first, second)

    def arithmetic(self, name: str, args: list[Value]) -> Value:
        t, a = self.t, args[0]
        kind, lanes = a.dtype.kind, max(v.lanes for v in args)
        suffix = "f32" if a.dtype == FLOAT32 else "f64"
        suffix = f"v{lanes}{suffix}" if lanes else suffix
        if name in ORDERS:
            ordered, signed = ORDERS[name]
            if kind == "f":
                return t.binary(f"fcmp {ordered}", *args, BOOL)
            return t.binary(
                "icmp "
                + (signed.replace("s", "u", 1) if kind in "ub" and signed != "eq" else signed),
                *args,
                BOOL,
            )
        if name in ("max", "min"):
            return self.extreme(name, *args)
        if kind == "f":
            return self.float_arithmetic(name, args, suffix, lanes)
        if name == "neg":
            return t.binary("sub", literal(0, a.dtype), a)
        if name == "abs":
            return (
                a
                if kind in "ub"
                else t.select(
                    t.binary("icmp slt", a, literal(0, a.dtype), BOOL),
                    t.binary("sub", literal(0, a.dtype), a),
                    a,
                )
            )
        if name == "sign":
            up = self.convert(t.binary("icmp sgt", a, literal(0, a.dtype), BOOL), a.dtype)
            down = self.convert(t.binary("icmp slt", a, literal(0, a.dtype), BOOL), a.dtype)
            return t.binary("sub", up, down)
        if name in ("//", "%"):
            return self.floor_division(name, *args)
        if name == ">>":
            return t.binary("lshr" if kind == "u" else "ashr", *args)
        if kind == "b" and name in ("+", "*"):
            return t.binary("or" if name == "+" else "and", *args)
        if name not in INT_OPS:
            raise NotImplementedError(f"no native {name} of {a.dtype}")
        return t.binary(INT_OPS[name], *args)

    def float_arithmetic(self, name: str, args: list[Value], suffix: str, lanes: int) -> Value:
        t, a = self.t, args[0]
        if name in FLOAT_OPS:
            return t.binary(FLOAT_OPS[name], *args)
        if name == "neg":
            return t.op(f"fneg {a}", a.dtype, a.lanes)
        if name in ("abs", "floor", "sqrt", "round"):
            intrinsic = {"abs": "fabs", "round": "rint"}.get(name, name)
            return t.call(f"llvm.{intrinsic}.{suffix}", a.dtype, a.lanes, a)
        if name == "sign":
            zero = literal(0, a.dtype)
            one = t.call(
                f"llvm.copysign.{suffix}",
                a.dtype,
                lanes,
                t.splat(literal(1, a.dtype), lanes) if lanes else literal(1, a.dtype),
                a,
            )
            return t.select(t.binary("fcmp one", a, zero, BOOL), one, t.binary("fadd", a, zero))
        if name in ("//", "%"):
            return self.float_division(name, *args, suffix)
        if name in vector_math.OWN and a.dtype == FLOAT32:
            return vector_math.OWN[name](t, a)
        if name in vector_math.LIBRARY:
            return vector_math.library(t, name, args)
        raise NotImplementedError(f"no native {name} of {a.dtype}")

    def float_division(self, name: str, a: Value, b: Value, suffix: str) -> Value:
        """Python's // and % of floats, as NumPy computes them: the remainder first, the quotient from it."""
        t, zero = self.t, literal(0, a.dtype)
        a, b = t.together(a, b)
        rest = t.binary("frem", a, b)
        apart = t.binary(
            "xor", t.binary("fcmp olt", rest, zero, BOOL), t.binary("fcmp olt", b, zero, BOOL)
        )
        apart = t.binary("and", apart, t.binary("fcmp une", rest, zero, BOOL))
        signed = t.call(
            f"llvm.copysign.{suffix}",
            a.dtype,
            a.lanes,
            t.splat(zero, a.lanes) if a.lanes else zero,
            b,
        )
        moved = t.select(apart, t.binary("fadd", rest, b), rest)
        moved = t.select(t.binary("fcmp oeq", rest, zero, BOOL), signed, moved)
        if name == "%":
            return moved
        quotient = t.binary("fdiv", t.binary("fsub", a, rest), b)
        quotient = t.select(apart, t.binary("fsub", quotient, literal(1, a.dtype)), quotient)
        floor = t.call(f"llvm.floor.{suffix}", a.dtype, a.lanes, quotient)
        up = t.binary("fcmp ogt", t.binary("fsub", quotient, floor), literal(0.5, a.dtype), BOOL)
        floor = t.select(up, t.binary("fadd", floor, literal(1, a.dtype)), floor)
        return t.select(t.binary("fcmp oeq", b, zero, BOOL), t.binary("fdiv", a, b), floor)

    def floor_division(self, name: str, a: Value, b: Value) -> Value:
        """Python's // and %: towards minus infinity, the sign of the divisor; 0 where the divisor is 0, as NumPy."""
        t = self.t
        zero, one = literal(0, a.dtype), literal(1, a.dtype)
        safe = t.select(t.binary("icmp eq", b, zero, BOOL), one, b)
        if a.dtype.kind == "u":
            result = t.binary("udiv" if name == "//" else "urem", a, safe)
        else:
            quotient, rest = t.binary("sdiv", a, safe), t.binary("srem", a, safe)
            signs = t.binary("icmp slt", t.binary("xor", rest, safe), zero, BOOL)
            lower = t.binary("and", signs, t.binary("icmp ne", rest, zero, BOOL))
            result = t.select(
                lower,
                t.binary("sub", quotient, one) if name == "//" else t.binary("add", rest, safe),
                quotient if name == "//" else rest,
            )
        return t.select(t.binary("icmp eq", b, zero, BOOL), zero, result)

    def convert(self, v: Value, to: np.dtype) -> Value:
        """The value in another dtype."""
        t, a = self.t, v.dtype
        if a == to:
            return v
        into = type_name(to, v.lanes)
        if to == BOOL:
            zero = literal(0, a)
            return t.binary("fcmp une" if a.kind == "f" else "icmp ne", v, zero, BOOL)
        if a == BOOL:
            return t.op(f"{'uitofp' if to.kind == 'f' else 'zext'} {v} to {into}", to, v.lanes)
        if a.kind == "f" and to.kind == "f":
            return t.op(
                f"{'fpext' if to.itemsize > a.itemsize else 'fptrunc'} {v} to {into}", to, v.lanes
            )
        if a.kind == "f":
            wide = t.op(f"fptosi {v} to {type_name(INT64, v.lanes)}", INT64, v.lanes)
            return self.convert(wide, to)
        if to.kind == "f":
            return t.op(f"{'uitofp' if a.kind == 'u' else 'sitofp'} {v} to {into}", to, v.lanes)
        if NAMES[a.str[1:]] == NAMES[to.str[1:]]:
            return replace(v, dtype=to)
        grow = "zext" if a.kind == "u" else "sext"
        return t.op(f"{grow if to.itemsize > a.itemsize else 'trunc'} {v} to {into}", to, v.lanes)

    # ---- places ----

    def index(self, form: Affine) -> Value:
        """An index form as a number, one in each lane if it depends on the lanes."""
        scalar = self.scalar_index(form)
        step = stride(form, self.wide) if self.wide is not None else 0
        if step == 0:
            return scalar
        if step is None:
            return self.opaque_index(form)
        lanes = self.lane_numbers()
        steps = lanes if step == 1 else self.t.binary("mul", lanes, number(step))
        return self.t.binary("add", scalar, steps)

    def scalar_index(self, form: Affine) -> Value:
        """The form at the current loop values (at lane 0)."""
        t, result = self.t, number(form.const)
        for atom, coefficient in form.terms.items():
            value = self.at[atom] if isinstance(atom, Index) else self.atom(atom)
            if value.lanes:
                return self.opaque_index(form)
            term = value if coefficient == 1 else t.binary("mul nsw", value, number(coefficient))
            result = term if result.name == "0" else t.binary("add nsw", result, term)
        return result

    def opaque_index(self, form: Affine) -> Value:
        """A form whose atoms differ from lane to lane."""
        t, result = self.t, number(form.const)
        for atom, coefficient in form.terms.items():
            value = self.index(Affine(0, {atom: 1})) if isinstance(atom, Index) else self.atom(atom)
            result = t.binary("add", result, t.binary("mul", value, number(coefficient)))
        return result

    def atom(self, e: Expr) -> Value:
        if isinstance(e, Call) and e.name in ("//", "%"):
            form, n = affine(e.args[0]), e.args[1].value
            return self.index_division(e.name, self.index(form), n, form.range()[0] >= 0)
        return self.convert(self.value(e), INT64)

    def index_division(self, name: str, a: Value, n: int, positive: bool) -> Value:
        """a // n or a % n, in the cheapest way that is right."""
        if n & (n - 1) == 0:
            return self.t.binary(
                *(
                    ("ashr", a, number(n.bit_length() - 1))
                    if name == "//"
                    else ("and", a, number(n - 1))
                )
            )
        if positive:
            return self.t.binary("udiv" if name == "//" else "urem", a, number(n))
        return self.floor_division(name, a, number(n))

    def load(self, e: Load) -> Value:
        """Read: contiguous lanes as a vector, equal lanes once, others one by one; under the mask."""
        t, array = self.t, e.array
        self.used[array.name] = array
        form = address(e)
        step = 0 if self.wide is None else stride(form, self.wide)
        element = memory_type(array.dtype)
        dtype = np.dtype(np.int8) if array.dtype == BOOL else array.dtype
        if step == 0:
            at = self.scalar_index(form)
            if not at.lanes:
                if self.mask is not None and not self.mask.lanes:
                    at = t.select(
                        self.mask, at, number(0)
                    )  # element 0 is there; what is read is not used
                elif self.mask is not None and not inside(form, array):
                    some = t.call(f"llvm.vector.reduce.or.v{self.mask.lanes}i1", BOOL, 0, self.mask)
                    at = t.select(some, at, number(0))
                value = t.op(f"load {element}, ptr {self.pointer(array, at)}", dtype)
                return self.truth(value, array)
        if step == 1:
            pointer = self.pointer(array, self.scalar_index(form))
            if self.mask is None:
                value = t.op(
                    f"load {memory_type(array.dtype, self.lanes)}, ptr {pointer}, align {array.dtype.itemsize}",
                    dtype,
                    self.lanes,
                )
            else:
                value = self.masked("load", array, dtype, f"ptr {pointer}", "ptr")
            return self.truth(value, array)
        at = self.index(form)
        pointers = t.op(f"getelementptr {element}, ptr %{array.name}, {at}", INT64, self.lanes).name
        value = self.masked(
            "gather", array, dtype, f"<{self.lanes} x ptr> {pointers}", f"<{self.lanes} x ptr>"
        )
        return self.truth(value, array)

    def truth(self, value: Value, array: Array) -> Value:
        return (
            self.t.binary("icmp ne", value, literal(0, value.dtype), BOOL)
            if array.dtype == BOOL
            else value
        )

    def pointer(self, array: Array, at: Value) -> str:
        name = self.t.fresh("p")
        self.t.put(
            f"{name} = getelementptr inbounds {memory_type(array.dtype)}, ptr %{array.name}, {at}"
        )
        return name

    def lane_mask(self) -> Value:
        mask = self.mask if self.mask is not None else literal(True, BOOL)
        return self.t.splat(mask, self.lanes)

    def masked(
        self, kind: str, array: Array, dtype: np.dtype, where: str, where_type: str
    ) -> Value:
        t, n = self.t, self.lanes
        vector = memory_type(array.dtype, n)
        suffix = f"v{n}{'f' if array.dtype.kind == 'f' else 'i'}{8 * array.dtype.itemsize}"
        suffix += ".p0" if kind == "load" else f".v{n}p0"
        function = f"llvm.masked.{kind}.{suffix}"
        t.declared.add(f"declare {vector} @{function}({where_type}, i32, <{n} x i1>, {vector})")
        mask = self.lane_mask()
        return t.op(
            f"call {vector} @{function}({where}, i32 {array.dtype.itemsize}, {mask}, {vector} zeroinitializer)",
            dtype,
            n,
        )

    def store(self, value: Value) -> None:
        """Write the value where the output's element lies."""
        t, array, s = self.t, self.output, self.schedule
        value = self.convert(value, array.dtype)
        if array.dtype == BOOL:
            value = t.op(
                f"zext {value} to {type_name(np.dtype(np.int8), value.lanes)}",
                np.dtype(np.int8),
                value.lanes,
            )
        if self.wide is None:
            t.put(f"store {value}, ptr {self.pointer(array, self.scalar_index(s.store))}")
            return
        value = t.splat(value, self.lanes)
        step = stride(s.store, self.wide)
        n = self.lanes
        if step == 1 and self.mask is None:
            t.put(
                f"store {value}, ptr {self.pointer(array, self.scalar_index(s.store))}, align {array.dtype.itemsize}"
            )
            return
        kind = "store" if step == 1 else "scatter"
        suffix = f"v{n}{'f' if array.dtype.kind == 'f' else 'i'}{8 * array.dtype.itemsize}" + (
            ".p0" if step == 1 else f".v{n}p0"
        )
        if step == 1:
            where, where_type = f"ptr {self.pointer(array, self.scalar_index(s.store))}", "ptr"
        else:
            pointers = t.op(
                f"getelementptr {memory_type(array.dtype)}, ptr %{array.name}, {self.index(s.store)}",
                INT64,
                n,
            ).name
            where, where_type = f"<{n} x ptr> {pointers}", f"<{n} x ptr>"
        t.declared.add(
            f"declare void @llvm.masked.{kind}.{suffix}({value.type}, {where_type}, i32, <{n} x i1>)"
        )
        t.put(
            f"call void @llvm.masked.{kind}.{suffix}({value}, {where}, i32 {array.dtype.itemsize}, {self.lane_mask()})"
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


def inside(form: Affine, array: Array) -> bool:
    """Whether the address is in the array whatever the indices are."""
    low, high = form.range()
    return 0 <= low and high < int(np.prod(array.shape))
