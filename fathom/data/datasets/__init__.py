"""The catalogue's data sets, loaded: `load(name)` gives each in the same shape.

data = fathom.data.load("fashion-mnist")
data.train, data.test          parts; what a part holds depends on the kind of data:
    images    Images(images (N, C, H, W) uint8, labels (N) int64)         classes, mean, std
    tables    columns: name -> (N) array                 target, numbers, categories, encoder
    text      str; Pairs(sources, targets); LabelledTexts(texts, labels)             classes
    sound     Recordings(sounds, labels, speakers)                             classes, rate
data.part("valid")             a part by its name; sst2 and wikitext-2 have a "valid" too
data.dataset("train")          images and tables: the part as a TensorDataset
"""

from __future__ import annotations

from collections.abc import Callable

from fathom.data.catalogue import entry
from fathom.data.datasets import images, sound, tables, text
from fathom.data.datasets.images import ImageData, Images
from fathom.data.datasets.parts import Parts
from fathom.data.datasets.sound import Recordings, SoundData
from fathom.data.datasets.tables import TableData
from fathom.data.datasets.text import LabelledTextData, LabelledTexts, PairData, Pairs, TextData

__all__ = [
    "ImageData",
    "Images",
    "LabelledTextData",
    "LabelledTexts",
    "PairData",
    "Pairs",
    "Parts",
    "Recordings",
    "SoundData",
    "TableData",
    "TextData",
    "load",
]

LOADERS: dict[str, Callable[[], Parts]] = {
    "digits": images.digits,
    "fashion-mnist": images.fashion_mnist,
    "mnist": images.mnist,
    "cifar-10-small": images.cifar_10_small,
    "california-housing": tables.california_housing,
    "titanic": tables.titanic,
    "airfoil-self-noise": tables.airfoil_self_noise,
    "tiny-shakespeare": text.tiny_shakespeare,
    "time-machine": text.time_machine,
    "eng-fra": text.eng_fra,
    "wikitext-2": text.wikitext_2,
    "sst2": text.sst2,
    "spoken-digits": sound.spoken_digits,
    "names": text.names,
}


def load(name: str) -> Parts:
    """A data set of the catalogue, fetched where it is nowhere in the search folders, verified.

    Raises UnknownDataError for a name that the catalogue does not have, and what
    `fathom.data.get` raises.

    >>> digits = load("digits")
    >>> digits.train.images.shape, digits.test.labels.shape
    ((1442, 1, 8, 8), (355,))
    """
    return LOADERS[entry(name).name]()
