"""Products of matrices and vectors that are contractions by other names, and sums with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fathom.core.errors import ShapeError
from fathom.ops.broadcasting import to_shape
from fathom.ops.contraction import bmm, dot, matmul, mv, need_dims, outer, tensordot

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def inner(input: Tensor, other: Tensor) -> Tensor:
    r"""Inner product over the last dims, $y_{ij} = \sum_k a_{ik} b_{jk}$. a (*I, K), b (*J, K) -> (*I, *J).

    >>> fathom.inner(fathom.tensor([1., 2.]), fathom.tensor([3., 4.]))
    tensor(11.)
    """
    if not input.ndim or not other.ndim:
        return input * other
    return tensordot(input, other, ([-1], [-1]))


def vdot(input: Tensor, other: Tensor) -> Tensor:
    r"""Inner product of two vectors, the first conjugated, $y = \sum_k \bar a_k b_k$."""
    return dot(input.conj(), other)


def added(input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    """beta x + alpha p; at beta 0 x is not read, so that its NaN and Inf do not count."""
    y = product if alpha == 1 else product * alpha
    if beta == 0:
        return y
    x = to_shape(input, tuple(y.shape))
    return (x if beta == 1 else x * beta) + y


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    r"""$\beta\, x + \alpha\, A v$, for a matrix A and a vector v."""
    return added(input, mv(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    r"""$\beta\, x + \alpha\, u v^T$, for vectors u and v."""
    return added(input, outer(vec1, vec2), beta, alpha)


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    r"""$\beta\, x_n + \alpha\, A_n B_n$ for each pair of matrices. (N, I, K), (N, K, J) -> (N, I, J)."""
    return added(input, bmm(batch1, batch2), beta, alpha)


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    r"""$\beta\, x + \alpha \sum_n A_n B_n$, the products summed. (N, I, K), (N, K, J) -> (I, J)."""
    return added(input, bmm(batch1, batch2).sum(0), beta, alpha)


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order that multiplies least; the ends may be vectors.

    >>> a = fathom.ones(2, 3)
    >>> fathom.linalg.multi_dot([a, a.T, a]).shape
    fathom.Size([2, 3])
    """
    xs = list(tensors)
    if len(xs) < 2:
        raise RuntimeError(f"multi_dot: expected at least 2 tensors, got {len(xs)}")
    row, column = xs[0].ndim == 1, xs[-1].ndim == 1
    xs[0] = xs[0].unsqueeze(0) if row else xs[0]
    xs[-1] = xs[-1].unsqueeze(1) if column else xs[-1]
    for k, x in enumerate(xs):
        need_dims("multi_dot", **{f"tensor {k}": (x, 2)})
        if k and xs[k - 1].shape[1] != x.shape[0]:
            raise ShapeError(
                f"multi_dot: tensor {k - 1} {tuple(xs[k - 1].shape)} and tensor {k} {tuple(x.shape)} do not fit"
            )
    y = product(xs, cheapest([xs[0].shape[0], *(x.shape[1] for x in xs)]), 0, len(xs) - 1)
    y = y.squeeze(1) if column else y
    return y.squeeze(0) if row else y


def cheapest(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """For each span of matrices (i ... j) the place to split it that costs the fewest multiplications."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    place = {}
    for span in range(1, count):
        for i in range(count - span):
            j = i + span
            costs = {
                k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            }
            place[i, j] = min(costs, key=lambda k, costs=costs: costs[k])
            cost[i, j] = costs[place[i, j]]
    return place


def product(xs: Sequence[Tensor], place: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    """The matrices i ... j multiplied, each span split at its place."""
    if i == j:
        return xs[i]
    k = place[i, j]
    return matmul(product(xs, place, i, k), product(xs, place, k + 1, j))


def chain_matmul(*matrices: Tensor) -> Tensor:
    """`linalg.multi_dot` of the arguments."""
    return multi_dot(matrices) if len(matrices) > 1 else matrices[0]


ger = outer
