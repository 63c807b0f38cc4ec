"""Tables to numbers a network can take: missing values filled, categories one-hot, columns scaled.

Everything that is learnt of a table (medians, means, deviations, which categories there are) is
learnt by `fit` from the training part alone; `transform` applies it to any part. So nothing of
the test part leaks into training, and a row means the same wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

FILLS = ("median", "mean")
UNKNOWN = ("zeros", "error")
NO_VALUE = "(missing)"  # the category of rows that have none


class TableEncoder:
    """Columns -> (N, F) float32, each number column scaled, each category a column of its own.

    A table is a mapping from names to columns: what `read_csv` gives, or a pandas DataFrame.

    numbers, categories  the columns to use; both left out, all are: those of numbers, and the rest
    fill                 what a missing number becomes: the training part's "median" or "mean"
    standardise          whether numbers become (x - mean) / standard deviation
    unknown              a category not seen in training: all its columns "zeros", or an "error"
    most_categories      a text column with more is refused: it names rows rather than kinds of rows

    A missing category is a category of its own, if the training part has one. A column that never
    varies becomes zeros. `names` holds the F features, in order.

    >>> table = {"size": np.array([1.0, np.nan, 3.0]), "colour": np.array(["red", "blue", "red"])}
    >>> encoder = TableEncoder(standardise=False).fit(table)
    >>> encoder.names
    ['size', 'colour=blue', 'colour=red']
    >>> encoder.transform(table)
    array([[1., 0., 1.],
           [2., 1., 0.],
           [3., 0., 1.]], dtype=float32)
    """

    def __init__(
        self,
        numbers: Iterable[str] | None = None,
        categories: Iterable[str] | None = None,
        fill: str = "median",
        standardise: bool = True,
        unknown: str = "zeros",
        most_categories: int = 100,
    ) -> None:
        if fill not in FILLS:
            raise ValueError(f"TableEncoder: fill must be one of {FILLS}, got {fill!r}")
        if unknown not in UNKNOWN:
            raise ValueError(f"TableEncoder: unknown must be one of {UNKNOWN}, got {unknown!r}")
        self.numbers = None if numbers is None else list(numbers)
        self.categories = None if categories is None else list(categories)
        self.fill = fill
        self.standardise = standardise
        self.unknown = unknown
        self.most_categories = most_categories
        self.fitted: dict[str, Scale | Kinds] | None = None

    def fit(self, table: Mapping[str, Any]) -> TableEncoder:
        """Learns from the training part; returns itself."""
        numbers, categories = self.chosen_columns(table)
        fitted: dict[str, Scale | Kinds] = {}
        for name in numbers:
            fitted[name] = learn_scale(name, number_column(table, name), self.fill)
        for name in categories:
            fitted[name] = learn_kinds(name, category_column(table, name), self.most_categories)
        if not fitted:
            raise ValueError("TableEncoder: there is no column to use; name some")
        self.fitted = fitted
        return self

    def transform(self, table: Mapping[str, Any]) -> np.ndarray:
        """Applies what was learnt -> (N, F) float32."""
        if self.fitted is None:
            raise RuntimeError("TableEncoder: call fit with the training part first")
        features = []
        for name, learnt in self.fitted.items():
            if isinstance(learnt, Scale):
                features.append(learnt.apply(number_column(table, name), self.standardise))
            else:
                column = category_column(table, name)
                features.append(learnt.apply(name, column, self.unknown))
        lengths = {name: len(part) for name, part in zip(self.fitted, features, strict=True)}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"TableEncoder: the columns are of different lengths: {lengths}")
        return np.concatenate(features, axis=1).astype(np.float32)

    def fit_transform(self, table: Mapping[str, Any]) -> np.ndarray:
        """`fit`, then `transform` of the same part."""
        return self.fit(table).transform(table)

    @property
    def names(self) -> list[str]:
        """The F features: a number column's name, or "column=category"."""
        if self.fitted is None:
            raise RuntimeError("TableEncoder: call fit with the training part first")
        names: list[str] = []
        for name, learnt in self.fitted.items():
            names += (
                [name] if isinstance(learnt, Scale) else [f"{name}={kind}" for kind in learnt.kinds]
            )
        return names

    def chosen_columns(self, table: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        if self.numbers is not None or self.categories is not None:
            return self.numbers or [], self.categories or []
        numeric = {name: np.asarray(table[name]).dtype.kind in "biuf" for name in table}
        return [n for n in numeric if numeric[n]], [n for n in numeric if not numeric[n]]


class Scale:
    """What is learnt of a number column."""

    def __init__(self, fill: float, mean: float, deviation: float) -> None:
        self.fill, self.mean, self.deviation = fill, mean, deviation

    def apply(self, column: np.ndarray, standardise: bool) -> np.ndarray:
        filled = np.where(np.isnan(column), self.fill, column)
        scaled = (filled - self.mean) / self.deviation if standardise else filled
        return scaled[:, None]


class Kinds:
    """What is learnt of a column of categories."""

    def __init__(self, kinds: list[str]) -> None:
        self.kinds = kinds
        self.position = {kind: number for number, kind in enumerate(kinds)}

    def apply(self, name: str, column: list[str], unknown: str) -> np.ndarray:
        one_hot = np.zeros((len(column), len(self.kinds)))
        for row, kind in enumerate(column):
            if kind in self.position:
                one_hot[row, self.position[kind]] = 1
            elif unknown == "error":
                raise ValueError(
                    f"column {name!r}, row {row:,}: {kind!r} is not among the training part's "
                    f"{self.kinds}; fit on a part that has it, or use unknown='zeros'"
                )
        return one_hot


def learn_scale(name: str, column: np.ndarray, fill: str) -> Scale:
    known = column[~np.isnan(column)]
    if not known.size:
        raise ValueError(f"column {name!r}: all {len(column):,} values are missing; leave it out")
    value = float(np.median(known) if fill == "median" else known.mean())
    filled = np.where(np.isnan(column), value, column)
    return Scale(value, float(filled.mean()), float(filled.std()) or 1.0)


def learn_kinds(name: str, column: list[str], most: int) -> Kinds:
    kinds = sorted(set(column))
    if len(kinds) > most:
        raise ValueError(
            f"column {name!r} has {len(kinds):,} categories, more than {most:,}; leave it out, or "
            "pass a larger most_categories"
        )
    return Kinds(kinds)


def column_of(table: Mapping[str, Any], name: str) -> np.ndarray:
    if name not in table:
        raise KeyError(f"the table has no column {name!r}; it has {list(table)}")
    column = np.asarray(table[name])
    if column.ndim != 1:
        raise ValueError(f"column {name!r} must be (N), got {column.shape}")
    return column


def number_column(table: Mapping[str, Any], name: str) -> np.ndarray:
    """A column of float64, NaN where a value is missing."""
    column = column_of(table, name)
    if column.dtype.kind in "biuf":
        numbers = column.astype(np.float64)
    else:
        values = enumerate(column.tolist())
        numbers = np.array([as_number(name, row, value) for row, value in values])
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise ValueError(f"column {name!r}, row {row:,}: the value is infinite")
    return numbers


def as_number(name: str, row: int, value: Any) -> float:
    if is_missing(value):
        return np.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"column {name!r}, row {row:,}: {value!r} is no number; correct it, or use the column "
            "as categories"
        ) from None


