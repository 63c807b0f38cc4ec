"""Einstein's summation: products of tensors, axes named by letters, summed over what the result lacks.

It adds nothing to the contraction but reading: repeated letters are diagonals, letters that stand in
one operand only are summed there, and more than two operands are contracted pair by pair.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from fathom.core.errors import DtypeError, ShapeError
from fathom.ops.contraction import LETTERS, Contract
from fathom.ops.matrices import diagonal

if TYPE_CHECKING:
    from fathom.tensors import Tensor


class EquationError(ValueError, RuntimeError):
    """An equation that cannot be read, or that does not name the operands' dims."""


def einsum(equation: str, *operands) -> Tensor:
    r"""Sums of products, as `equation` says: "ik,kj->ij" is $y_{ij} = \sum_k a_{ik} b_{kj}$.

    A letter is an axis; "..." stands for any number of axes, which broadcast; a letter that repeats
    within an operand takes its diagonal. Without "->" the result has, in the order of the alphabet,
    the letters that appear once. Also einsum(a, [0, 2], b, [2, 1], [0, 1]), with numbers as letters.
    Raises EquationError for an equation that cannot be read, ShapeError for sizes that do not fit.

    >>> x = fathom.tensor([[1., 2.], [3., 4.]])
    >>> fathom.einsum("ij,kj->ik", x, x)
    tensor([[ 5., 11.],
            [11., 25.]])
    >>> fathom.einsum("ii", x)
    tensor(5.)
    """
    if not isinstance(equation, str):
        equation, operands = from_numbers(equation, *operands)
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if len({x.dtype for x in operands}) > 1:
        found = ", ".join(str(x.dtype) for x in operands)
        raise DtypeError(f"einsum: expected all operands to have the same dtype, got {found}")
    terms, out = read(equation, tuple(x.ndim for x in operands))
    size = sizes(equation, terms, operands)
    parts = [without_repeats(x, term, size) for x, term in zip(operands, terms, strict=True)]
    while len(parts) > 1:
        i, j = best_pair(parts, out, size)
        b, a = parts.pop(j), parts.pop(i)
        needed = set(out).union(*[term for _, term in parts])
        parts.append(contracted(a, b, needed))
    x, term = summed(*parts[0], set(out))
    return x.permute([term.index(letter) for letter in out]) if term != out else x


def from_numbers(*args) -> tuple[str, tuple]:
    """The form with numbers in place of letters, as an equation and its operands."""

    def text(numbers) -> str:
        return "".join("..." if k is Ellipsis else LETTERS[k] for k in numbers)

    pairs = list(zip(args[0::2], args[1::2], strict=False))
    out = "->" + text(args[-1]) if len(args) % 2 else ""
    return ",".join(text(numbers) for _, numbers in pairs) + out, tuple(x for x, _ in pairs)


# ---- reading -------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def read(equation: str, ndims: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """The letters of each operand and of the result, "..." spelled out with letters that are free."""
    left, arrow, out = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise EquationError(
            f"einsum: {equation!r} names {len(terms)} operand(s), but {len(ndims)} were given"
        )
    for term in (*terms, out):
        check_term(equation, term)
    free = [letter for letter in reversed(LETTERS) if letter not in equation]
    hidden = {}
    for term, ndim in zip(terms, ndims, strict=True):
        count = ndim - len(term.replace("...", ""))
        if count < 0 or (count and "..." not in term):
            raise EquationError(
                f"einsum: {term!r} in {equation!r} does not name the {ndim} dims of its operand"
            )
        hidden[term, ndim] = count
    dots = "".join(free[: max(hidden.values())][::-1])

    def spelled(term: str, count: int) -> str:
        return term.replace("...", dots[len(dots) - count :])

    full = tuple(spelled(t, hidden[t, n]) for t, n in zip(terms, ndims, strict=True))
    if not arrow:
        times = Counter("".join(terms).replace(".", ""))
        return full, dots + "".join(sorted(letter for letter, n in times.items() if n == 1))
    out = spelled(out, len(dots))
    for letter in out:
        if letter not in "".join(full) or out.count(letter) > 1:
            what = "twice in the result" if out.count(letter) > 1 else "in no operand"
            raise EquationError(f"einsum: {letter!r} of {equation!r} stands {what}")
    return full, out


def check_term(equation: str, term: str) -> None:
    bare = term.replace("...", "", 1)
    wrong = [letter for letter in bare if letter not in LETTERS]
    if wrong:
        raise EquationError(
            f"einsum: {wrong[0]!r} in {equation!r} is no letter from a to z or A to Z"
        )


def sizes(equation: str, terms: Sequence[str], operands: Sequence[Tensor]) -> dict[str, int]:
    """The size of each letter; a size of 1 repeats to fit another."""
    size: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            if size.setdefault(letter, n) == 1:
                size[letter] = n
            elif n not in (1, size[letter]):
                shapes = " and ".join(str(tuple(x.shape)) for x in operands)
                raise ShapeError(
                    f"einsum: {equation!r} with {shapes}: {letter!r} has sizes {size[letter]} and {n}"
                )
    return size


# ---- computing -----------------------------------------------------------------------------------


def without_repeats(x: Tensor, term: str, size: dict[str, int]) -> tuple[Tensor, str]:
    """The operand with each letter once, and without axes that only repeat to fit another operand."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            i = term.index(letter)
            j = term.index(letter, i + 1)
            x = diagonal(x, 0, i, j)
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + letter
    kept = [k for k, letter in enumerate(term) if x.shape[k] == size[letter]]
    if len(kept) < len(term):
        x = x.reshape([x.shape[k] for k in kept])
    return x, "".join(term[k] for k in kept)


def summed(x: Tensor, term: str, needed: set[str]) -> tuple[Tensor, str]:
    """The operand summed over the letters that nobody else needs."""
    axes = [k for k, letter in enumerate(term) if letter not in needed]
    if not axes:
        return x, term
    return x.sum(axes, dtype=x.dtype), "".join(letter for letter in term if letter in needed)


def contracted(
    a: tuple[Tensor, str], b: tuple[Tensor, str], needed: set[str]
) -> tuple[Tensor, str]:
    """Two operands as one, with the letters that the others or the result need."""
    (x, left), (y, right) = summed(*a, needed | set(b[1])), summed(*b, needed | set(a[1]))
    out = "".join(letter for letter in dict.fromkeys(left + right) if letter in needed)
    return Contract(left, right, out)(x, y), out


def best_pair(
    parts: Sequence[tuple[Tensor, str]], out: str, size: dict[str, int]
) -> tuple[int, int]:
    """The pair whose product is smallest, compared with the two: the greedy order."""
    if len(parts) == 2:
        return 0, 1

    def growth(pair: tuple[int, int]) -> int:
        i, j = pair
        needed = set(out).union(*[term for k, (_, term) in enumerate(parts) if k not in pair])
        kept = set(parts[i][1] + parts[j][1]) & needed
        before = sum(prod(size[letter] for letter in parts[k][1]) for k in pair)
        return prod(size[letter] for letter in kept) - before

    return min(itertools.combinations(range(len(parts)), 2), key=growth)
