"""The scalar functions that have native code, and the instructions of the simplest ones."""

from __future__ import annotations

from fathom.compiler import vector_math
from fathom.compiler.types import common, dtype_of
from fathom.core.loop import Call, Expr, Load, Reduce, remembered

START = {"+": 0, "*": 1}
FLOAT_OPS = {"+": "fadd contract", "-": "fsub contract", "*": "fmul contract", "/": "fdiv"}
INT_OPS = {"+": "add", "-": "sub", "*": "mul", "xor": "xor", "bitand": "and", "bitor": "or"}
FLOAT_NAMES = {
    *FLOAT_OPS,
    "neg",
    "abs",
    "floor",
    "sqrt",
    "round",
    "sign",
    "//",
    "%",
    *vector_math.LIBRARY,
}
INT_NAMES = {*INT_OPS, "neg", "abs", "sign", "//", "%", ">>"}
ANY_NAMES = {"cast", "where", "and", "or", "not", "max", "min", *("<", "<=", "==")}
ORDERS = {"<": ("olt", "slt"), "<=": ("ole", "sle"), "==": ("oeq", "eq")}


@remembered
def can_emit(e: Expr) -> bool:
    """Whether there is native code for every function in the expression."""
    match e:
        case Load():
            return all(can_emit(a) for a in e.at)
        case Reduce():
            return can_emit(e.body)
        case Call():
            dtype = common(*[dtype_of(a) for a in e.args])
            names = (
                FLOAT_NAMES
                if dtype is None or dtype.kind == "f"
                else INT_NAMES | ({"xor"} if dtype.kind == "b" else set())
            )
            return (e.name in ANY_NAMES or e.name in names) and all(can_emit(a) for a in e.args)
    return True
