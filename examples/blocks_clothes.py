"""Pictures of clothes, told apart by networks written by hand: python examples/blocks_clothes.py [dense|convolutional]

Fashion-MNIST has 70,000 grey pictures of 28 x 28, of ten kinds of clothes. A dense network sees 784
numbers and nothing of their order; a convolutional one looks for the same small patterns everywhere.
Forward and backward of both are the plain NumPy of fathom.blocks.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

from fathom.blocks import (
    Array,
    Conv2D,
    Dense,
    Epoch,
    Flatten,
    MaxPool2D,
    NeuralNetwork,
    ReLU,
    SGDMomentum,
    SoftmaxCrossEntropy,
    Trainer,
    exponential_decay,
)
from fathom.data import load


@dataclass(frozen=True)
class Settings:
    """How long and how fast to learn, and the accuracy that is promised."""

    epochs: int
    lr: float
    last_lr: float
    promised: float


SETTINGS = {
    "dense": Settings(epochs=6, lr=0.05, last_lr=0.002, promised=0.86),
    "convolutional": Settings(epochs=2, lr=0.05, last_lr=0.002, promised=0.88),
}


def dense(generator: np.random.Generator) -> NeuralNetwork:
    """784 numbers -> 128 -> 10 scores."""
    return NeuralNetwork(
        Flatten(),
        Dense(784, 128, ReLU, generator),
        Dense(128, 10, generator=generator),
        loss=SoftmaxCrossEntropy(),
    )


def convolutional(generator: np.random.Generator) -> NeuralNetwork:
    """1 x 28 x 28 -> 8 maps of 14 x 14 -> 16 maps of 7 x 7 -> 64 -> 10 scores."""
    return NeuralNetwork(
        Conv2D(1, 8, 5, ReLU, padding=2, generator=generator),
        MaxPool2D(2),
        Conv2D(8, 16, 3, ReLU, padding=1, generator=generator),
        MaxPool2D(2),
        Flatten(),
        Dense(16 * 7 * 7, 64, ReLU, generator),
        Dense(64, 10, generator=generator),
        loss=SoftmaxCrossEntropy(),
    )


def scaled(images: Array, mean: float, std: float) -> Array:
    """Pixels 0 to 255 -> numbers around 0, of size 1, float32."""
    return (images.astype(np.float32) / 255 - np.float32(mean)) / np.float32(std)


def accuracy(network: NeuralNetwork, images: Array, labels: Array) -> float:
    """The share of images whose largest score is their label's."""
    return float(np.mean(network.predict(images).argmax(axis=1) == labels))


def train(kind: str, examples: int | None = None, epochs: int | None = None) -> float:
    """Train one network, on the first so many `examples` (None: all); its accuracy on the test part."""
    settings, generator = SETTINGS[kind], np.random.default_rng(0)
    clothes = load("fashion-mnist")
    learnt, test = (
        (scaled(part.images[:examples], clothes.mean[0], clothes.std[0]), part.labels[:examples])
        for part in (clothes.train, clothes.test)
    )

    network = {"dense": dense, "convolutional": convolutional}[kind](generator)
    network.astype(np.float32)
    print(f"{network}\n{sum(p.value.size for p in network.parameters()):,} parameters")
    optimizer = SGDMomentum(network.parameters(), settings.lr, settings.last_lr, exponential_decay)
    begin = time.perf_counter()

    def report(epoch: Epoch) -> None:
        print(
            f"epoch {epoch.number}: loss {epoch.train_loss:.3f}, of the test part"
            f" {epoch.valid_loss:.3f}, accuracy {accuracy(network, *test):.1%},"
            f" {time.perf_counter() - begin:.0f} s",
            flush=True,
        )

    Trainer(network, optimizer, generator=generator).fit(
        learnt, test, epochs or settings.epochs, batch_size=64, report=report
    )
    return accuracy(network, *test)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", nargs="?", choices=SETTINGS, help="only this network")
    chosen = parser.parse_args(arguments).kind
    for kind in [chosen] if chosen else SETTINGS:
        reached, promised = train(kind), SETTINGS[kind].promised
        print(f"{kind}: {reached:.1%} of the test part told right ({promised:.0%} promised)\n")
        assert reached >= promised


if __name__ == "__main__":
    main()
