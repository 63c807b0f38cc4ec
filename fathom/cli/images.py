"""The task of telling images apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom.autograd import no_grad
from fathom.cli.recipes import Recipe, Settings
from fathom.cli.task import Outcome, Task
from fathom.train import Module
from fathom.train.metrics import Accuracy, Mean, TopK
from fathom.vision import ImageDataModule, PictureFormat
from fathom.vision.predictions import confusion_section, pictures_section


class ImageTask(Task):
    """Images, each of one of several classes."""

    kind, unit = "images", "images"
    data: ImageDataModule

    def open(self, name: str, settings: Settings, limit_batches: int | None) -> ImageDataModule:
        return ImageDataModule(name, settings.batch_size, settings.input_size, limit_batches)

    def about(self) -> str:
        counts = [len(self.data.parts[part]) for part in ("train", "test")]
        channels, height, width = self.data.source.train.images.shape[1:]
        colour = "grey" if channels == 1 else "colour"
        size = tuple(self.data.size)
        shown = f", resized to {size[0]}x{size[1]}" if size != (height, width) else ""
        return (
            f"{counts[0]:,} + {counts[1]:,} {colour} {height}x{width} images{shown}, "
            f"{len(self.data.source.classes)} classes"
        )

    def model(self, recipe: Recipe, settings: Settings) -> Module:
        classes = len(self.data.source.classes)
        known: dict[str, Any] = {
            "num_classes": classes,
            "num_outputs": classes,
            "channels": self.data.channels,
            "size": self.data.size[0],
        }
        return made(recipe.model, settings, known)

    def input(self) -> dict[str, Any]:
        source = self.data.source
        form = PictureFormat.of(source, self.data.size)
        return {"classes": list(source.classes), "format": form.as_json()}

    def outcome(self, model: Module) -> Outcome:
        loss, accuracy, top = Mean(), Accuracy(), TopK(3)
        tables = []
        model.eval()
        with no_grad():
            for images, labels in self.data.val_dataloader():
                scores = model(images)
                loss.update(model.loss(scores, labels), len(labels))
                accuracy.update(scores, labels)
                top.update(scores, labels)
                tables.append(scores.softmax(-1).numpy())
        probabilities = np.concatenate(tables)
        images, labels = self.data.source.part("test")
        images, labels = images[: len(probabilities)], labels[: len(probabilities)]
        classes = self.data.source.classes
        results = {
            "test_accuracy": accuracy.compute(),
            "test_top3_accuracy": top.compute(),
            "test_loss": loss.compute(),
        }
        return Outcome(
            results,
            f"test accuracy {accuracy.compute():.2%}",
            [
                (f"{accuracy.compute():.2%}", "test accuracy"),
                (f"{top.compute():.2%}", "right class among the first 3"),
            ],
            [
                pictures_section(images, labels, probabilities, classes),
                confusion_section(labels, probabilities, classes),
            ],
        )

    def next_command(self, run: str) -> tuple[str, str]:
        return "what is on a picture", f"fathom predict {run} PICTURE.png"


def made(model: Any, settings: Settings, known: dict[str, Any]) -> Module:
    """A network, given of what is known of the data those arguments that it takes."""
    import inspect

    takes = inspect.signature(model).parameters
    fitting = {name: value for name, value in known.items() if name in takes}
    return model(lr=settings.lr, **{**fitting, **settings.options})
