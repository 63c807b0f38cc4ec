"""What a scalar expression is worth, inside a kernel: its operations as instructions, on numbers or on lanes.

What does not change in the loops inside is computed before them, and held.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from fathom.compiler.access import Access
from fathom.compiler.affine import affine, is_index
from fathom.compiler.fuse import reads_inside
from fathom.compiler.instructions import arithmetic, convert
from fathom.compiler.text import BOOL, FLOAT32, INT64, Value, literal
from fathom.compiler.types import common, dtype_of
from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce, mentions


class Values(Access):
    """Computes expressions where the loops stand."""

    def __init__(self, output: Array, lanes: int):
        super().__init__(output, lanes)
        self.held: dict[int, Value] = {}  # what has been computed before the loops inside, by id

    def reduced(self, e: Reduce) -> Value:
        """A reduction: its loops are for a kernel's emitter to write."""
        raise NotImplementedError

    def fixed(self, e: Expr, loops: Collection[Index]) -> dict[int, Value]:
        """What does not change in these loops, computed before them: by the parts' ids."""
        parts = [p for p in fixed(e, loops) if id(p) not in self.held]
        values = {p: self.value(p) for p in dict.fromkeys(parts)}
        return {id(p): values[p] for p in parts}

    def value(self, e: Expr) -> Value:
        """The expression's value, here."""
        if id(e) in self.held:
            return self.held[id(e)]
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
                return self.reduced(e)
            case Call() if is_index(e):
                return self.index(affine(e))
            case Call(name="cast", args=(a,)):
                return convert(
                    self.t,
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
                return arithmetic(self.t, e.name, self.operands(e.args))
        raise AssertionError(e)

    def operands(self, args: tuple[Expr, ...]) -> list[Value]:
        """The arguments in their common dtype; bare numbers take it."""
        dtype = self.common_dtype(args)
        return [self.operand(a, dtype) for a in args]

    def common_dtype(self, args: tuple[Expr, ...]) -> np.dtype:
        known = common(*[dtype_of(a) for a in args])
        if known is not None:
            return known
        real = any(isinstance(a, Const) and isinstance(a.value, float) for a in args)
        return FLOAT32 if real else INT64

    def operand(self, a: Expr, dtype: np.dtype) -> Value:
        if isinstance(a, Const) and a.dtype is None:
            return literal(a.value, dtype)
        return convert(self.t, self.value(a), dtype)

    def where(self, test: Expr, a: Expr, b: Expr) -> Value:
        """Choose; reads in a branch are masked by its condition."""
        t, before, dtype = self.t, self.mask, self.common_dtype((a, b))
        condition = self.value(test)
        self.mask = condition if before is None else t.binary("and", before, condition)
        first = self.operand(a, dtype)
        opposite = t.binary("xor", condition, literal(True, BOOL))
        self.mask = opposite if before is None else t.binary("and", before, opposite)
        second = self.operand(b, dtype)
        self.mask = before
        return t.select(condition, first, second)


def fixed(e: Expr, loops: Collection[Index]) -> Iterator[Expr]:
    """The largest parts of an expression that do not depend on the loops and may be computed whether they are
    needed or not."""
    if not isinstance(e, Load | Call) or is_index(e):
        return
    if not any(mentions(e, i) for i in loops):
        yield e
    elif isinstance(e, Load):
        for i in e.at:
            yield from fixed(i, loops)
    elif e.name == "where":
        yield from fixed(e.args[0], loops)
        for branch in e.args[1:]:
            yield from (part for part in fixed(branch, loops) if reads_inside(part))
    else:
        for a in e.args:
            yield from fixed(a, loops)
