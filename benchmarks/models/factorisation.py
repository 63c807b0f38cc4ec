"""Matrix factorisation: a rating is the product of a user's and an item's 32 numbers, and their biases; batch 512.

Y. Koren, R. Bell, C. Volinsky: Matrix Factorization Techniques for Recommender Systems, 2009. As many users and items
as MovieLens 1M has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.models.case import Batch, Case

USERS, ITEMS, SIZE, BATCH = 6040, 3706, 32, 512


def build(torch: Any) -> Any:
    nn = torch.nn

    class Factorisation(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.users, self.items = nn.Embedding(USERS, SIZE), nn.Embedding(ITEMS, SIZE)
            self.user_bias, self.item_bias = nn.Embedding(USERS, 1), nn.Embedding(ITEMS, 1)

        def forward(self, user: Any, item: Any) -> Any:
            product = (self.users(user) * self.items(item)).sum(1)  # (N,)
            return product + self.user_bias(user)[:, 0] + self.item_bias(item)[:, 0]

    return Factorisation()


def batch(rng: np.random.Generator) -> Batch:
    """Users (N,), items (N,), ratings of 1 to 5 stars (N,)."""
    users, items = rng.integers(0, USERS, BATCH), rng.integers(0, ITEMS, BATCH)
    return users, items, rng.integers(1, 6, BATCH).astype(np.float32)


def loss(torch: Any, model: Any, user: Any, item: Any, rating: Any) -> Any:
    return torch.nn.functional.mse_loss(model(user, item), rating)


def adam(torch: Any, model: Any) -> Any:
    return torch.optim.Adam(model.parameters(), lr=0.002, weight_decay=1e-5)


CASES = (
    Case("factorisation", f"{USERS:,} users, {ITEMS:,} items, Adam, batch {BATCH}", build, batch, loss,
         optimizer=adam),
)  # fmt: skip
