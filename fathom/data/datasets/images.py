"""Data sets of labelled images: digits, fashion-mnist, mnist, cifar-10-small.

N images, C channels, H rows, W columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fathom.data.catalogue import entry
from fathom.data.cifar import parse_cifar
from fathom.data.dataset import TensorDataset
from fathom.data.datasets.parts import Parts
from fathom.data.idx import images_with_labels, parse_idx
from fathom.data.store import read_file
from fathom.ops.creation import from_numpy

DIGITS = tuple("0123456789")
CLOTHES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
THINGS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
LEVELS = 256  # of a pixel
BRIGHTNESS = np.arange(LEVELS) / (LEVELS - 1)  # of each level, from 0 to 1
BLOCK = 1000  # images counted at a time: counting makes eight bytes of each pixel


class Images(NamedTuple):
    """images (N, C, H, W) uint8, 0 (no ink, dark) to 255; labels (N) int64."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class ImageData(Parts[Images]):
    """A data set of images, each of one of `classes`."""

    classes: tuple[str, ...]

    @cached_property
    def mean(self) -> tuple[float, ...]:
        """Each channel's mean over the training part, of pixels from 0 to 1."""
        return self.statistics[0]

    @cached_property
    def std(self) -> tuple[float, ...]:
        """Each channel's standard deviation over the training part, of pixels from 0 to 1."""
        return self.statistics[1]

    @cached_property
    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """mean and std; of the first part there is, where there is none for training."""
        images = self.parts.get("train", next(iter(self.parts.values()))).images
        means, deviations = [], []
        for channel in range(images.shape[1]):
            counts = np.zeros(LEVELS, np.int64)
            for start in range(0, len(images), BLOCK):
                block = images[start : start + BLOCK, channel]
                counts += np.bincount(block.ravel(), minlength=LEVELS)
            mean = np.average(BRIGHTNESS, weights=counts)
            means.append(float(mean))
            deviations.append(float(np.sqrt(np.average((BRIGHTNESS - mean) ** 2, weights=counts))))
        return tuple(means), tuple(deviations)

    def dataset(self, part: str = "train", normalise: bool = False) -> TensorDataset:
        """The part as tensors: images (N, C, H, W) float32 in [0, 1], labels (N) int64.

        With `normalise` the images become (x - mean) / std, by the training part's mean and std.
        """
        images, labels = self.part(part)
        pixels = np.empty(images.shape, np.float32)
        for channel in range(images.shape[1]):
            values = BRIGHTNESS
            if normalise:
                values = (values - self.mean[channel]) / self.std[channel]
            pixels[:, channel] = values.astype(np.float32)[images[:, channel]]
        return TensorDataset(from_numpy(pixels), from_numpy(labels))


def digits() -> ImageData:
    """1,797 digits of 8x8; every fifth of each class is for testing.

    The pixels' 17 levels of ink are spread over 0 to 255, as in every other set.
    """
    images, labels = idx_pair("digits", 0, DIGITS)
    images = np.rint(images * (255 / 16)).astype(np.uint8)
    for_testing = np.zeros(len(labels), bool)
    for digit in range(len(DIGITS)):
        for_testing[np.flatnonzero(labels == digit)[4::5]] = True
    parts = {
        "train": Images(images[~for_testing], labels[~for_testing]),
        "test": Images(images[for_testing], labels[for_testing]),
    }
    return ImageData("digits", parts, DIGITS)


def fashion_mnist() -> ImageData:
    """60,000 + 10,000 pictures of clothes of 28x28, in their original order."""
    parts = {
        "train": idx_pair("fashion-mnist", 0, CLOTHES),
        "test": idx_pair("fashion-mnist", 2, CLOTHES),
    }
    return ImageData("fashion-mnist", parts, CLOTHES)


def mnist() -> ImageData:
    """The 10,000 handwritten digits of 28x28 of MNIST's test part."""
    return ImageData("mnist", {"test": idx_pair("mnist", 0, DIGITS)}, DIGITS)


def cifar_10_small() -> ImageData:
    """5,000 + 1,000 colour pictures of 32x32."""
    facts = entry("cifar-10-small")
    parts = {}
    for part, file in zip(("train", "test"), facts.files, strict=True):
        parts[part] = Images(*parse_cifar(read_file(file, facts), file.path))
    return ImageData("cifar-10-small", parts, THINGS)


def idx_pair(name: str, first: int, classes: tuple[str, ...]) -> Images:
    """The images in the entry's file number `first`, and the labels in the next."""
    facts = entry(name)
    images, labels = (
        parse_idx(read_file(file, facts), file.path) for file in facts.files[first : first + 2]
    )
    return Images(*images_with_labels(images, labels, len(classes), facts.files[first].path))
