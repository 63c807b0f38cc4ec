"""Text as numbers, character by character, and as batches for a language model.

N sequences, T characters each.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fathom.data.dataset import TensorDataset
from fathom.data.datasets import TextData, load
from fathom.data.loader import DataLoader
from fathom.ops.creation import from_numpy
from fathom.train.datamodule import DataModule


class Alphabet:
    """Characters numbered in the order of their code points; one more stands for all others.

    >>> alphabet = Alphabet.of("banana")
    >>> alphabet.numbers("nab?")
    array([2, 0, 1, 3])
    >>> alphabet.text([2, 0, 1])
    'nab'
    """

    unknown = "\N{REPLACEMENT CHARACTER}"

    def __init__(self, characters: Iterable[str]):
        self.characters = [*characters, self.unknown]
        self.number = {character: k for k, character in enumerate(self.characters)}

    @classmethod
    def of(cls, text: str) -> Alphabet:
        """The alphabet of a text."""
        return cls(sorted(set(text)))

    def __len__(self) -> int:
        return len(self.characters)

    def numbers(self, text: str) -> np.ndarray:
        """Text -> (T) int64."""
        other = self.number[self.unknown]
        return np.array([self.number.get(c, other) for c in text], np.int64)

    def text(self, numbers: Iterable[int]) -> str:
        """Numbers -> text."""
        return "".join(self.characters[int(n)] for n in numbers)


class CharacterData(DataModule):
    """A text of the catalogue, cut into sequences: given T characters, tell the T that come next.

    Batches are (X (N, T), Y (N, T)) int64, with Y[:, t] what follows X[:, t].

    limit_batches  at most so many batches of each part
    """

    source: TextData
    num_steps: int
    limit_batches: int | None

    def __init__(
        self,
        name: str,
        batch_size: int = 64,
        num_steps: int = 64,
        limit_batches: int | None = None,
        num_workers: int = 0,
    ):
        super().__init__(num_workers=num_workers)
        self.save_hyperparameters()
        source = load(name)
        if not isinstance(source, TextData):
            raise ValueError(f"{name} is no text")
        self.source = source
        self.alphabet = Alphabet.of(source.train)
        self.parts = {part: self.cut(source.part(part)) for part in ("train", "test")}

    def cut(self, text: str) -> TensorDataset:
        """The text in pieces that do not overlap, each with what follows its characters."""
        numbers = self.alphabet.numbers(text)
        count = (len(numbers) - 1) // self.num_steps
        if self.limit_batches is not None:
            count = min(count, self.limit_batches * self.batch_size)
        end = count * self.num_steps
        X = numbers[:end].reshape(count, self.num_steps)
        Y = numbers[1 : end + 1].reshape(count, self.num_steps)
        return TensorDataset(from_numpy(X.copy()), from_numpy(Y.copy()))

    def get_dataloader(self, train: bool) -> DataLoader:
        return self.get_loader(self.parts["train" if train else "test"], train)
