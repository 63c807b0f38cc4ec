"""LeNet on images of 28x28, batch 256: sigmoids and average pooling, as its authors had it.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition, 1998.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models import in_jax
from benchmarks.models.case import Case, classification, images


def build(torch: Any) -> Any:
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),   # (N, 6, 14, 14)
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2),             # (N, 16, 5, 5)
        nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(),
        nn.Linear(120, 84), nn.Sigmoid(),
        nn.Linear(84, 10),
    )  # fmt: skip


def jax_loss(p: dict[str, Any], x: Any, y: Any) -> Any:
    x = in_jax.average_pool(in_jax.sigmoid(in_jax.conv(p, "0", x, padding=2)), 2)
    x = in_jax.average_pool(in_jax.sigmoid(in_jax.conv(p, "3", x)), 2)
    x = in_jax.sigmoid(in_jax.linear(p, "7", x.reshape(len(x), -1)))
    x = in_jax.sigmoid(in_jax.linear(p, "9", x))
    return in_jax.cross_entropy(in_jax.linear(p, "11", x), y)


CASES = (
    Case("lenet", "28x28 images, batch 256", build, images(256, 1, 28, 10), classification,
         jax_loss=jax_loss),
)  # fmt: skip
