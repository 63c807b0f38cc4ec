"""LLVM assembly, written line by line: values with their types, instructions, loops.

A value is its name (or literal), its dtype and its number of lanes (0 for a scalar). Operators broadcast
scalars to vectors.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BOOL, INT32, INT64 = np.dtype(bool), np.dtype(np.int32), np.dtype(np.int64)
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
NAMES = {
    "f4": "float",
    "f8": "double",
    "i8": "i64",
    "u8": "i64",
    "i4": "i32",
    "i2": "i16",
    "i1": "i8",
    "u1": "i8",
    "b1": "i1",
    "V2": "bfloat",
}


@dataclass
class Value:
    """An SSA value, or a literal."""

    name: str
    dtype: np.dtype
    lanes: int = 0

    @property
    def type(self) -> str:
        return type_name(self.dtype, self.lanes)

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@functools.cache
def type_name(dtype: np.dtype, lanes: int = 0) -> str:
    """LLVM's word for the type."""
    scalar = NAMES[dtype.str[1:]]
    return f"<{lanes} x {scalar}>" if lanes else scalar


def memory_type(dtype: np.dtype, lanes: int = 0) -> str:
    """The type in memory, where a bool takes a byte."""
    return type_name(np.dtype(np.int8) if dtype == BOOL else dtype, lanes)


def literal(value, dtype: np.dtype, lanes: int = 0) -> Value:
    """A number as a value."""
    if dtype.kind == "b":
        text = "true" if value else "false"
    elif dtype.kind == "f":
        rounded = float(np.asarray(value, np.float64).astype(dtype))
        text = "0x" + struct.pack(">d", rounded).hex().upper()
    else:
        text = str(
            int(
                np.asarray(int(value) & (2 ** (8 * dtype.itemsize) - 1), np.uint64).astype(
                    dtype.newbyteorder("=")
                )
            )
        )
    if lanes:
        text = "<" + ", ".join([f"{type_name(dtype)} {text}"] * lanes) + ">"
    return Value(text, dtype, lanes)


def number(n: int) -> Value:
    """A whole number as an index value."""
    return Value(str(n), INT64)


def whole(index: Value) -> int | None:
    """The number that an index value is, where it is known now."""
    return None if index.name.startswith("%") else int(index.name)


class Text:
    """The body of one function as it grows."""

    def __init__(self) -> None:
        self.entry: list[str] = []  # allocas belong in the entry block
        self.lines: list[str] = []
        self.count = 0
        self.block = "entry"
        self.declared: set[str] = set()
        # instructions and the names of their values:
        self.values: dict[str, str] = {}  # what has been computed on every way to this line
        self.loaded: dict[str, str] = {}  # what has been read in this block, since it was written

    def fresh(self, hint: str = "v") -> str:
        self.count += 1
        return f"%{hint}{self.count}"

    def put(self, line: str) -> None:
        self.lines.append("  " + line)

    def op(self, text: str, dtype: np.dtype, lanes: int = 0) -> Value:
        """An instruction whose value depends on its operands alone: written once where it is needed again."""
        return Value(self.once(text, self.values), dtype, lanes)

    def load(self, text: str, dtype: np.dtype, lanes: int = 0) -> Value:
        """An instruction that reads an array."""
        return Value(self.once(text, self.loaded), dtype, lanes)

    def once(self, text: str, known: dict[str, str]) -> str:
        """The name of an instruction's value."""
        if text not in known:
            known[text] = name = self.fresh()
            self.put(f"{name} = {text}")
        return known[text]

    def store(self, text: str) -> None:
        """An instruction that writes to an array."""
        self.put(text)
        self.loaded.clear()

    def call(
        self, function: str, result: np.dtype, lanes: int, *args: Value, flags: str = ""
    ) -> Value:
        types = ", ".join(a.type for a in args)
        self.declared.add(f"declare {type_name(result, lanes)} @{function}({types})")
        return self.op(
            f"call {flags}{type_name(result, lanes)} @{function}({', '.join(map(str, args))})",
            result,
            lanes,
        )

    def splat(self, x: Value, lanes: int) -> Value:
        """The scalar in every lane."""
        if x.lanes == lanes:
            return x
        if not x.name.startswith("%"):
            return Value("<" + ", ".join([str(x)] * lanes) + ">", x.dtype, lanes)
        one = self.op(
            f"insertelement {type_name(x.dtype, lanes)} poison, {x}, i64 0", x.dtype, lanes
        )
        return self.op(
            f"shufflevector {one}, {type_name(x.dtype, lanes)} poison, <{lanes} x i32> zeroinitializer",
            x.dtype,
            lanes,
        )

    def together(self, *xs: Value) -> list[Value]:
        """The values with equal lanes."""
        lanes = max(x.lanes for x in xs)
        return [self.splat(x, lanes) if lanes else x for x in xs]

    def binary(self, instruction: str, a: Value, b: Value, result: np.dtype | None = None) -> Value:
        a, b = self.together(a, b)
        return self.op(
            f"{instruction} {a}, {b.name}", a.dtype if result is None else result, a.lanes
        )

    def minus(self, a: Value, b: Value) -> Value:
        """a - b of index values."""
        m, n = whole(a), whole(b)
        return self.binary("sub", a, b) if m is None or n is None else number(m - n)

    def select(self, test: Value, a: Value, b: Value) -> Value:
        test, a, b = self.together(test, a, b)
        return self.op(f"select {test}, {a}, {b}", a.dtype, a.lanes)

    def slot(self, first: Value) -> Value:
        """A variable: a register in the end. `get` and `set` are what it is for; it begins as `first`."""
        slot = Value(self.fresh("slot"), first.dtype, first.lanes)
        self.entry.append(f"  {slot.name} = alloca {slot.type}")
        self.set(slot, first)
        return slot

    def get(self, slot: Value) -> Value:
        name = self.fresh()
        self.put(f"{name} = load {slot.type}, ptr {slot.name}")
        return Value(name, slot.dtype, slot.lanes)

    def set(self, slot: Value, x: Value) -> None:
        self.put(f"store {x}, ptr {slot.name}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self.block = name
        self.loaded.clear()

    def loop(self, start: Value, stop: Value, step: int, body: Callable[[Value], None]) -> None:
        """for i in range(start, stop, step): body(i); nothing where start >= stop. One round is no loop."""
        first, last = whole(start), whole(stop)
        if first is not None and last is not None and last <= first + step:
            if first < last:
                body(start)
            return
        self.count += 1
        head, inside, done = f"head{self.count}", f"body{self.count}", f"done{self.count}"
        i = Value(self.fresh("i"), INT64)
        following = self.fresh("n")
        before = self.block
        self.put(f"br label %{head}")
        self.label(head)
        at = len(self.lines)
        self.lines.append("")  # the phi needs the name of the block that comes back
        more = self.op(f"icmp slt {i}, {stop.name}", BOOL)
        self.put(f"br i1 {more.name}, label %{inside}, label %{done}")
        self.label(inside)
        known = len(self.values)
        body(i)
        while len(self.values) > known:
            self.values.popitem()  # the loop may not run at all
        self.put(f"{following} = add nsw {i}, {step}")
        self.lines[at] = (
            f"  {i.name} = phi i64 [ {start.name}, %{before} ], [ {following}, %{self.block} ]"
        )
        self.put(f"br label %{head}")
        self.label(done)
