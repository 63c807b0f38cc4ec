"""Images: data modules, networks (a file each, which reads alone), pictures from files."""

from __future__ import annotations

from fathom.vision.images import FashionMNIST, ImageDataModule
from fathom.vision.lenet import LeNet
from fathom.vision.mlp import MLP
from fathom.vision.pictures import PictureFormat
from fathom.vision.resizing import resized
from fathom.vision.resnet import BasicBlock, ResNet, ResNet18, resnet18
from fathom.vision.softmax import SoftmaxRegression

__all__ = [
    "BasicBlock",
    "FashionMNIST",
    "ImageDataModule",
    "LeNet",
    "MLP",
    "PictureFormat",
    "ResNet",
    "ResNet18",
    "SoftmaxRegression",
    "resized",
    "resnet18",
]
