"""Plain text, and tables in text: CSV and TSV to columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from fathom.data.content import FETCH_AGAIN, LARGEST, read_content
from fathom.data.errors import FileFormatError

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "?")
WIDEST_FIELD = 1 << 20  # characters

Columns = dict[str, np.ndarray]


def read_text(path: str | Path, limit: int = LARGEST) -> str:
    r"""The text in a UTF-8 file, plain or gzip, as it stands but for a byte order mark.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "hello.txt")
    >>> _ = file.write_bytes("Grüß Gott\n".encode())
    >>> read_text(file)
    'Grüß Gott\n'
    """
    return parse_text(read_content(path, limit), path)


def parse_text(content: bytes, source: str | Path) -> str:
    """The same from bytes; `source` is what errors call them."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileFormatError(
            source,
            "UTF-8 text",
            f"the byte {content[error.start]:#04x} at {error.start:,} (line {line:,})",
            "save it as UTF-8, or fetch it again",
        ) from error


def read_rows(
    path: str | Path, fields: int, delimiter: str = "\t", limit: int = LARGEST
) -> list[list[str]]:
    """The rows of a table without header and without quotes, each of exactly `fields` fields.

    Raises FileFormatError, naming the line, where one has more or fewer.
    """
    return parse_rows(read_content(path, limit), path, fields, delimiter)


def parse_rows(
    content: bytes, source: str | Path, fields: int, delimiter: str = "\t"
) -> list[list[str]]:
    """The same from bytes; `source` is what errors call them."""
    lines = parse_text(content, source).split("\n")
    if lines[-1] == "":
        lines.pop()
    rows = [line.removesuffix("\r").split(delimiter) for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != fields:
            raise wrong_fields(source, f"line {number:,}", fields, row)
    return rows


def read_csv(
    path: str | Path,
    delimiter: str = ",",
    numbers: Iterable[str] | None = None,
    missing: Iterable[str] = MISSING,
    limit: int = LARGEST,
) -> Columns:
    """The columns of a table in text, its first row naming them: name -> (N) array.

    A column whose every value is a number is float64, with NaN where one is missing; any other
    holds str, with None where one is missing. Naming the columns of `numbers` makes a value in
    them that is no number an error, where otherwise the column would become text. Quotes follow
    RFC 4180. A row with a field too many or too few, a name given twice, a quote left open, bytes
    that are no UTF-8: each is a FileFormatError that names the row and the column.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "two.csv")
    >>> _ = file.write_text("size,colour\\n1.5,red\\n,NA\\n")
    >>> read_csv(file)
    {'size': array([1.5, nan]), 'colour': array(['red', None], dtype=object)}
    """
    return parse_csv(read_content(path, limit), path, delimiter, numbers, missing)


def parse_csv(
    content: bytes,
    source: str | Path,
    delimiter: str = ",",
    numbers: Iterable[str] | None = None,
    missing: Iterable[str] = MISSING,
) -> Columns:
    """The same from bytes; `source` is what errors call them."""
    rows = records(parse_text(content, source), source, delimiter)
    names = column_names(rows, source)
    must_be_numbers = set(numbers or ())
    if unknown := must_be_numbers - set(names):
        raise FileFormatError(
            source,
            f"the columns {sorted(unknown)}",
            f"only {names}",
            "check the names in the first row",
        )
    body: list[list[str]] = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise wrong_fields(source, f"row {number:,}", len(names), row)
        body.append(row)
    absent = set(missing)
    columns = {}
    for name, values in zip(names, zip(*body, strict=True) if body else [()] * len(names)):
        columns[name] = typed_column(source, name, values, absent, name in must_be_numbers)
    return columns


def records(text: str, source: str | Path, delimiter: str) -> Iterator[list[str]]:
    """The rows of RFC 4180 text, empty lines left out; the reader's errors become ours."""
    before = csv.field_size_limit(WIDEST_FIELD)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise FileFormatError(
            source,
            "a table in text",
            f"{error} (line {reader.line_num:,})",
            "close the quotes, or fetch it again",
        ) from error
    finally:
        csv.field_size_limit(before)
    return iter(rows)


def column_names(rows: Iterator[list[str]], source: str | Path) -> list[str]:
    names = [name.strip() for name in next(rows, [])]
    if not names:
        raise FileFormatError(source, "a first row of names", "an empty file", FETCH_AGAIN)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        raise FileFormatError(
            source,
            "a name for each column, each once",
            f"{twice or 'an empty one'} in row 1",
            "give every column its own name",
        )
    return names


def typed_column(
    source: str | Path, name: str, values: tuple[str, ...], missing: set[str], must_be_number: bool
) -> np.ndarray:
    stripped = [None if value.strip() in missing else value.strip() for value in values]
    parsed = np.empty(len(stripped))
    for row, value in enumerate(stripped):
        try:
            parsed[row] = np.nan if value is None else float(value)
        except ValueError:
            if must_be_number:
                raise FileFormatError(
                    source,
                    f"numbers in column {name!r}",
                    f"{value!r} in row {row + 2:,}",
                    "correct it, or leave the field empty if it is missing",
                ) from None
            return np.array(stripped, dtype=object)
    return parsed


def wrong_fields(source: str | Path, where: str, fields: int, row: list[str]) -> FileFormatError:
    return FileFormatError(
        source,
        f"{fields} fields in {where}",
        f"{len(row)} ({', '.join(row)[:60]!r})",
        "quote fields that hold the delimiter, or fetch the file again",
    )
