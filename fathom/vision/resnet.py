"""ResNet-18: layers that learn what to add to their input, so that depth does no harm.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, 2015. Names and shapes
of the parameters are torchvision's, so that its weights fit.

N images, C channels, H rows, W columns, K classes.
"""

from __future__ import annotations

import fathom.nn.functional as F
from fathom import nn, optim
from fathom.tensors import Tensor
from fathom.train.classifier import Classifier


class BasicBlock(nn.Module):
    """y = relu(x + f(x)), f being two convolutions; a 1x1 convolution fits x where sizes change.

    x (N, in_planes, H, W) -> (N, planes, H / stride, W / stride)
    """

    def __init__(self, in_planes: int, planes: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_planes != planes:
            shortcut = nn.Conv2d(in_planes, planes, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(planes))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """A stem that halves the image twice, four stages of blocks, the mean over the image, a layer.

    x (N, channels, H, W) -> scores (N, num_classes)
    """

    def __init__(self, blocks: tuple[int, int, int, int], num_classes: int, channels: int = 3):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(64, 64, blocks[0], stride=1)
        self.layer2 = stage(64, 128, blocks[1], stride=2)
        self.layer3 = stage(128, 256, blocks[2], stride=2)
        self.layer4 = stage(256, 512, blocks[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 64, H/2, W/2)
        x = self.maxpool(x)  # (N, 64, H/4, W/4)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # (N, 512, H/32, W/32)
        return self.fc(self.avgpool(x).flatten(1))


def stage(in_planes: int, planes: int, count: int, stride: int) -> nn.Sequential:
    """`count` blocks, the first of which changes the sizes."""
    first = BasicBlock(in_planes, planes, stride)
    return nn.Sequential(first, *(BasicBlock(planes, planes) for _ in range(count - 1)))


def resnet18(num_classes: int = 1000, channels: int = 3) -> ResNet:
    """ResNet-18: two blocks in each stage, 11.7 million parameters with 1,000 classes.

    >>> sum(p.numel() for p in resnet18().parameters())
    11689512
    """
    return ResNet((2, 2, 2, 2), num_classes, channels)


class ResNet18(Classifier):
    """`resnet18`, to be trained: images (N, C, H, W) -> scores (N, num_classes)."""

    def __init__(self, lr: float = 0.003, num_classes: int = 10, channels: int = 1):
        super().__init__(plot_train_per_epoch=10)
        self.save_hyperparameters()
        self.net = resnet18(num_classes, channels)

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.AdamW(self.parameters(), lr=self.lr, weight_decay=0.05)
