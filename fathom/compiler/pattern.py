"""What a kernel computes when the names of its arrays and indices are left out.

The layers of a deep network are the same kernels on other arrays. Kernels with one pattern share one function.

    a7[i, j] = a3[i, j] + a5[j]    and    a9[i, j] = a7[i, j] + a6[j]    are    0[0, 1] = 1[0, 1] + 2[1]
"""

from __future__ import annotations

from fathom.compiler.affine import Affine
from fathom.compiler.fuse import Kernel
from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce


def pattern(kernel: Kernel, output: Array) -> tuple[tuple, tuple[str, ...]]:
    """The kernel as nested tuples, and the names of its arrays in the order of their numbers there."""
    found = Pattern()
    shape = (
        found.array(output),
        *(found.expr(i) for i in kernel.out),
        found.expr(kernel.body),
        *(found.expr(e) for e in kernel.at or ()),
        found.form(kernel.store),
        *(found.expr(i) if i is not None else None for i in (kernel.time, kernel.block)),
        found.expr(kernel.lane) if kernel.lane is not None else None,
        (kernel.full, kernel.left, kernel.adds),
        *((found.expr(b.index), found.form(b.offset), b.low, b.high) for b in kernel.borders),
    )
    return shape, tuple(found.arrays)


class Pattern:
    """Arrays and indices, numbered as they are met."""

    def __init__(self) -> None:
        self.arrays: dict[str, int] = {}
        self.indices: dict[Index, int] = {}

    def array(self, a: Array) -> tuple:
        return self.arrays.setdefault(a.name, len(self.arrays)), a.shape, a.dtype.str

    def form(self, form: Affine | None) -> tuple | None:
        if form is None:
            return None
        return form.const, *((self.expr(atom), c) for atom, c in form.terms.items())

    def expr(self, e: Expr) -> tuple:
        match e:
            case Index():
                return self.indices.setdefault(e, len(self.indices)), e.size
            case Const():
                return type(e.value).__name__, repr(e.value), e.dtype and e.dtype.str
            case Load():
                return type(e).__name__, self.array(e.array), *map(self.expr, e.at)
            case Reduce():
                return e.name, *map(self.expr, e.over), self.expr(e.body)
            case Call():
                return e.name, e.dtype and e.dtype.str, *map(self.expr, e.args)
        raise AssertionError(f"no scalar expression: {e!r}")
