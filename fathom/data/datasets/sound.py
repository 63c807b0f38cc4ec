"""Data sets of sound: spoken-digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fathom.data.catalogue import entry
from fathom.data.datasets.parts import Parts
from fathom.data.errors import FileFormatError
from fathom.data.store import read_folder
from fathom.data.wav import parse_wav

RATE = 8000
TAKES_FOR_TESTING = 2  # takes 0 and 1 of each digit and speaker


class Recordings(NamedTuple):
    """N sounds, each (time) float32 in [-1, 1]; labels (N) int64; N speakers' names."""

    sounds: list[np.ndarray]
    labels: np.ndarray
    speakers: list[str]


@dataclass(frozen=True)
class SoundData(Parts[Recordings]):
    """Recordings, each of one of `classes`, of `rate` samples a second."""

    classes: tuple[str, ...]
    rate: int


def spoken_digits() -> SoundData:
    """Ten digits, spoken ten times by each of six speakers; two takes of each are for testing."""
    facts = entry("spoken-digits")
    chosen: dict[str, list[tuple[np.ndarray, int, str]]] = {"train": [], "test": []}
    for file, content in read_folder(facts.folders[0], facts).items():
        named = re.fullmatch(r"(\d)_(\w+)_(\d+)\.wav", file)
        sound, rate = parse_wav(content, file)
        if named is None or rate != RATE or len(sound) != 1:
            raise FileFormatError(
                file,
                f"digit_speaker_take.wav of one channel at {RATE:,} samples a second",
                f"{len(sound)} channels at {rate:,}",
                "remove it from the folder",
            )
        digit, speaker, take = named.groups()
        part = "test" if int(take) < TAKES_FOR_TESTING else "train"
        chosen[part].append((sound[0], int(digit), speaker))
    parts = {
        part: Recordings(
            [sound for sound, _, _ in rows],
            np.array([digit for _, digit, _ in rows], np.int64),
            [speaker for _, _, speaker in rows],
        )
        for part, rows in chosen.items()
    }
    return SoundData("spoken-digits", parts, tuple("0123456789"), RATE)
