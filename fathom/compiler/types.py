"""The dtype of a scalar expression. A bare number takes the dtype of what it meets."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from fathom.core.loop import Call, Const, Expr, Index, Load, Reduce, remembered

BOOL, INT64, FLOAT32 = np.dtype(bool), np.dtype(np.int64), np.dtype(np.float32)
INT32, BFLOAT16 = np.dtype(np.int32), np.dtype(ml_dtypes.bfloat16)
TESTS = {"<", "<=", "==", "and", "or", "not"}


@remembered
def dtype_of(e: Expr) -> np.dtype | None:
    """The dtype, or None for a number that has none of its own."""
    match e:
        case Const():
            return BOOL if isinstance(e.value, bool) else e.dtype
        case Index():
            return INT64
        case Load():
            return e.array.dtype
        case Reduce():
            return dtype_of(e.body)
        case Call(name=name) if name in TESTS:
            return BOOL
        case Call() if e.dtype is not None:
            return e.dtype
        case Call(name="where", args=(_, a, b)):
            return common(dtype_of(a), dtype_of(b))
        case Call():
            return common(*[dtype_of(a) for a in e.args])
    raise AssertionError(f"no scalar expression: {e!r}")


def common(*dtypes: np.dtype | None) -> np.dtype | None:
    """The dtype of operands that belong together: bare numbers and bools follow the others."""
    known = [d for d in dtypes if d is not None]
    if not known:
        return None
    return max(known, key=lambda d: (d.kind != "b", d.kind in "fc", d.itemsize))
