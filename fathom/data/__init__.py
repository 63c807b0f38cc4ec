"""Data: sets of samples and how they are served, files and how they are read, the catalogue.

    Dataset, TensorDataset, ...   what can be served           RandomSampler, ...   in which order
    DataLoader                    in batches, by workers       default_collate      rows to a batch
    read_idx, read_csv, ...       a file to arrays; hostile files are one clear FileFormatError
    TableEncoder                  columns to features, fitted on the training part only
    load, get, entries            the catalogue: data sets by name, found, fetched and verified

A data set is looked for in the folders of FATHOM_DATA, then in the user's cache, then downloaded:

>>> digits = load("digits")
>>> loader = DataLoader(digits.dataset("train", normalise=True), batch_size=64, shuffle=True)
>>> x, y = next(iter(loader))
>>> x.shape, y.shape
(fathom.Size([64, 1, 8, 8]), fathom.Size([64]))
"""

from __future__ import annotations

from fathom.data.catalogue import Entry, File, Folder, entries, entry
from fathom.data.cifar import read_cifar
from fathom.data.collate import default_collate, default_convert
from fathom.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)
from fathom.data.datasets import (
    ImageData,
    Images,
    LabelledTextData,
    LabelledTexts,
    PairData,
    Pairs,
    Parts,
    Recordings,
    SoundData,
    TableData,
    TextData,
    load,
)
from fathom.data.errors import (
    DataNotFoundError,
    DownloadError,
    FileFormatError,
    UnknownDataError,
)
from fathom.data.folders import cache_folder, download_folder, search_folders
from fathom.data.idx import read_idx
from fathom.data.images import read_image
from fathom.data.loader import DataLoader
from fathom.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from fathom.data.store import available, get, path
from fathom.data.tables import TableEncoder, split_table
from fathom.data.text import read_csv, read_rows, read_text
from fathom.data.wav import read_wav
from fathom.data.worker import WorkerInfo, get_worker_info

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "DataNotFoundError",
    "Dataset",
    "DownloadError",
    "Entry",
    "File",
    "FileFormatError",
    "Folder",
    "ImageData",
    "Images",
    "IterableDataset",
    "LabelledTextData",
    "LabelledTexts",
    "PairData",
    "Pairs",
    "Parts",
    "RandomSampler",
    "Recordings",
    "Sampler",
    "SequentialSampler",
    "SoundData",
    "Subset",
    "SubsetRandomSampler",
    "TableData",
    "TableEncoder",
    "TensorDataset",
    "TextData",
    "UnknownDataError",
    "WeightedRandomSampler",
    "WorkerInfo",
    "available",
    "cache_folder",
    "default_collate",
    "default_convert",
    "download_folder",
    "entries",
    "entry",
    "get",
    "get_worker_info",
    "load",
    "path",
    "random_split",
    "read_cifar",
    "read_csv",
    "read_idx",
    "read_image",
    "read_rows",
    "read_text",
    "read_wav",
    "search_folders",
    "split_table",
]
