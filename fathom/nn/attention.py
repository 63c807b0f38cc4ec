"""Multi-head attention: several attentions side by side, each in its own part of the features.

Letters: N batch, L queries, S keys and values, E embed_dim, H num_heads, D = E / H the size of a head.
"""

from __future__ import annotations

import math
from typing import Any

from fathom.core.errors import ShapeError
from fathom.nn import init
from fathom.nn.functional.attention import attention_weights
from fathom.nn.functional.dropout import dropout
from fathom.nn.functional.linear import linear
from fathom.nn.functional.padding import pad
from fathom.nn.linear import Linear
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.ops import creation
from fathom.ops.comparison import where
from fathom.ops.shaping import cat, chunk
from fathom.tensors import Tensor


class MultiheadAttention(Module):
    r"""$\mathrm{head}_h = \mathrm{softmax}(Q_h K_h^T / \sqrt D)\, V_h$, heads joined and mapped (Vaswani et al. 2017).

    query (L, N, E), key (S, N, kdim), value (S, N, vdim), or with batch_first N first, or without N
    -> (output like query, weights (N, L, S), or (N, H, L, S) with average_attn_weights=False).

    key_padding_mask (N, S): True where a key is to be ignored. attn_mask (L, S) or (N H, L, S): True where a
    query must not look (note that scaled_dot_product_attention takes the opposite). Both may also be
    numbers that are added to the scores. A query that may look nowhere reads zeros, not NaN.

    >>> attention = fathom.nn.MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)
    >>> x = fathom.ones(3, 5, 8)
    >>> y, weights = attention(x, x, x)
    >>> y.shape, weights.shape
    (fathom.Size([3, 5, 8]), fathom.Size([3, 5, 5]))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim must be a positive multiple of num_heads, got embed_dim={embed_dim}"
                f" and num_heads={num_heads}"
            )
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim

        def parameter(*size: int) -> Parameter:
            return Parameter(creation.empty(*size, device=device, dtype=dtype))

        joined = self._qkv_same_embed_dim  # then the three maps are one matrix, and one product
        self.register_parameter(
            "in_proj_weight", parameter(3 * embed_dim, embed_dim) if joined else None
        )
        for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self.register_parameter(
                f"{name}_proj_weight", None if joined else parameter(embed_dim, size)
            )
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, parameter(1, 1, embed_dim) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the parameters anew: the maps by Xavier's rule, the biases 0."""
        for p in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if p is not None:
                init.xavier_uniform_(p)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for p in (self.bias_k, self.bias_v):
            if p is not None:
                init.xavier_normal_(p)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """(what each query reads, the weights, or None without need_weights).

        is_causal: query i looks at keys 0 ... i only; it is a hint where attn_mask says so already.
        """
        self.check_inputs(query, key, value)
        q = self.batch_in_front(query)
        k = q if key is query else self.batch_in_front(key)
        v = k if value is key else self.batch_in_front(value)
        padding = key_padding_mask
        if padding is not None and query.ndim == 2:
            padding = padding.unsqueeze(0)
        y, weights = self.attend(q, k, v, padding, attn_mask, is_causal)
        if query.ndim == 2:
            y, weights = y.squeeze(0), weights.squeeze(0)
        elif not self.batch_first:
            y = y.transpose(0, 1)
        if not need_weights:
            return y, None
        return y, weights.mean(-3) if average_attn_weights else weights

    def batch_in_front(self, x: Tensor) -> Tensor:
        """x as (N, L, .), whether it is that, (L, N, .) or (L, .)."""
        if x.ndim == 2:
            return x.unsqueeze(0)
        return x if self.batch_first else x.transpose(0, 1)

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        padding: Tensor | None,
        mask: Tensor | None,
        is_causal: bool,
    ) -> tuple[Tensor, Tensor]:
        """query (N, L, E), key (N, S, .), value (N, S, .) -> y (N, L, E), weights (N, H, L, S)."""
        batch, length = query.shape[:2]
        scores = self.joined_mask(query, key, padding, mask, is_causal)
        q, k, v = self.projected(query, key, value)
        if self.bias_k is not None:
            k, v = (
                cat([x, b.expand((batch, 1, self.embed_dim))], 1)
                for x, b in ((k, self.bias_k), (v, self.bias_v))
            )
        q, k, v = map(self.heads, (q, k, v))  # (N, H, ., D)
        if self.add_zero_attn:
            zero = k.new_zeros((batch, self.num_heads, 1, self.head_dim))
            k, v = cat([k, zero], 2), cat([v, zero], 2)
        if scores is not None and k.shape[2] > key.shape[1]:
            scores = pad(scores, (0, k.shape[2] - key.shape[1]))  # what was added is seen by all
        weights = attention_weights(q * (1 / math.sqrt(self.head_dim)), k, scores)
        weights = dropout(weights, self.dropout, self.training)
        y = (weights @ v).transpose(1, 2)  # (N, L, H, D)
        return self.out_proj(y.reshape((batch, length, self.embed_dim))), weights

    def projected(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        """The inputs mapped to queries (N, L, E), keys and values (N, S, E)."""
        if self.in_proj_weight is not None and query is key and key is value:
            return chunk(linear(query, self.in_proj_weight, self.in_proj_bias), 3, -1)
        if self.in_proj_weight is not None:
            weights = chunk(self.in_proj_weight, 3, 0)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (None,) * 3 if self.in_proj_bias is None else chunk(self.in_proj_bias, 3, 0)
        return tuple(linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases))

    def heads(self, x: Tensor) -> Tensor:
        """x (N, L, E) -> (N, H, L, D)."""
        batch, length = x.shape[:2]
        return x.reshape((batch, length, self.num_heads, self.head_dim)).transpose(1, 2)

    def joined_mask(
        self,
        query: Tensor,
        key: Tensor,
        padding: Tensor | None,
        mask: Tensor | None,
        is_causal: bool,
    ) -> Tensor | None:
        """Both masks as numbers to add to the scores, fit for (N, H, L, S); None if there is none."""
        (batch, length), keys = query.shape[:2], key.shape[1]
        total = None
        if mask is None and is_causal:
            mask = query.new_ones((length, keys), dtype="bool").triu(1)
        if mask is not None:
            shapes = {2: (length, keys), 3: (batch * self.num_heads, length, keys)}
            if tuple(mask.shape) != shapes.get(mask.ndim):
                raise ShapeError(
                    f"attn_mask must be {shapes[2]} or {shapes[3]}, got {tuple(mask.shape)}"
                )
            total = as_numbers(mask, query)
            if mask.ndim == 3:
                total = total.reshape((batch, self.num_heads, length, keys))
        if padding is not None:
            if tuple(padding.shape) != (batch, keys):
                raise ShapeError(
                    f"key_padding_mask must be {(batch, keys)}, got {tuple(padding.shape)}"
                )
            more = as_numbers(padding, query).reshape((batch, 1, 1, keys))
            total = more if total is None else total + more
        return total

    def check_inputs(self, query: Tensor, key: Tensor, value: Tensor) -> None:
        shapes = [tuple(x.shape) for x in (query, key, value)]
        found = "query {}, key {}, value {}".format(*shapes)
        if query.ndim not in (2, 3) or key.ndim != query.ndim or value.ndim != query.ndim:
            raise ShapeError(f"got {found}; all three must be 3-d (batched) or 2-d (unbatched)")
        sizes = (self.embed_dim, self.kdim, self.vdim)
        if tuple(shape[-1] for shape in shapes) != sizes:
            raise ShapeError(
                f"got {found}; the last sizes must be embed_dim {sizes[0]}, kdim {sizes[1]}, vdim {sizes[2]}"
            )
        if shapes[1][:-1] != shapes[2][:-1]:
            raise ShapeError(f"got {found}; there must be one value for each key")
        n = 0 if self.batch_first else 1
        if query.ndim == 3 and shapes[0][n] != shapes[1][n]:
            raise ShapeError(
                f"got {found}; query and key must have one batch size (dim {n}, as batch_first={self.batch_first})"
            )


def as_numbers(mask: Tensor, like: Tensor) -> Tensor:
    """A bool mask, True where nothing passes, as -inf there and 0 elsewhere; numbers as they are."""
    if mask.dtype.kind != "bool":
        return mask.to(like.dtype)
    return where(mask, like.new_tensor(-math.inf), like.new_tensor(0.0))
