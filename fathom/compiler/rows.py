"""A kernel as a function of rows: what it computes of some rows it reads from the same rows of other arrays.

    s[i] = sum_j x[i, j]                        of row i of x
    y[i, j] = x[i, j] / s[i]                    of row i of x and of s
    z[i, j, k] = sum_l y[i, j, l] v[i, l, k]    of row i of y and of v, which is a matrix
    b[j] = sum_i x[i, j]                        a sum over rows: row i adds to what is there

How many rows there are is a choice: an array of 32 x 128 x 256 numbers is 32 rows, or 4,096, or so many single numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fathom.compiler.affine import Affine
from fathom.compiler.fuse import Kernel, measure
from fathom.compiler.reads import address, depends, loads, names_read, position, stride
from fathom.compiler.regions import KEPT
from fathom.compiler.schedule import scheduled, top_reduction
from fathom.compiler.transpose import turned
from fathom.core.loop import Array, Index, Reduce

PRODUCTS = 1 << 20  # in a row, so that a product of it is as fast as of many at once


@dataclass(frozen=True)
class Rows:
    """The numbers of rows into which a kernel can be cut, each with the arrays of which it then reads or writes the
    same rows; whether it is a sum over rows."""

    cuts: dict[int, frozenset[str]]
    collects: bool

    def renamed(self, names: dict[str, str]) -> Rows:
        """The same for other arrays."""
        cuts = {n: frozenset(names[a] for a in arrays) for n, arrays in self.cuts.items()}
        return Rows(cuts, self.collects)


def rows_of(kernel: Kernel, output: Array, lanes: int) -> Rows | None:
    """The kernel as a function of rows; None if it is none."""
    if 0 in kernel.output.shape or turned(kernel, lanes) is not None:
        return None
    collected = collecting(kernel)
    k = collected or kernel
    again = read_again(k)
    places = [(r.array.name, address(r), math.prod(r.array.shape)) for r in loads(k.body)]
    leading = [i for i in k.out if i.size > 1]
    if collected is None:
        store = k.store or position(k.element(), k.output.shape)
        places.append((output.name, store, math.prod(output.shape)))
    else:
        leading = [i for i in leading if i not in kernel.out]
    cuts, rows, outermost = {}, 1, 0
    for d, i in enumerate(leading):
        rows *= i.size
        apart = {
            name for name, form, size in places if not lies_in_row(form, leading[: d + 1], size)
        }
        alike = frozenset(name for name, _, _ in places if name not in apart)
        if alike and (not again or (again <= alike and steps_of(k) >= rows * PRODUCTS)):
            outermost = outermost or outermost_of(k, lanes)
            if outermost % rows == 0:
                cuts[rows] = alike
    return Rows(cuts, collected is not None) if cuts else None


def lies_in_row(form: Affine, leading: Sequence[Index], size: int) -> bool:
    """Whether, in an array of so many elements, what is reached for a row of the leading indices lies in that row."""
    step, rest = divmod(size, math.prod(i.size for i in leading))
    within = Affine(form.const, {atom: c for atom, c in form.terms.items() if atom not in leading})
    low, high = within.range()
    if rest or low < 0 or high >= step:
        return False
    for i in reversed(leading):
        if stride(form, i) != step:
            return False
        step *= i.size
    return True


def outermost_of(kernel: Kernel, lanes: int) -> int:
    """The size of a kernel's outermost loop, if that goes through its arrays from their begin to their end; else 1."""
    schedule = scheduled(kernel, lanes)
    i = schedule.out[0]
    places = [(address(r), math.prod(r.array.shape)) for r in loads(schedule.body)]
    if not kernel.adds:
        places.append((schedule.store, math.prod(kernel.output.shape)))
    elif schedule.strip is not None or stride(schedule.store, schedule.vector or i) == 0:
        return (
            1  # a strip would begin from 0, and rows side by side in lanes would add to one place
        )
    return i.size if any(stride(form, i) == size // i.size for form, size in places) else 1


def steps_of(kernel: Kernel) -> int:
    """How often the innermost expression of a kernel is computed."""
    reduction = top_reduction(kernel.body)
    over = () if reduction is None else reduction.over
    return math.prod(i.size for i in (*kernel.out, *over))


def read_again(kernel: Kernel) -> frozenset[str]:
    """The arrays that a product reads again and again: unless all of them lie in the row, and the row is large, it is
    fast on many rows alone. A sum that reads its largest array once, element by element, is as fast on a few."""
    reduction = top_reduction(kernel.body)
    if reduction is None:
        return names_read(kernel.body) if measure(kernel.body)[2] else frozenset()
    once = any(math.prod(r.array.shape) >= steps_of(kernel) for r in loads(reduction.body))
    return frozenset() if once else names_read(reduction.body)


def collecting(kernel: Kernel) -> Kernel | None:
    """A small sum over rows as a kernel that adds what each row gives to what is there; None if it is none."""
    e = kernel.body
    if not isinstance(e, Reduce) or e.name != "+" or math.prod(kernel.output.shape) > KEPT:
        return None
    own = [i for i in kernel.out if i.size > 1]
    indices = [*own, *(k for k in e.over if k.size > 1)]
    forms = [address(r) for r in loads(e.body) if all(depends(r, i) for i in indices)]
    if not own or not forms:
        return None
    within = max(stride(forms[0], i) or math.inf for i in own)
    rows: list[Index] = []
    for k in e.over:
        if k.size > 1 and (stride(forms[0], k) or 0) < within:
            break
        rows.append(k)
    if not rows:
        return None
    rest = tuple(k for k in e.over if k not in rows)
    body = Reduce("+", rest, e.body) if rest else e.body
    store = position(kernel.out, [i.size for i in kernel.out])
    return replace(kernel, out=(*rows, *kernel.out), at=None, body=body, store=store, adds=True)
