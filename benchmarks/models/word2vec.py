"""Skip-gram with negative sampling: 50,000 words as 100 numbers each, 512 centers, 1 context and 5 negatives for each.

T. Mikolov et al.: Distributed Representations of Words and Phrases and their Compositionality, 2013.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.models.case import Batch, Case

VOCABULARY, SIZE, BATCH, NEGATIVES = 50_000, 100, 512, 5


def build(torch: Any) -> Any:
    nn = torch.nn

    class SkipGram(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.centers = nn.Embedding(VOCABULARY, SIZE)
            self.contexts = nn.Embedding(VOCABULARY, SIZE)

        def forward(self, center: Any, others: Any) -> Any:
            c, o = self.centers(center), self.contexts(others)  # (N, D), (N, 1 + negatives, D)
            return torch.bmm(o, c.unsqueeze(2)).squeeze(2)  # (N, 1 + negatives)

    return SkipGram()


def batch(rng: np.random.Generator) -> Batch:
    """Centers (N,), a true context and then negatives for each (N, 6), 1 or 0 for true or not (N, 6)."""
    labels = np.zeros((BATCH, 1 + NEGATIVES), np.float32)
    labels[:, 0] = 1
    # words as common as in a text: the k-th a k-th as often as the first
    words = np.minimum(rng.zipf(1.3, (BATCH, 2 + NEGATIVES)), VOCABULARY) - 1
    return words[:, 0].copy(), words[:, 1:].copy(), labels


def loss(torch: Any, model: Any, center: Any, others: Any, labels: Any) -> Any:
    return torch.nn.functional.binary_cross_entropy_with_logits(model(center, others), labels)


CASES = (
    Case("word2vec", "skip-gram, 50,000 words of 100, batch 512", build, batch, loss),
)  # fmt: skip
