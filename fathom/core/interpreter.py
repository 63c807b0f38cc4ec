"""The reference interpreter of the scalar language (loop.py): an expression for all elements at once, by NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fathom.core.loop import Call, Const, Expr, Index, Load, Reduce


def sign_of(x):
    """-1, 0 or 1; 0 at NaN."""
    return np.greater(x, 0) - 1.0 * np.less(x, 0)


SCALAR = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "//": np.floor_divide,
    "%": np.remainder, "neg": np.negative, "abs": np.abs, "sign": sign_of, "floor": np.floor,
    "round": np.rint, "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p,
    "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh,
    "atan2": np.arctan2, "pow": np.power, "max": np.maximum, "min": np.minimum, "<": np.less,
    "<=": np.less_equal, "==": np.equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not, "bitand": np.bitwise_and, "bitor": np.bitwise_or,
    "xor": np.bitwise_xor, "<<": np.left_shift, ">>": np.right_shift,
}  # fmt: skip
REDUCTION = {"+": np.sum, "*": np.prod, "max": np.max, "min": np.min}
SPECIAL = {"erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "lgamma": "gammaln", "digamma": "psi"}


def scalar_function(name: str):
    """The NumPy (or SciPy) function that computes a Call."""
    if name in SPECIAL:
        import scipy.special

        return getattr(scipy.special, SPECIAL[name])
    return SCALAR[name]


def evaluate(body: Expr, out: Sequence[Index], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The array y[out] = body, for all values of the indices: slow, plain, and the law for the rest."""
    with np.errstate(all="ignore"):
        y = _evaluate(body, tuple(out), arrays)
    return np.broadcast_to(y, [i.size for i in out]).copy()


def _evaluate(e: Expr, axes: tuple[Index, ...], arrays: dict[str, np.ndarray]):
    """The values of e on the grid of all indices in `axes` (sizes of 1 where e does not vary)."""
    match e:
        case Const():
            return e.value if e.dtype is None else e.dtype.type(e.value)
        case Index():
            grid = [1] * len(axes)
            grid[axes.index(e)] = e.size
            return np.arange(e.size).reshape(grid)
        case Load():
            array = arrays[e.array.name]
            if 0 in array.shape:  # nothing to read: only a guarded branch comes here
                return np.zeros((), array.dtype)
            at = [_evaluate(i, axes, arrays) for i in e.at]
            safe = [np.clip(i, 0, n - 1) for i, n in zip(at, array.shape, strict=True)]
            return array[tuple(safe)] if safe else array[()]
        case Reduce():
            inner = (*axes, *e.over)
            values = _evaluate(e.body, inner, arrays)
            kept = np.shape(values)[: len(axes)] if np.ndim(values) else (1,) * len(axes)
            values = np.broadcast_to(values, (*kept, *[k.size for k in e.over]))
            last = tuple(range(len(axes), len(inner)))
            if values.dtype.kind in "b" and e.name in ("+", "*"):
                values = values.astype(np.int64)
            return (
                REDUCTION[e.name](values, axis=last, dtype=values.dtype)
                if e.name in "+*"
                else REDUCTION[e.name](values, axis=last)
            )
        case Call(name="cast"):
            return np.asarray(_evaluate(e.args[0], axes, arrays)).astype(e.dtype)
        case Call(name="where"):
            return np.where(*[_evaluate(a, axes, arrays) for a in e.args])
        case Call():
            return scalar_function(e.name)(*[_evaluate(a, axes, arrays) for a in e.args])
    raise AssertionError(f"no scalar expression: {e!r}")
