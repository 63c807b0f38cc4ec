"""Data sets in tables: california-housing, airfoil-self-noise, titanic.

N rows, F features.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fathom.data.catalogue import entry
from fathom.data.dataset import TensorDataset
from fathom.data.datasets.parts import Parts
from fathom.data.store import read_file
from fathom.data.tables import TableEncoder, split_table
from fathom.data.text import Columns, parse_csv
from fathom.ops.creation import from_numpy


@dataclass(frozen=True)
class TableData(Parts[Columns]):
    """A table whose column `target` is to be told from the columns `numbers` and `categories`.

    `classes` names what a target of 0, 1, ... means; it is empty where the target is a quantity.
    """

    target: str
    numbers: tuple[str, ...]
    categories: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @cached_property
    def encoder(self) -> TableEncoder:
        """Turns columns into features, as learnt from the training part."""
        return TableEncoder(self.numbers, self.categories).fit(self.train)

    @cached_property
    def target_mean(self) -> float:
        """The target's mean over the training part."""
        return float(self.train[self.target].mean())

    @cached_property
    def target_std(self) -> float:
        """The target's standard deviation over the training part."""
        return float(self.train[self.target].std())

    def dataset(self, part: str = "train", scale_target: bool = False) -> TensorDataset:
        """The part as tensors: features (N, F) float32 and targets.

        Targets are (N) int64 where there are classes, else (N, 1) float32 in the table's unit;
        with `scale_target` (y - target_mean) / target_std.
        """
        columns = self.part(part)
        features = self.encoder.transform(columns)
        values = columns[self.target]
        if self.classes:
            return TensorDataset(from_numpy(features), from_numpy(values.astype(np.int64)))
        scaled = (values - self.target_mean) / self.target_std if scale_target else values
        quantities = scaled.astype(np.float32)[:, None]
        return TensorDataset(from_numpy(features), from_numpy(quantities))


def california_housing() -> TableData:
    """The median house value, in dollars, of 20,640 districts; a fifth is for testing."""
    numbers = (
        "longitude",
        "latitude",
        "housing_median_age",
        "total_rooms",
        "total_bedrooms",
        "population",
        "households",
        "median_income",
    )
    parts = table_parts("california-housing", ",", (*numbers, "median_house_value"))
    return TableData(
        "california-housing", parts, "median_house_value", numbers, ("ocean_proximity",)
    )


def airfoil_self_noise() -> TableData:
    """The sound pressure level, in decibels, of 1,503 measurements; a fifth is for testing."""
    numbers = ("Freq", "Angle", "Length", "Vel", "Displ")
    parts = table_parts("airfoil-self-noise", "\t", (*numbers, "Pressure"))
    return TableData("airfoil-self-noise", parts, "Pressure", numbers)


def titanic() -> TableData:
    """Whether each of 891 passengers survived; a fifth is for testing."""
    numbers = ("Age", "SibSp", "Parch", "Fare")
    parts = table_parts("titanic", ",", (*numbers, "Survived", "Pclass", "PassengerId"))
    return TableData(
        "titanic",
        parts,
        "Survived",
        numbers,
        ("Pclass", "Sex", "Embarked"),
        ("died", "survived"),
    )


def table_parts(name: str, delimiter: str, numbers: tuple[str, ...]) -> dict[str, Columns]:
    facts = entry(name)
    file = facts.files[0]
    columns = parse_csv(read_file(file, facts), file.path, delimiter, numbers)
    train, test = split_table(columns)
    return {"train": train, "test": test}
