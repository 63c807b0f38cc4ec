"""A small DenseNet on images of 64x64, batch 32: each convolution sees the outputs of all before it in its block.

G. Huang, Z. Liu, L. van der Maaten, K. Weinberger: Densely Connected Convolutional Networks, 2016.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models.case import Case, classification, images

BLOCKS, GROWTH, FIRST = (4, 4, 4, 4), 16, 32  # convolutions of each block, channels each adds


def build(torch: Any) -> Any:
    nn, F = torch.nn, torch.nn.functional

    def convolution(before: int, planes: int, size: int) -> Any:
        norm = nn.BatchNorm2d(before)
        return nn.Sequential(norm, nn.ReLU(), nn.Conv2d(before, planes, size, padding=size // 2))

    class Dense(torch.nn.Module):
        def __init__(self, before: int, count: int) -> None:
            super().__init__()
            widths = [before + k * GROWTH for k in range(count)]
            self.layers = nn.ModuleList([convolution(width, GROWTH, 3) for width in widths])

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = torch.cat([x, layer(x)], dim=1)
            return x

    class DenseNet(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, FIRST, 5, stride=2, padding=2)
            layers: list[Any] = []
            width = FIRST
            for k, count in enumerate(BLOCKS):
                layers.append(Dense(width, count))
                width += count * GROWTH
                if k < len(BLOCKS) - 1:
                    layers += [convolution(width, width // 2, 1), nn.AvgPool2d(2)]
                    width //= 2
            self.layers, self.norm = nn.Sequential(*layers), nn.BatchNorm2d(width)
            self.head = nn.Linear(width, 10)

        def forward(self, x: Any) -> Any:
            x = self.layers(self.stem(x))  # (N, C, 4, 4)
            return self.head(F.relu(self.norm(x)).mean((2, 3)))

    return DenseNet()


CASES = (
    Case("densenet", "4 blocks of 4, 64x64 images, batch 32", build, images(32, 3, 64, 10),
         classification, lr=0.01),
)  # fmt: skip
