"""AlexNet, a quarter as wide, on images of 64x64, batch 32: large windows first, dense layers last.

A. Krizhevsky, I. Sutskever, G. Hinton: ImageNet Classification with Deep Convolutional Neural Networks, 2012.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models.case import Case, classification, images


def build(torch: Any) -> Any:
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 24, 11, stride=4, padding=5), nn.ReLU(),   # (N, 24, 16, 16)
        nn.MaxPool2d(3, stride=2),                              # (N, 24, 7, 7)
        nn.Conv2d(24, 64, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(3, stride=2),                              # (N, 64, 3, 3)
        nn.Conv2d(64, 96, 3, padding=1), nn.ReLU(),
        nn.Conv2d(96, 96, 3, padding=1), nn.ReLU(),
        nn.Conv2d(96, 64, 3, padding=1), nn.ReLU(),
        nn.Flatten(),                                           # (N, 576)
        nn.Linear(576, 1024), nn.ReLU(),
        nn.Linear(1024, 1024), nn.ReLU(),
        nn.Linear(1024, 10),
    )  # fmt: skip


CASES = (
    Case("alexnet", "a quarter as wide, 64x64 images, batch 32", build, images(32, 3, 64, 10),
         classification, lr=0.01),
)  # fmt: skip
