"""A picture from anywhere, as a network that learnt from a data set expects it.

C channels, H rows, W columns.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fathom.data.datasets import ImageData
from fathom.data.images import read_image
from fathom.vision.resizing import resized

INK = 0.2  # of the brightest pixel: what counts as drawn rather than as background
SAMPLE = 1000  # images from which a data set's habits are learnt


@dataclass(frozen=True)
class PictureFormat:
    """How the pictures of a data set look, and how the network takes them.

    size       (H, W) of the data set's pictures
    input_size (H, W) of the network's input
    mean, std  of each channel, of pixels from 0 to 1
    dark       whether the background is dark
    frame      the longer side of what is drawn, as a share of the picture's; None: not known
    """

    channels: int
    size: tuple[int, int]
    input_size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    dark: bool
    frame: float | None

    @classmethod
    def of(cls, data: ImageData, input_size: tuple[int, int]) -> PictureFormat:
        """The format of a data set, for a network that takes images of `input_size`."""
        images = data.train.images[:SAMPLE]
        channels, *size = images.shape[1:]
        dark = channels == 1 and float(np.median(border(images))) < 128
        frame = None
        if dark:
            frame = round(
                float(np.median([longer_side(image[0]) / max(size) for image in images])), 3
            )
        return cls(channels, tuple(size), tuple(input_size), data.mean, data.std, dark, frame)

    def as_json(self) -> dict[str, Any]:
        """The format as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> PictureFormat:
        """The format that `as_json` gave."""
        lists = ("size", "input_size", "mean", "std")
        return cls(**{k: tuple(v) if k in lists else v for k, v in facts.items()})

    def read(self, path: str | Path) -> np.ndarray:
        """The picture in a file -> (1, C, *input_size) float32: what the network takes."""
        return self.as_input(self.as_data(read_image(path, "RGBA")))

    def as_data(self, picture: np.ndarray) -> np.ndarray:
        """A picture (4, H, W) uint8, RGBA -> (C, *size) from 0 to 255, like those of the data set.

        Made grey where they are; light and dark swapped where its background is light and theirs
        dark; what is drawn brought to their size, unless the picture has that size already.
        """
        alpha = picture[3].astype(np.float32) / 255
        image = picture[:3] * alpha + 255 * (1 - alpha)  # on white paper; (3, H, W)
        if self.channels == 1:
            image = np.tensordot(np.float32([0.299, 0.587, 0.114]), image, 1)[None]  # (1, H, W)
        if self.dark and np.median(border(image)) > 127:
            image = 255 - image
        if self.frame is not None and image.shape[1:] != self.size:
            image = framed(image, self.frame)
        return resized(image, *self.size)

    def as_input(self, image: np.ndarray) -> np.ndarray:
        """A picture like those of the data set -> (1, C, *input_size), normalised."""
        if image.shape[1:] != self.input_size:
            image = resized(image, *self.input_size)
        mean = 255 * np.float32(self.mean)[:, None, None]
        std = 255 * np.float32(self.std)[:, None, None]
        return ((image - mean) / std).astype(np.float32)[None]


def border(images: np.ndarray) -> np.ndarray:
    """The pixels along the four edges of images (..., H, W)."""
    edges = (images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1])
    return np.concatenate([edge.reshape(-1) for edge in edges])


def box(image: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of what is drawn bright on an image (H, W)."""
    ink = image > INK * image.max()
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return slice(0, image.shape[0]), slice(0, image.shape[1])
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def longer_side(image: np.ndarray) -> int:
    """The larger of the height and the width of what is drawn on an image (H, W)."""
    return max(side.stop - side.start for side in box(image))


def framed(image: np.ndarray, frame: float) -> np.ndarray:
    """An image (1, H, W) on a dark ground -> what is drawn, in the middle of a square (1, S, S).

    Its longer side is the share `frame` of S.
    """
    rows, columns = box(image[0])
    drawn = image[:, rows, columns]
    side = round(max(drawn.shape[1:]) / frame)
    square = np.full((1, side, side), np.median(border(image)), np.float32)
    top, left = ((side - size) // 2 for size in drawn.shape[1:])
    square[:, top : top + drawn.shape[1], left : left + drawn.shape[2]] = drawn
    return square
