"""What every loaded data set has: its name and its parts, train, valid and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from fathom.data.errors import DataNotFoundError

Part = TypeVar("Part")


@dataclass(frozen=True)
class Parts(Generic[Part]):
    """A data set in parts; a part that the catalogue does not have is an error that says so."""

    name: str
    parts: dict[str, Part]

    @property
    def train(self) -> Part:
        """What to learn from."""
        return self.part("train")

    @property
    def valid(self) -> Part:
        """What to choose by, where the data set comes with such a part."""
        return self.part("valid")

    @property
    def test(self) -> Part:
        """What to judge by, once."""
        return self.part("test")

    def part(self, name: str) -> Part:
        """A part by its name; DataNotFoundError where there is none."""
        if name not in self.parts:
            raise DataNotFoundError(
                f"{self.name} has no part {name!r} in the catalogue; it has "
                f"{', '.join(map(repr, self.parts))}"
            )
        return self.parts[name]
