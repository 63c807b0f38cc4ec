r"""Attention: each query reads the values, weighted by how well their keys answer it.

Letters: N batch, L queries, S keys and values, E size of queries and keys, V of values; * any dims in front.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

from fathom.core.composite import sized_composite
from fathom.core.errors import ShapeError
from fathom.nn.functional.dropout import dropout
from fathom.ops.broadcasting import broadcast_shapes
from fathom.ops.recompute import recomputed
from fathom.ops.shaping import cat

if TYPE_CHECKING:
    from fathom.tensors import Tensor

MANY = 1 << 23  # scores: 32 MB in float32; as many may be there all at once
SCORES = 1 << 21  # of a block, where there are more
LEAST = 128  # queries: a block of fewer is not worth its while
BLOCKS = 8  # a compiled program has kernels for each


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    r"""$y = \mathrm{softmax}\left(Q K^T / \sqrt E + M\right) V$.

    query (*, L, E), key (*, S, E), value (*, S, V) -> (*, L, V). attn_mask, broadcast to (*, L, S): bool, True
    where a query may look, or numbers that are added to the scores. is_causal: query i looks at keys 0 ... i
    only. scale replaces $1/\sqrt E$. dropout_p drops weights (always: there is no training mode here). With
    enable_gqa several heads of queries share a head of keys and values. A query that may look nowhere
    reads zeros.

    More than 8,388,608 scores (32 MB in float32) are never all there: blocks of queries are answered one after the
    other, and their scores computed again for the gradient.

    >>> q, v = fathom.zeros(1, 2), fathom.tensor([[2.], [4.]])
    >>> fathom.nn.functional.scaled_dot_product_attention(q, fathom.zeros(2, 2), v)
    tensor([[3.]])
    """
    if enable_gqa:
        key, value = shared_heads(query, key), shared_heads(query, value)
    check(query, key, value)
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "scaled_dot_product_attention: give attn_mask or is_causal=True, not both"
        )
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    if not dropout_p:
        return attention(query, key, value, attn_mask, is_causal, factor)
    return answered(query * factor, key, value, attn_mask, dropout_p, is_causal)


def pairs(query: Tensor, key: Tensor, *_: object) -> int:
    """How many pairs of a query and a key there are."""
    return prod(query.array.shape[:-1]) * key.array.shape[-2]


@sized_composite(pairs)
def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    is_causal: bool,
    factor: float,
) -> Tensor:
    """What each query reads, with no dropout."""
    return answered(query * factor, key, value, mask, 0.0, is_causal)


def answered(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float,
    is_causal: bool,
) -> Tensor:
    """What queries, scaled already, read: all at once, or in blocks."""
    rows = rows_at_once(query, key)
    if rows < query.shape[-2]:
        return in_blocks(query, key, value, mask, dropout_p, is_causal, rows)
    return attended(query, key, value, mask, dropout_p, 0 if is_causal else None)


def attended(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float,
    first: int | None,
) -> Tensor:
    """The same all at once. `first`: the place of the first query, where each looks at no key after it."""
    if first is not None:
        mask = query.new_ones((query.shape[-2], key.shape[-2]), dtype="bool").tril(first)
    weights = attention_weights(query, key, mask)
    return (dropout(weights, dropout_p) if dropout_p else weights) @ value


def rows_at_once(query: Tensor, key: Tensor) -> int:
    """How many queries of each batch are answered at once: all, or as many as have SCORES scores, but at least LEAST
    and one in BLOCKS."""
    *batch, queries, keys = scores_shape(query, key)
    if prod(batch) * queries * keys <= MANY:
        return queries
    return max(SCORES // (prod(batch) * keys), LEAST, -(-queries // BLOCKS))


def in_blocks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float,
    is_causal: bool,
    rows: int,
) -> Tensor:
    """The same for a block of so many queries after the other. The scores of a block are there while it is computed,
    and once more for its gradient; a causal block has none with the keys that come after it."""
    if mask is not None:
        check_mask(mask, scores_shape(query, key))
    found = []
    for low in range(0, query.shape[-2], rows):
        high = min(low + rows, query.shape[-2])
        seen = min(high, key.shape[-2]) if is_causal else key.shape[-2]
        parts = [query[..., low:high, :], key[..., :seen, :], value[..., :seen, :]]
        if mask is not None:
            whole = mask.ndim < 2 or mask.shape[-2] == 1
            parts.append(mask if whole else mask[..., low:high, :])
        found.append(recomputed(block(dropout_p, low if is_causal else None), *parts))
    return cat(found, -2)


def block(dropout_p: float, first: int | None) -> Callable[..., Tensor]:
    """`attended` as a function of tensors alone."""

    def of_tensors(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        return attended(query, key, value, mask, dropout_p, first)

    return of_tensors


@sized_composite(pairs)
def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    """The share of each key in what a query reads; query (*, L, E), key (*, S, E) -> (*, L, S).

    Every row sums to 1, or is all zeros where the mask shuts out every key.
    """
    scores = query @ key.transpose(-2, -1)
    if mask is None:
        return scores.softmax(-1)
    check_mask(mask, tuple(scores.shape))
    if mask.dtype.kind == "bool":
        scores = scores.masked_fill(~mask, float("-inf"))
    else:
        scores = scores + mask.to(scores.dtype)
    top = (
        scores.amax(-1, keepdim=True).detach() if scores.shape[-1] else scores.sum(-1, keepdim=True)
    )
    powers = (scores - top.masked_fill(top == float("-inf"), 0)).exp()
    total = powers.sum(-1, keepdim=True)
    return powers / total.masked_fill(total == 0, 1)


def scores_shape(query: Tensor, key: Tensor) -> tuple[int, ...]:
    """The shape of the scores of all queries, (*, L, S)."""
    batch = broadcast_shapes(query.shape[:-2], key.shape[:-2], name="query and key")
    return (*batch, query.shape[-2], key.shape[-2])


def check_mask(mask: Tensor, scores: tuple[int, ...]) -> None:
    if broadcast_shapes(mask.shape, scores, name="attn_mask") != scores:
        raise ShapeError(
            f"attention: attn_mask {tuple(mask.shape)} does not fit the scores {scores}"
        )


def shared_heads(query: Tensor, x: Tensor) -> Tensor:
    """x (*, H_x, S, E) with each head repeated, so that there is one for each of the query's (*, H, L, E)."""
    if query.ndim < 3 or x.ndim < 3 or query.shape[-3] % x.shape[-3]:
        raise ShapeError(
            f"scaled_dot_product_attention: enable_gqa needs heads (dim -3) of keys that divide those of queries,"
            f" got query {tuple(query.shape)} and key or value {tuple(x.shape)}"
        )
    times = query.shape[-3] // x.shape[-3]
    *lead, heads, s, e = x.shape
    return x.unsqueeze(-3).expand((*lead, heads, times, s, e)).reshape((*lead, heads * times, s, e))


def check(query: Tensor, key: Tensor, value: Tensor) -> None:
    shapes = {"query": tuple(query.shape), "key": tuple(key.shape), "value": tuple(value.shape)}
    found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    if min(map(len, shapes.values())) < 2:
        raise ShapeError(
            f"scaled_dot_product_attention: expected tensors (..., length, size), got {found}"
        )
    if query.shape[-1] != key.shape[-1]:
        raise ShapeError(
            f"scaled_dot_product_attention: got {found}; queries and keys must have one size (dim -1)"
        )
    if key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: got {found}; there must be one value for each key (dim -2)"
        )
