"""Reading and writing arrays from inside a kernel: indices, addresses, masks.

A loop index that fills the lanes stands for neighbouring elements. What is contiguous along it is read and written as a
vector, what does not depend on it once, everything else lane by lane; all of it under the mask of the lanes that count.
"""

from __future__ import annotations

import numpy as np

from fathom.compiler.affine import Affine, affine
from fathom.compiler.instructions import convert, floor_division
from fathom.compiler.reads import address, stride
from fathom.compiler.text import (
    BOOL,
    INT64,
    Text,
    Value,
    literal,
    memory_type,
    number,
    type_name,
    whole,
)  # fmt: skip
from fathom.core.loop import Array, Call, Expr, Index, Load


class Access:
    """Where the loops stand, and how to reach memory from there."""

    def __init__(self, output: Array, lanes: int):
        self.output, self.lanes = output, lanes
        self.t = Text()
        self.at: dict[Index, Value] = {}  # where each loop stands
        self.beside: dict[Index, int] = {}  # how far from there the element is that is computed now
        self.wide: Index | None = None  # the index that fills lanes now
        self.mask: Value | None = None  # the lanes that count
        self.used: dict[str, Array] = {output.name: output}

    def value(self, e: Expr) -> Value:
        """The expression's value, here: what a kernel's emitter knows."""
        raise NotImplementedError

    def lane_numbers(self) -> Value:
        return Value(
            "<" + ", ".join(f"i64 {k}" for k in range(self.lanes)) + ">", INT64, self.lanes
        )

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
        base, offset = self.base(form)
        return self.plus(base, number(offset))

    def base(self, form: Affine) -> tuple[Value, int]:
        """The form as a value, which elements side by side share, and a number. Outer loops come first, so that inner
        ones share their sum."""
        value, offset = number(0), form.const
        for i in self.at:
            if i in form.terms:
                offset += form.terms[i] * self.beside.get(i, 0)
                known = whole(self.at[i])
                if known is None:
                    value = self.plus(value, self.times(self.at[i], form.terms[i]))
                else:
                    offset += form.terms[i] * known
        for atom, coefficient in form.terms.items():
            if not isinstance(atom, Index):
                x = self.atom(atom)
                if x.lanes:
                    return self.opaque_index(form), 0
                value = self.plus(value, self.times(x, coefficient))
        return value, offset

    def plus(self, a: Value, b: Value) -> Value:
        if a.name == "0" or b.name == "0":
            return b if a.name == "0" else a
        return self.t.binary("add nsw", a, b)

    def times(self, a: Value, n: int) -> Value:
        return a if n == 1 else self.t.binary("mul nsw", a, number(n))

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
        return convert(self.t, self.value(e), INT64)

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
        return floor_division(self.t, name, a, number(n))

    def load(self, e: Load) -> Value:
        """Read: contiguous lanes as a vector, equal lanes once, others one by one; under the mask."""
        t, array = self.t, e.array
        self.used[array.name] = array
        form = address(e)
        step = 0 if self.wide is None else stride(form, self.wide)
        element = memory_type(array.dtype)
        dtype = np.dtype(np.int8) if array.dtype == BOOL else array.dtype
        if step == 0:
            at, offset = self.base(form)
            if not at.lanes:
                if self.mask is not None and not inside(form, array):
                    some = self.mask
                    if some.lanes:
                        anywhere = f"llvm.vector.reduce.or.v{some.lanes}i1"
                        some = t.call(anywhere, BOOL, 0, some)
                    # element 0 is there; what is read is not used
                    at, offset = t.select(some, self.plus(at, number(offset)), number(0)), 0
                value = t.load(f"load {element}, ptr {self.pointer(array, at, offset)}", dtype)
                return self.truth(value, array)
        if step == 1:
            pointer = self.pointer(array, *self.base(form))
            if self.mask is None:
                value = t.load(
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

    def pointer(self, array: Array, base: Value, offset: int) -> str:
        """The address of an element: elements side by side lie at fixed distances from one place."""
        element, name = memory_type(array.dtype), f"%{array.name}"
        if offset == 0:
            return self.t.op(f"getelementptr inbounds {element}, ptr {name}, {base}", INT64).name
        if base.name != "0":  # it may lie outside of the array
            name = self.t.op(f"getelementptr {element}, ptr {name}, {base}", INT64).name
        return self.t.op(f"getelementptr {element}, ptr {name}, i64 {offset}", INT64).name

    def prefetch(self, e: Load, offset: int) -> None:
        """Bring what lies so many elements after a read into the cache; nothing happens where no memory is."""
        t, array = self.t, e.array
        self.used[array.name] = array
        base, here = self.base(address(e))
        pointer = self.pointer(array, base, here + offset)
        t.declared.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        t.put(
            f"call void @llvm.prefetch.p0(ptr {pointer}, i32 0, i32 2, i32 1)"
        )  # to read, second level, data

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
        return t.load(
            f"call {vector} @{function}({where}, i32 {array.dtype.itemsize}, {mask}, {vector} zeroinitializer)",
            dtype,
            n,
        )

    def store(self, value: Value, form: Affine) -> None:
        """Write the value where the output's element lies."""
        t, array = self.t, self.output
        value = convert(self.t, value, array.dtype)
        if array.dtype == BOOL:
            value = t.op(
                f"zext {value} to {type_name(np.dtype(np.int8), value.lanes)}",
                np.dtype(np.int8),
                value.lanes,
            )
        if self.wide is None:
            t.store(f"store {value}, ptr {self.pointer(array, *self.base(form))}")
            return
        value = t.splat(value, self.lanes)
        step = stride(form, self.wide)
        n = self.lanes
        if step == 1 and self.mask is None:
            t.store(
                f"store {value}, ptr {self.pointer(array, *self.base(form))}, align {array.dtype.itemsize}"
            )
            return
        kind = "store" if step == 1 else "scatter"
        suffix = f"v{n}{'f' if array.dtype.kind == 'f' else 'i'}{8 * array.dtype.itemsize}" + (
            ".p0" if step == 1 else f".v{n}p0"
        )
        if step == 1:
            where, where_type = f"ptr {self.pointer(array, *self.base(form))}", "ptr"
        else:
            pointers = t.op(
                f"getelementptr {memory_type(array.dtype)}, ptr %{array.name}, {self.index(form)}",
                INT64,
                n,
            ).name
            where, where_type = f"<{n} x ptr> {pointers}", f"<{n} x ptr>"
        t.declared.add(
            f"declare void @llvm.masked.{kind}.{suffix}({value.type}, {where_type}, i32, <{n} x i1>)"
        )
        t.store(
            f"call void @llvm.masked.{kind}.{suffix}({value}, {where}, i32 {array.dtype.itemsize}, {self.lane_mask()})"
        )


def inside(form: Affine, array: Array) -> bool:
    """Whether the address is in the array whatever the indices are."""
    low, high = form.range()
    return 0 <= low and high < int(np.prod(array.shape))