def category_column(table: Mapping[str, Any], name: str) -> list[str]:
    """A column of text, NO_VALUE where a value is missing."""
    values = column_of(table, name).tolist()
    return [NO_VALUE if is_missing(value) else category(value) for value in values]


def category(value: Any) -> str:
    """The value in words; a whole number is written the same whether it was stored as 3 or 3.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, or pandas' NA, which has no truth value."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def split_table(
    table: Mapping[str, Any], test: float = 0.2, seed: int = 0
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The rows shuffled and parted: (train, test), test having the fraction `test` of them.

    The same seed gives the same parts, with any version of NumPy.

    >>> train, rest = split_table({"x": np.arange(10)}, test=0.3)
    >>> len(train["x"]), len(rest["x"])
    (7, 3)
    """
    if not 0 < test < 1:
        raise ValueError(f"split_table: test is a fraction between 0 and 1, got {test}")
    columns = {name: column_of(table, name) for name in table}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise ValueError(f"split_table: columns must be of one length, got {sorted(lengths)}")
    # RandomState's numbers are promised never to change; default_rng's may with a new NumPy
    order = np.random.RandomState(seed).permutation(lengths.pop())
    first = round(len(order) * test)
    chosen, rest = np.sort(order[:first]), np.sort(order[first:])
    return (
        {name: column[rest] for name, column in columns.items()},
        {name: column[chosen] for name, column in columns.items()},
    )
