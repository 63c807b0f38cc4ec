"""The contraction: every product of matrices, vectors and stacks of them is one primitive.

Letters name axes, as in einsum. A letter of a and b that is absent from the output is summed over.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import loop
from fathom.core.base import owner
from fathom.core.errors import DtypeError, ShapeError
from fathom.core.primitive import Bilinear
from fathom.ops.broadcasting import broadcast_shapes, to_shape
from fathom.ops.movement import blank

if TYPE_CHECKING:
    from fathom.tensors import Tensor

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Contract(Bilinear):
    r"""Sum of products over the letters absent from `out`: $y_{ij} = \sum_k a_{ik} b_{kj}$ is "ik", "kj", "ij".

    No letter repeats within one of the three, and each stands in at least two of them, so both
    adjoints are contractions again.
    """

    a: str
    b: str
    out: str

    def sizes(self, a: Sequence[int], b: Sequence[int]) -> dict[str, int]:
        return {**dict(zip(self.a, a, strict=True)), **dict(zip(self.b, b, strict=True))}

    def shape(self, a, b):
        size = self.sizes(a, b)
        return tuple(size[letter] for letter in self.out)

    def eager(self, xp, a, b):
        product = one_product(self.a, self.b, self.out)
        if product is None or a.dtype.kind not in "fc" or a.dtype.itemsize <= 2:
            return contract_by_blas(xp, self, a, b)
        swapped, turn_a, turn_b = product
        a, b = a.T if turn_a else a, b.T if turn_b else b
        return xp.matmul(b, a) if swapped else xp.matmul(a, b)

    def adjoint(self, operand, g, a, b):
        if operand == 0:
            return Contract(self.out, self.b, self.a)(g, b.conj())
        return Contract(self.a, self.out, self.b)(a.conj(), g)

    def batch(self, size, batched, a, b):
        z = next(letter for letter in reversed(LETTERS) if letter not in self.a + self.b + self.out)
        return Contract(z * batched[0] + self.a, z * batched[1] + self.b, z + self.out)(a, b)

    def element(self, i, a, b):
        at = dict(zip(self.out, i, strict=True))
        sizes = self.sizes(a.shape, b.shape)
        summed = {letter: loop.Index(sizes[letter]) for letter in sizes if letter not in at}
        at |= summed
        product = a[[at[letter] for letter in self.a]] * b[[at[letter] for letter in self.b]]
        return loop.reduce("+", list(summed.values()), product)


@functools.cache
def one_product(a: str, b: str, out: str) -> tuple[bool, bool, bool] | None:
    """How NumPy's matmul of two matrices or vectors gives the contraction, if it does: (b before a, a transposed,
    b transposed). "ik", "jk", "ij" is a b^T: (False, False, True); "ki", "kj", "ji" is b^T a: (True, False, True).
    """
    inner = set(a) & set(b) - set(out)
    if max(len(a), len(b)) > 2 or len(inner) != 1 or set(a) & set(b) & set(out):
        return None
    (k,) = inner
    rows, columns = a.replace(k, ""), b.replace(k, "")
    if out == rows + columns:
        return False, a == k + rows and rows != "", b == columns + k and columns != ""
    return True, a == rows + k and rows != "", b == k + columns and columns != ""


PART = 1 << 21  # bytes that are copied at a time: they stay in the cache


def contract_by_blas(xp, contract: Contract, a, b):
    """The contraction as products of matrices.

    An operand that is larger than the memory it shows (the windows of a convolution) is spelled out part
    by part.
    """
    exact = a.dtype
    if exact.kind == "V" or (exact.kind == "f" and exact.itemsize == 2):
        a, b = a.astype(np.float32), b.astype(np.float32)  # half precision is summed in single
    elif exact.kind == "b":
        a, b = a.astype(np.int64), b.astype(np.int64)
    large, letters = (a, contract.a) if a.size >= b.size else (b, contract.b)
    if large.nbytes > 2 * PART and large.size > owner(large).size:
        y = product_by_parts(xp, contract, a, b, large, letters)
    else:
        y = product(xp, contract, a, b)
    return y if y.dtype == exact else y.astype(exact)


def product_by_parts(xp, contract: Contract, a, b, large, letters: str):
    """The products of slices along one letter of the large operand, side by side or added up."""
    size = contract.sizes(a.shape, b.shape)
    out = [size[c] for c in contract.out]

    def again(c: str) -> tuple[int, int]:
        """The bytes touched once more for each slice along c; the steps between slices come second."""
        other = min(a.size, b.size) if c not in contract.a or c not in contract.b else 0
        return other + (0 if c in contract.out else prod(out)), -large.strides[letters.index(c)]

    cut = min((c for c in letters if size[c] > 1), key=again)
    step = max(1, size[cut] * PART // large.nbytes)
    y = None
    for start in range(0, size[cut], step):
        piece = slice(start, start + step)

        def at(part: str, piece: slice = piece) -> tuple[slice, ...]:
            return tuple(piece if c == cut else slice(None) for c in part)

        term = product(xp, contract, a[at(contract.a)], b[at(contract.b)])
        if cut not in contract.out:
            y = term if y is None else y + term
            continue
        if y is None:
            y = blank(xp, tuple(out), term)
        y[at(contract.out)] = term
    return y


def product(xp, contract: Contract, a, b):
    """The contraction as one stack of matrix products: transpose, multiply, transpose.

    The result lies in memory in the order of `out` where one product can give that; else in the
    order in which the larger operand lies, so that its long runs stay long.
    """
    size = contract.sizes(a.shape, b.shape)
    stack = [c for c in contract.out if c in contract.a and c in contract.b]
    rows = [c for c in contract.out if c not in contract.b]
    columns = [c for c in contract.out if c not in contract.a]
    inner = [c for c in contract.a if c not in contract.out]
    inner = in_memory_order(inner, *((a, contract.a) if a.size >= b.size else (b, contract.b)))
    height, width, depth = (prod(size[c] for c in group) for group in (rows, columns, inner))
    small = depth > 8 * max(height, width)  # y is, beside its operands
    swapped = contract.out == "".join(stack + columns + rows)
    if small:  # BLAS is faster with the longer side first; y is put in order after
        swapped = height < width
    elif not swapped and contract.out != "".join(stack + rows + columns):
        rows, columns = (
            in_memory_order(rows, a, contract.a),
            in_memory_order(columns, b, contract.b),
        )
        swapped = height >= width
    left = as_matrices(xp, a, contract.a, stack, rows, inner, size)
    right = as_matrices(xp, b, contract.b, stack, inner, columns, size)
    if swapped:  # y^T = b^T a^T
        left, right = right.swapaxes(1, 2), left.swapaxes(1, 2)
        rows, columns = columns, rows
    if left.shape[0] == 1:
        left, right = left[0], right[0]  # one product: BLAS, not a loop over a stack
    order = stack + rows + columns
    y = xp.matmul(left, right).reshape([size[c] for c in order])
    y = y.transpose([order.index(c) for c in contract.out])
    return xp.ascontiguousarray(y) if small else y


def in_memory_order(group: list, x, letters: str) -> list:
    """The letters from the largest step in x's memory to the smallest."""
    return sorted(group, key=lambda c: -abs(x.strides[letters.index(c)]))


