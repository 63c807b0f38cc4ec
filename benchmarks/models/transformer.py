"""A transformer encoder as the library has it: 6 layers of 256, 128 tokens, batch 32; it classifies sequences.

A. Vaswani et al.: Attention Is All You Need, 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.models.case import Batch, Case, classification

VOCABULARY, SIZE, HEADS, LAYERS, LENGTH, BATCH = 1000, 256, 4, 6, 128, 32


def build(torch: Any) -> Any:
    nn = torch.nn

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(VOCABULARY, SIZE)
            self.places = nn.Parameter(torch.randn(LENGTH, SIZE) * 0.02)
            how = {"dropout": 0.0, "activation": "gelu", "batch_first": True}
            self.layers = nn.ModuleList(
                [nn.TransformerEncoderLayer(SIZE, HEADS, 4 * SIZE, **how) for _ in range(LAYERS)]
            )
            self.head = nn.Linear(SIZE, 10)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places  # (N, T, C)
            for layer in self.layers:
                x = layer(x)
            return self.head(x.mean(1))  # (N, K)

    return Classifier()


def batch(rng: np.random.Generator) -> Batch:
    return rng.integers(0, VOCABULARY, (BATCH, LENGTH)), rng.integers(0, 10, BATCH)


CASES = (
    Case("transformer", f"{LAYERS} layers of {SIZE}, {LENGTH} tokens, batch {BATCH}", build, batch,
         classification, lr=0.01),
)  # fmt: skip
