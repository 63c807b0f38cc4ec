"""Data sets of text: tiny-shakespeare, time-machine, wikitext-2, eng-fra, sst2, names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fathom.data.catalogue import entry
from fathom.data.datasets.parts import Parts
from fathom.data.errors import FileFormatError
from fathom.data.store import read_file, read_folder
from fathom.data.text import parse_rows, parse_text

FOR_TRAINING = 0.9  # of a text, from its beginning
EVERY = 10  # of a list, each tenth is for testing


@dataclass(frozen=True)
class TextData(Parts[str]):
    """Running text."""

    @property
    def text(self) -> str:
        """All parts in a row."""
        return "".join(self.parts.values())


class LabelledTexts(NamedTuple):
    """N texts and their labels (N) int64."""

    texts: list[str]
    labels: np.ndarray


@dataclass(frozen=True)
class LabelledTextData(Parts[LabelledTexts]):
    """Short texts, each of one of `classes`."""

    classes: tuple[str, ...]


class Pairs(NamedTuple):
    """N sentences, and the same in another language."""

    sources: list[str]
    targets: list[str]


@dataclass(frozen=True)
class PairData(Parts[Pairs]):
    """Sentences in two languages."""

    languages: tuple[str, str]


def tiny_shakespeare() -> TextData:
    """Plays; the first nine tenths are for training."""
    return one_text("tiny-shakespeare")


def time_machine() -> TextData:
    """A novel; the first nine tenths are for training."""
    return one_text("time-machine")


def wikitext_2() -> TextData:
    """WikiText-2's parts "valid" and "test"; words are parted by spaces, rare ones are <unk>."""
    facts = entry("wikitext-2")
    texts = [parse_text(read_file(file, facts), file.path) for file in facts.files]
    return TextData("wikitext-2", dict(zip(("valid", "test"), texts, strict=True)))


def eng_fra() -> PairData:
    """5,000 pairs of sentences; each tenth is for testing."""
    facts = entry("eng-fra")
    file = facts.files[0]
    rows = parse_rows(read_file(file, facts), file.path, fields=3)
    train = [row for number, row in enumerate(rows) if (number + 1) % EVERY]
    test = rows[EVERY - 1 :: EVERY]
    parts = {
        part: Pairs([row[0] for row in chosen], [row[1] for row in chosen])
        for part, chosen in (("train", train), ("test", test))
    }
    return PairData("eng-fra", parts, ("English", "French"))


def sst2() -> LabelledTextData:
    """Sentences of film reviews; parts "train", "valid" and "test" as published."""
    facts = entry("sst2")
    parts = {}
    for part, file in zip(("train", "valid", "test"), facts.files, strict=True):
        rows = parse_rows(read_file(file, facts), file.path, fields=2)
        for number, (_, label) in enumerate(rows, start=1):
            if label not in ("0", "1"):
                raise FileFormatError(
                    file.path, f"0 or 1 in line {number:,}", repr(label), "correct the line"
                )
        labels = np.array([int(label) for _, label in rows])
        parts[part] = LabelledTexts([sentence for sentence, _ in rows], labels.astype(np.int64))
    return LabelledTextData("sst2", parts, ("negative", "positive"))


def names() -> LabelledTextData:
    """Surnames labelled by language; each tenth of a language is for testing."""
    contents = read_folder(entry("names").folders[0], entry("names"))
    classes = tuple(Path(file).stem for file in contents)
    chosen: dict[str, list[tuple[str, int]]] = {"train": [], "test": []}
    for label, (file, content) in enumerate(contents.items()):
        surnames = parse_text(content, f"names/{file}").split("\n")
        for number, surname in enumerate(filter(None, surnames), start=1):
            chosen["train" if number % EVERY else "test"].append((surname, label))
    parts = {
        part: LabelledTexts([text for text, _ in rows], np.array([label for _, label in rows]))
        for part, rows in chosen.items()
    }
    return LabelledTextData("names", parts, classes)


def one_text(name: str) -> TextData:
    facts = entry(name)
    file = facts.files[0]
    text = parse_text(read_file(file, facts), file.path)
    first = int(len(text) * FOR_TRAINING)
    return TextData(name, {"train": text[:first], "test": text[first:]})
