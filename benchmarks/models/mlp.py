"""A multilayer perceptron on images of 28x28: 784-256-10, batch 256."""

from __future__ import annotations

from typing import Any

from benchmarks.models import in_jax
from benchmarks.models.case import Case, classification, images


def build(torch: Any) -> Any:
    nn = torch.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def jax_loss(p: dict[str, Any], x: Any, y: Any) -> Any:
    h = in_jax.relu(in_jax.linear(p, "1", x.reshape(len(x), -1)))
    return in_jax.cross_entropy(in_jax.linear(p, "3", h), y)


CASES = (
    Case("mlp", "784-256-10, batch 256", build, images(256, 1, 28, 10), classification,
         jax_loss=jax_loss),
)  # fmt: skip
