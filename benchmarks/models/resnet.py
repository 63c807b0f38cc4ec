"""ResNet-18 on images of 96x96, batch 32.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, 2015.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models import in_jax
from benchmarks.models.case import Case, classification, images

STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # channels, stride; two blocks each


def build(torch: Any) -> Any:
    nn, F = torch.nn, torch.nn.functional

    class Block(torch.nn.Module):
        def __init__(self, before: int, planes: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, planes, 3, stride, padding=1, bias=False)
            self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
            self.norm1, self.norm2 = nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
            self.shortcut = nn.Sequential()
            if before != planes:
                convolution = nn.Conv2d(before, planes, 1, stride, bias=False)
                self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(planes))

        def forward(self, x: Any) -> Any:
            y = F.relu(self.norm1(self.conv1(x)))
            return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))

    class ResNet(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
            blocks, before = [], 64
            for planes, stride in STAGES:
                blocks += [Block(before, planes, stride), Block(planes, planes, 1)]
                before = planes
            self.blocks, self.head = nn.Sequential(*blocks), nn.Linear(before, 10)

        def forward(self, x: Any) -> Any:
            x = F.relu(self.norm(self.conv(x)))  # (N, 64, 48, 48)
            x = F.max_pool2d(x, 3, stride=2, padding=1)  # (N, 64, 24, 24)
            return self.head(self.blocks(x).mean((2, 3)))  # (N, 10)

    return ResNet()


def jax_loss(p: dict[str, Any], x: Any, y: Any) -> Any:
    def convolved(name: str, norm: str, x: Any, stride: int = 1, padding: int = 1) -> Any:
        return in_jax.batch_norm(p, norm, in_jax.conv(p, name, x, stride, padding))

    x = in_jax.relu(convolved("conv", "norm", x, 2, 3))
    x = in_jax.max_pool(x, 3, stride=2, padding=1)
    before = 64
    for k, (planes, first) in enumerate(STAGES):
        for block, stride in ((f"blocks.{2 * k}", first), (f"blocks.{2 * k + 1}", 1)):
            z = in_jax.relu(convolved(f"{block}.conv1", f"{block}.norm1", x, stride))
            z = convolved(f"{block}.conv2", f"{block}.norm2", z)
            if before != planes:
                x = convolved(f"{block}.shortcut.0", f"{block}.shortcut.1", x, stride, 0)
            x, before = in_jax.relu(z + x), planes
    return in_jax.cross_entropy(in_jax.linear(p, "head", x.mean((2, 3))), y)


CASES = (
    Case("resnet18", "96x96 images, batch 32", build, images(32, 3, 96, 10), classification,
         lr=0.0003, jax_loss=jax_loss),
)  # fmt: skip
