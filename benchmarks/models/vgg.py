"""VGG-11, a quarter as wide, on images of 64x64, batch 32: blocks of 3x3 convolutions, each halving the image.

K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models.case import Case, classification, images

BLOCKS = ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))  # convolutions, channels


def build(torch: Any) -> Any:
    nn = torch.nn
    layers: list[Any] = []
    channels = 3
    for convolutions, width in BLOCKS:
        for _ in range(convolutions):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers, nn.Flatten(),                  # (N, 512)
        nn.Linear(512, 512), nn.ReLU(),
        nn.Linear(512, 512), nn.ReLU(),
        nn.Linear(512, 10),
    )  # fmt: skip


CASES = (
    Case("vgg", "VGG-11, a quarter as wide, 64x64 images, batch 32", build, images(32, 3, 64, 10),
         classification, lr=0.01),
)  # fmt: skip
