"""Which data a network learns when none is named, and the task that the data makes."""

from __future__ import annotations

from fathom.cli.images import ImageTask
from fathom.cli.recipes import IMAGES, TABLES, Recipe, Settings
from fathom.cli.tables import TableTask
from fathom.cli.task import Task
from fathom.cli.texts import TextTask
from fathom.data.catalogue import entry
from fathom.data.errors import DataNotFoundError, DownloadError
from fathom.data.folders import BUNDLED, find
from fathom.data.store import get

WITHOUT_NETWORK = "digits"


def chosen_data(recipe: Recipe, asked: str | None) -> tuple[str, str]:
    """The name of the data to learn, and in words where it is and why it was chosen.

    The one asked for, or the recipe's best: if that is not here and cannot be fetched, and the
    recipe can learn the digits that come with fathom, these.
    """
    name = asked or recipe.data[0]
    here = where(name)
    if asked is not None or here:
        get(name)
        return name, here or where(name)
    print(f"{name} is not on this machine; fetching it")
    try:
        get(name)
    except (DownloadError, DataNotFoundError) as error:
        if WITHOUT_NETWORK not in recipe.data:
            raise
        print(f"{error}\n")
        return (
            WITHOUT_NETWORK,
            f", which comes with fathom, because {name} cannot be had here",
        )
    return name, where(name)


def where(name: str) -> str:
    """Where a data set lies, in words; empty if it is not all here."""
    found = [find(file.path) for file in entry(name).files]
    if any(path is None for path in found):
        return ""
    first = found[0]
    assert first is not None
    return (
        ", which comes with fathom"
        if first.is_relative_to(BUNDLED)
        else f", found in {first.parent}"
    )


def open_task(name: str, settings: Settings, limit_batches: int | None) -> Task:
    """The task of learning a data set."""
    kind = ImageTask if name in IMAGES else TableTask if name in TABLES else TextTask
    return kind(name, settings, limit_batches)
