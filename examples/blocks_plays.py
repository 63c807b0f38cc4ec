"""A network written by hand learns to write plays, character by character.

python examples/blocks_plays.py rnn|gru|lstm

It reads Shakespeare and tells, after every character, which comes next. Asked again and again, it
writes: first letters that follow each other in English, then words, then lines with names before them.
"""

from __future__ import annotations

import argparse
import re
import time
from dataclasses import dataclass

import numpy as np

from fathom.blocks import (
    Array,
    Dense,
    Epoch,
    GRULayer,
    LSTMLayer,
    NeuralNetwork,
    OneHot,
    RNNLayer,
    SGDMomentum,
    SoftmaxCrossEntropy,
    Trainer,
    linear_decay,
)
from fathom.data import load

LAYERS = {"rnn": RNNLayer, "gru": GRULayer, "lstm": LSTMLayer}
STEPS = 48  # characters in a sequence


@dataclass(frozen=True)
class Settings:
    """How large, how long and how fast."""

    epochs: int
    lr: float
    characters: int = 1_000_000  # of the text, from its beginning
    hidden: int = 128
    batch_size: int = 32


# gates take their time; a plain node is soon done, but a long step makes it explode
SETTINGS = {"rnn": Settings(8, 0.3), "gru": Settings(3, 1.5), "lstm": Settings(3, 3.0, 800_000)}


def sequences(numbers: Array) -> tuple[Array, Array]:
    """Pieces of a text, and of the same text one character on: (N, T) and (N, T)."""
    count = (len(numbers) - 1) // STEPS
    end = count * STEPS
    return numbers[:end].reshape(count, STEPS), numbers[1 : end + 1].reshape(count, STEPS)


def write(
    network: NeuralNetwork, numbers: list[int], count: int, generator: np.random.Generator
) -> list[int]:
    """So many more characters, each drawn from what the network thinks comes next."""
    written = list(numbers)
    for _ in range(count):
        scores = network.forward(np.array([written[-STEPS:]]))[0, -1].astype(np.float64)
        powers = np.exp((scores - scores.max()) / 0.7)  # below 1: rather the likely ones
        written.append(int(generator.choice(len(powers), p=powers / powers.sum())))
    return written


def share_of_words(text: str, known: set[str]) -> float:
    """The share of words of three letters or more that stand in the real plays."""
    words = [word for word in re.findall(r"[a-z]+", text.lower()) if len(word) >= 3]
    return sum(word in known for word in words) / max(len(words), 1)


def train(kind: str, settings: Settings, sample: int = 600) -> float:
    """Train one network and let it write; the share of its words that are real."""
    plays, generator = load("tiny-shakespeare"), np.random.default_rng(0)
    alphabet = sorted(set(plays.text))
    number = {character: k for k, character in enumerate(alphabet)}
    K = len(alphabet)
    train_part, test_part = (
        sequences(np.array([number[c] for c in text]))
        for text in (plays.train[: settings.characters], plays.test[:20_000])
    )
    network = NeuralNetwork(
        OneHot(K, np.float32),  # (N, T) -> (N, T, K)
        LAYERS[kind](K, settings.hidden, generator),  # (N, T, H)
        Dense(settings.hidden, K, generator=generator),  # (N, T, K)
        loss=SoftmaxCrossEntropy(),
    )
    network.astype(np.float32)
    print(network)
    optimizer = SGDMomentum(network.parameters(), settings.lr, settings.lr / 20, linear_decay)
    begin = time.perf_counter()

    def report(epoch: Epoch) -> None:
        print(
            f"epoch {epoch.number}: as unsure as among {np.exp(epoch.train_loss):.2f} characters,"
            f" of unread text {np.exp(epoch.valid_loss):.2f}; {time.perf_counter() - begin:.0f} s",
            flush=True,
        )

    Trainer(network, optimizer, longest_gradient=1.0, generator=generator).fit(
        train_part, test_part, settings.epochs, settings.batch_size, report=report
    )
    beginning = "KING RICHARD:\n"
    numbers = write(network, [number[c] for c in beginning], sample, generator)
    text = "".join(alphabet[k] for k in numbers)
    words = share_of_words(text[len(beginning) :], set(re.findall("[a-z]+", plays.text.lower())))
    print(f"\n{text}\n\n{words:.0%} of these words stand in the plays")
    return words


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "kind", nargs="?", choices=LAYERS, default="gru", help="the recurrent layer"
    )
    kind = parser.parse_args(arguments).kind
    assert train(kind, SETTINGS[kind]) > 0.6


if __name__ == "__main__":
    main()