def as_matrices(xp, x, letters: str, stack: list, rows: list, columns: list, size: dict):
    """x as matrices (stack, rows, columns). Where that needs a copy, it runs along x's own memory order:
    if x's fastest axis is a row letter, the matrices are stored transposed."""
    sizes = [prod(size[c] for c in group) for group in (stack, rows, columns)]
    if not letters:
        return x.reshape(sizes)
    fastest = min(letters, key=lambda c: (abs(x.strides[letters.index(c)]) or 1 << 62, -size[c]))
    if fastest in rows:
        x = x.transpose([letters.index(c) for c in stack + columns + rows])
        return x.reshape([sizes[0], sizes[2], sizes[1]]).swapaxes(1, 2)
    return x.transpose([letters.index(c) for c in stack + rows + columns]).reshape(sizes)


# ---- public functions ----------------------------------------------------------------------------


def checked(name: str, a: Tensor, b: Tensor) -> None:
    """Products do not promote: both operands have one dtype."""
    if a.array.dtype != b.array.dtype:
        raise DtypeError(
            f"{name}: expected both tensors to have the same dtype, got {a.dtype} and {b.dtype};"
            " convert one with .to(dtype)"
        )


def misfit(name: str, a: Tensor, b: Tensor, last: int, first: int) -> ShapeError:
    return ShapeError(
        f"{name}: a {tuple(a.shape)} and b {tuple(b.shape)} do not fit:"
        f" a's last size {last} must equal b's first size {first}"
    )


def need_dims(name: str, **tensors: tuple[Tensor, int]) -> None:
    for label, (x, ndim) in tensors.items():
        if x.ndim != ndim:
            raise ShapeError(
                f"{name}: {label} must have {ndim} dim(s), got {x.ndim}-d {tuple(x.shape)}"
            )


