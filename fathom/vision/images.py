"""Image data sets as data modules: normalised, resized where asked, in batches.

N images, C channels, H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fathom.data.dataset import TensorDataset
from fathom.data.datasets import ImageData, load
from fathom.data.loader import DataLoader
from fathom.ops.creation import from_numpy
from fathom.train.datamodule import DataModule
from fathom.vision.resizing import resized


class ImageDataModule(DataModule):
    """A data set of the catalogue: its "train" part to learn from, its "test" part to validate with.

    Batches are (images (N, C, H, W) float32 with mean 0 and deviation 1 over the training part,
    labels (N) int64).

    resize         (height, width) that the images shall have, if not their own
    limit_batches  at most so many batches of each part

    >>> data = ImageDataModule("digits", batch_size=16, resize=(12, 12))
    >>> images, labels = next(iter(data.val_dataloader()))
    >>> images.shape
    fathom.Size([16, 1, 12, 12])
    """

    source: ImageData

    def __init__(
        self,
        name: str,
        batch_size: int = 64,
        resize: tuple[int, int] | None = None,
        limit_batches: int | None = None,
        num_workers: int = 0,
    ):
        super().__init__(num_workers=num_workers)
        self.save_hyperparameters()
        source = load(name)
        if not isinstance(source, ImageData):
            raise ValueError(f"{name} is no data set of images")
        self.source = source
        self.size = tuple(resize or source.train.images.shape[2:])
        self.channels = source.train.images.shape[1]
        self.parts = {part: self.prepared(part) for part in ("train", "test")}

    def prepared(self, part: str) -> TensorDataset:
        """A part's images and labels as the network shall see them."""
        images, labels = self.source.part(part)
        if self.limit_batches is not None:
            count = self.limit_batches * self.batch_size
            images, labels = images[:count], labels[:count]
        return TensorDataset(from_numpy(self.as_input(images)), from_numpy(labels))

    def as_input(self, images: np.ndarray) -> np.ndarray:
        """Images (N, C, H, W) of 0 to 255 -> (N, C, *self.size) float32, normalised."""
        pixels = images.astype(np.float32)
        if pixels.shape[2:] != self.size:
            pixels = resized(pixels, *self.size)
        pixels -= 255 * np.array(self.source.mean, np.float32)[:, None, None]
        pixels /= 255 * np.array(self.source.std, np.float32)[:, None, None]
        return pixels

    def get_dataloader(self, train: bool) -> DataLoader:
        return self.get_loader(self.parts["train" if train else "test"], train)

    def text_labels(self, indices: Iterable[Any]) -> list[str]:
        """The names of classes."""
        return [self.source.classes[int(index)] for index in indices]

    def visualize(self, batch: Any, nrows: int = 1, ncols: int = 8, labels: Any = None) -> Any:
        """The first images of a batch in a matplotlib figure, under their labels."""
        from matplotlib.figure import Figure

        images, classes = batch
        titles = self.text_labels(classes) if labels is None else list(labels)
        figure = Figure(figsize=(1.5 * ncols, 1.7 * nrows), layout="constrained")
        for number, axes in enumerate(figure.subplots(nrows, ncols, squeeze=False).flat):
            axes.axis("off")
            if number < len(images):
                image = images[number].numpy().transpose(1, 2, 0)
                low, high = image.min(), image.max()
                axes.imshow((image - low) / ((high - low) or 1), cmap="gray")
                axes.set_title(titles[number], fontsize=9)
        return figure


class FashionMNIST(ImageDataModule):
    """Fashion-MNIST: 60,000 + 10,000 pictures of clothes."""

    def __init__(self, batch_size: int = 64, resize: tuple[int, int] = (28, 28)):
        super().__init__("fashion-mnist", batch_size, resize)
