"""A small GPT: 4 blocks of causal attention and GELU layers, 128 numbers for each of 64 tokens, batch 32.

A. Radford et al.: Language Models are Unsupervised Multitask Learners, 2019.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models import in_jax
from benchmarks.models.case import Case, sequences

VOCABULARY, SIZE, HEADS, BLOCKS, LENGTH, BATCH = 64, 128, 4, 4, 64, 32


def build(torch: Any) -> Any:
    nn, F = torch.nn, torch.nn.functional

    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(SIZE), nn.LayerNorm(SIZE)
            self.qkv, self.mix = nn.Linear(SIZE, 3 * SIZE), nn.Linear(SIZE, SIZE)
            self.up, self.down = nn.Linear(SIZE, 4 * SIZE), nn.Linear(4 * SIZE, SIZE)

        def forward(self, x: Any) -> Any:
            N, T, C = x.shape
            qkv = self.qkv(self.norm1(x)).reshape(N, T, 3, HEADS, C // HEADS)
            q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (N, heads, T, C / heads)
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.mix(seen.transpose(1, 2).reshape(N, T, C))
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    class GPT(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(VOCABULARY, SIZE)
            self.places = nn.Parameter(torch.randn(LENGTH, SIZE) * 0.02)
            self.blocks = nn.ModuleList([Block() for _ in range(BLOCKS)])
            self.norm, self.head = nn.LayerNorm(SIZE), nn.Linear(SIZE, VOCABULARY)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places  # (N, T, C)
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))  # (N, T, K)

    return GPT()


def loss(torch: Any, model: Any, tokens: Any, following: Any) -> Any:
    scores = model(tokens)
    return torch.nn.functional.cross_entropy(scores.reshape(-1, VOCABULARY), following.reshape(-1))


def jax_loss(p: dict[str, Any], tokens: Any, following: Any) -> Any:
    x = p["tokens.weight"][tokens] + p["places"]  # (N, T, C)
    N, T, C = x.shape
    for k in range(BLOCKS):
        block = f"blocks.{k}"
        y = in_jax.linear(p, f"{block}.qkv", in_jax.layer_norm(p, f"{block}.norm1", x))
        q, key, v = y.reshape(N, T, 3, HEADS, C // HEADS).transpose(2, 0, 3, 1, 4)
        y = in_jax.causal_attention(q, key, v).transpose(0, 2, 1, 3).reshape(N, T, C)
        x = x + in_jax.linear(p, f"{block}.mix", y)
        y = in_jax.linear(p, f"{block}.up", in_jax.layer_norm(p, f"{block}.norm2", x))
        x = x + in_jax.linear(p, f"{block}.down", in_jax.gelu(y))
    return in_jax.cross_entropy(
        in_jax.linear(p, "head", in_jax.layer_norm(p, "norm", x)), following
    )


CASES = (
    Case("gpt", f"{BLOCKS} blocks of {SIZE}, {LENGTH} tokens, batch {BATCH}", build,
         sequences(BATCH, LENGTH, VOCABULARY), loss, jax_loss=jax_loss),
)  # fmt: skip