def dot(input: Tensor, other: Tensor) -> Tensor:
    r"""Inner product of two vectors, $y = \sum_k a_k b_k$."""
    need_dims("dot", input=(input, 1), other=(other, 1))
    checked("dot", input, other)
    if input.shape != other.shape:
        raise misfit("dot", input, other, input.shape[0], other.shape[0])
    return Contract("k", "k", "")(input, other)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    r"""Matrix times vector, $y_i = \sum_k a_{ik} b_k$. a (I, K), b (K) -> (I)."""
    need_dims("mv", input=(input, 2), vec=(vec, 1))
    checked("mv", input, vec)
    if input.shape[1] != vec.shape[0]:
        raise misfit("mv", input, vec, input.shape[1], vec.shape[0])
    return Contract("ik", "k", "i")(input, vec)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    r"""Matrix product, $y_{ij} = \sum_k a_{ik} b_{kj}$. a (I, K), b (K, J) -> (I, J)."""
    need_dims("mm", input=(input, 2), mat2=(mat2, 2))
    return matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    r"""Matrix products, $y_{nij} = \sum_k a_{nik} b_{nkj}$. a (N, I, K), b (N, K, J) -> (N, I, J)."""
    need_dims("bmm", input=(input, 3), mat2=(mat2, 3))
    checked("bmm", input, mat2)
    if input.shape[0] != mat2.shape[0]:
        raise ShapeError(
            f"bmm: a {tuple(input.shape)} and b {tuple(mat2.shape)} hold different numbers of matrices"
        )
    return matmul(input, mat2)


def matmul(input: Tensor, other: Tensor) -> Tensor:
    r"""Matrix product over the last two dims, the dims before broadcast: $y_{ij} = \sum_k a_{ik} b_{kj}$.

    A 1-d operand is a row on the left, a column on the right, and its dim disappears.

    >>> fathom.matmul(fathom.tensor([[1., 2.], [3., 4.]]), fathom.tensor([1., 1.]))
    tensor([3., 7.])
    """
    a, b = input, other
    x, y = a.array.shape, b.array.shape
    if not x or not y:
        raise ShapeError(
            f"matmul: both operands need at least 1 dim, got {tuple(x)} and {tuple(y)}; use * for scalars"
        )
    checked("matmul", a, b)
    if x[-1] != y[-2 if len(y) > 1 else 0]:
        raise misfit("matmul", a, b, x[-1], y[-2 if len(y) > 1 else 0])
    if len(x) == 2 and len(y) == 2:
        return Contract("ik", "kj", "ij")(a, b)
    left, right = "ik"[-min(len(x), 2) :], "kj"[: min(len(y), 2)]
    result = left[:-1] + right[1:]
    if len(y) <= 2:  # one matrix for all: no need to repeat it
        stack = LETTERS[-(len(x) - len(left)) :] if len(x) > len(left) else ""
        return Contract(stack + left, right, stack + result)(a, b)
    lead = broadcast_shapes(x[:-2], y[:-2], name="matmul")
    stack = LETTERS[-len(lead) :]
    if len(x) <= 2:
        return Contract(left, stack + right, stack + result)(a, b)
    a, b = to_shape(a, (*lead, *x[-2:])), to_shape(b, (*lead, *y[-2:]))
    return Contract(stack + left, stack + right, stack + result)(a, b)


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    r"""$\beta\, x + \alpha\, a b$."""
    return input * beta + mm(mat1, mat2) * alpha


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """$y_{ij} = a_i b_j$ of two vectors."""
    need_dims("outer", input=(input, 1), vec2=(vec2, 1))
    return input.unsqueeze(1) * vec2


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    """Contract dims of a with dims of b: the last `dims` of a with the first of b, or two lists of dims."""
    if isinstance(dims, int):
        of_a, of_b = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        of_a, of_b = [d % a.ndim for d in dims[0]], [d % b.ndim for d in dims[1]]
    checked("tensordot", a, b)
    if [a.shape[d] for d in of_a] != [b.shape[d] for d in of_b]:
        raise ShapeError(
            f"tensordot: a {tuple(a.shape)} over dims {of_a} and b {tuple(b.shape)} over dims {of_b} do not fit"
        )
    letters_a = LETTERS[: a.ndim]
    letters_b = list(LETTERS[a.ndim : a.ndim + b.ndim])
    for i, j in zip(of_a, of_b, strict=True):
        letters_b[j] = letters_a[i]
    kept = [c for k, c in enumerate(letters_a) if k not in of_a] + [
        c for k, c in enumerate(letters_b) if k not in of_b
    ]
    return Contract(letters_a, "".join(letters_b), "".join(kept))(a, b)
