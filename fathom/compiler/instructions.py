"""Scalar functions as instructions: arithmetic, comparisons, divisions, conversions, on one value or on lanes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fathom.compiler import vector_math
from fathom.compiler.functions import FLOAT_OPS, INT_OPS, ORDERS
from fathom.compiler.text import BOOL, FLOAT32, INT64, NAMES, Text, Value, literal, type_name
from fathom.compiler.types import BFLOAT16, INT32

INT16 = np.dtype(np.int16)


def extreme(t: Text, name: str, a: Value, b: Value) -> Value:
    """The larger or smaller; NaN wins."""
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
    return t.select(t.binary(f"icmp {signed}{'gt' if name == 'max' else 'lt'}", a, b, BOOL), a, b)


def arithmetic(t: Text, name: str, args: list[Value]) -> Value:
    """A scalar function of values of one dtype."""
    a = args[0]
    kind, lanes = a.dtype.kind, max(v.lanes for v in args)
    suffix = "f32" if a.dtype == FLOAT32 else "f64"
    suffix = f"v{lanes}{suffix}" if lanes else suffix
    if name in ORDERS:
        ordered, signed = ORDERS[name]
        if kind == "f":
            return t.binary(f"fcmp {ordered}", args[0], args[1], BOOL)
        return t.binary(
            "icmp " + (signed.replace("s", "u", 1) if kind in "ub" and signed != "eq" else signed),
            args[0],
            args[1],
            BOOL,
        )
    if name in ("max", "min"):
        return extreme(t, name, *args)
    if name == "pair":
        return pair(t, *args)
    if kind == "f":
        return float_arithmetic(t, name, args, suffix, lanes)
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
        up = convert(t, t.binary("icmp sgt", a, literal(0, a.dtype), BOOL), a.dtype)
        down = convert(t, t.binary("icmp slt", a, literal(0, a.dtype), BOOL), a.dtype)
        return t.binary("sub", up, down)
    if name in ("//", "%"):
        return floor_division(t, name, *args)
    if name == ">>":
        return t.binary("lshr" if kind == "u" else "ashr", *args)
    if kind == "b" and name in ("+", "*"):
        return t.binary("or" if name == "+" else "and", *args)
    if name not in INT_OPS:
        raise NotImplementedError(f"no native {name} of {a.dtype}")
    return t.binary(INT_OPS[name], *args)


def float_arithmetic(t: Text, name: str, args: list[Value], suffix: str, lanes: int) -> Value:
    """The same of floating-point values; `suffix` is their type in the names of intrinsics."""
    a = args[0]
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
        return t.select(t.binary("fcmp one", a, zero, BOOL), one, zero)  # 0 at NaN, too
    if name in ("//", "%"):
        return float_division(t, name, args[0], args[1], suffix)
    if name in vector_math.OWN and a.dtype == FLOAT32:
        return vector_math.OWN[name](t, a)
    if name in vector_math.LIBRARY:
        return vector_math.library(t, name, args)
    raise NotImplementedError(f"no native {name} of {a.dtype}")


def float_division(t: Text, name: str, a: Value, b: Value, suffix: str) -> Value:
    """Python's // and % of floats, as NumPy computes them: the remainder first, the quotient from it."""
    zero = literal(0, a.dtype)
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


def floor_division(t: Text, name: str, a: Value, b: Value) -> Value:
    """Python's // and %: towards minus infinity, the sign of the divisor; 0 where the divisor is 0, as NumPy."""
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


def pair(t: Text, first: Value, second: Value) -> Value:
    """Two bfloat16 numbers as they lie side by side in memory, in one int32."""
    halves = []
    for v in t.together(first, second):
        bits = t.op(f"bitcast {v} to {type_name(INT16, v.lanes)}", INT16, v.lanes)
        halves.append(t.op(f"zext {bits} to {type_name(INT32, v.lanes)}", INT32, v.lanes))
    return t.binary("or", halves[0], t.binary("shl", halves[1], literal(16, INT32)))


def convert(t: Text, v: Value, to: np.dtype) -> Value:
    """The value in another dtype."""
    a = v.dtype
    if a == to:
        return v
    into = type_name(to, v.lanes)
    if BFLOAT16 in (a, to):  # from float32 or to it
        return t.op(f"{'fpext' if a == BFLOAT16 else 'fptrunc'} {v} to {into}", to, v.lanes)
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
        return convert(t, wide, to)
    if to.kind == "f":
        return t.op(f"{'uitofp' if a.kind == 'u' else 'sitofp'} {v} to {into}", to, v.lanes)
    if NAMES[a.str[1:]] == NAMES[to.str[1:]]:
        return replace(v, dtype=to)
    grow = "zext" if a.kind == "u" else "sext"
    return t.op(f"{grow if to.itemsize > a.itemsize else 'trunc'} {v} to {into}", to, v.lanes)
