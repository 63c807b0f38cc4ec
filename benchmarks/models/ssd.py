"""A tiny single-shot detector on images of 64x64, batch 32: five sizes of feature maps, four boxes at each position.

W. Liu et al.: SSD: Single Shot MultiBox Detector, 2015. The boxes are matched beforehand: a batch has the class and the
offsets of each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.models.case import Batch, Case

CLASSES, BOXES, BATCH = 1, 4, 32
MAPS = (8, 4, 2, 1, 1)  # rows and columns of each
WIDTHS = (64, 128, 128, 128, 128)  # channels of each
ALL = BOXES * sum(size**2 for size in MAPS)


def build(torch: Any) -> Any:
    nn = torch.nn

    def halved(before: int, after: int) -> list[Any]:
        layers: list[Any] = []
        for width in (before, after):
            layers += [nn.Conv2d(width, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        return [*layers, nn.MaxPool2d(2)]

    class TinySSD(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            base = nn.Sequential(*halved(3, 16), *halved(16, 32), *halved(32, 64))
            last = nn.AdaptiveMaxPool2d(1)
            stages = [base] + [
                nn.Sequential(*halved(a, b)) for a, b in zip(WIDTHS[:3], WIDTHS[1:4])
            ]
            self.stages = nn.ModuleList([*stages, last])
            self.classes = nn.ModuleList(
                [nn.Conv2d(width, BOXES * (CLASSES + 1), 3, padding=1) for width in WIDTHS]
            )
            self.offsets = nn.ModuleList(
                [nn.Conv2d(width, BOXES * 4, 3, padding=1) for width in WIDTHS]
            )

        def forward(self, x: Any) -> tuple:
            scores, offsets = [], []
            for stage, classes, shifts in zip(self.stages, self.classes, self.offsets):
                x = stage(x)  # (N, C, size, size)
                scores.append(classes(x).permute(0, 2, 3, 1).flatten(1))
                offsets.append(shifts(x).permute(0, 2, 3, 1).flatten(1))
            scores = torch.cat(scores, dim=1).reshape(len(x), ALL, CLASSES + 1)
            return scores, torch.cat(offsets, dim=1).reshape(len(x), ALL, 4)

    return TinySSD()


def batch(rng: np.random.Generator) -> Batch:
    """Images (N, 3, 64, 64), the class of each box (N, boxes), its offsets (N, boxes, 4); most boxes are empty."""
    images = rng.standard_normal((BATCH, 3, 64, 64)).astype(np.float32)
    classes = (rng.random((BATCH, ALL)) < 0.05).astype(np.int64)
    offsets = rng.standard_normal((BATCH, ALL, 4)).astype(np.float32)
    return images, classes, offsets


def loss(torch: Any, model: Any, images: Any, classes: Any, offsets: Any) -> Any:
    """Cross-entropy of all boxes, and how far off the full ones are."""
    F = torch.nn.functional
    scores, found = model(images)
    right = F.cross_entropy(scores.reshape(-1, CLASSES + 1), classes.reshape(-1))
    full = (classes > 0).unsqueeze(2).to(found.dtype)
    return right + F.l1_loss(found * full, offsets * full)


CASES = (
    Case("ssd", f"{ALL} boxes, 64x64 images, batch {BATCH}", build, batch, loss, lr=0.01),
)  # fmt: skip
