"""Runs that are remembered: a page is run again when its code changed, or a file of fathom that it imported.

    book/tensors.md  ->  cache/tensors.json: {"code": digest, "files": {"core/tape.py": digest, ...}, "run": ...}

The digest of the code covers the code cells, the values, the versions of Python and of the libraries
below, and the names and sizes of the data. Prose is not in it; a module that the page never imports is not
among the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from fathom.publish.execute import HEAD, LIMIT, Run, execute
from fathom.publish.pages import Page
from fathom.publish.values import values_of
from fathom.train.files import write_whole

HOUSE = Path(__file__).parent.parent
LIBRARIES = (
    "ipykernel",
    "ipython",
    "llvmlite",
    "matplotlib",
    "matplotlib-inline",
    "numpy",
    "pandas",
    "scipy",
)


def remembered(page: Page, folder: Path, limit: int = LIMIT) -> tuple[Run, bool]:
    """The run of a page, and whether it had to be made now."""
    place = folder / f"{page.name}.json"
    code = code_digest(page)
    kept = recall(place)
    if kept is not None and kept["code"] == code and unchanged(kept["files"]):
        return Run(**kept["run"]), False
    run = execute(page, limit)
    kept = {"code": code, "files": digests(run.files), "run": asdict(run)}
    write_whole(place, json.dumps(kept, ensure_ascii=False))
    return run, True


def recall(place: Path) -> dict[str, Any] | None:
    """What was kept; None where there is nothing, or nothing of this form."""
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        return kept if {"code", "files", "run"} <= kept.keys() else None
    except (OSError, ValueError, AttributeError):  # it can be made again
        return None


def code_digest(page: Page) -> str:
    """A digest of all that decides what a page's run says, except fathom itself."""
    values = [[value.code for value in found] for found in values_of(page).values()]
    cells = [[page.cells[k].source, page.cells[k].metadata] for k in page.codes]
    known = {
        "cells": cells, "values": values, "python": sys.version, "versions": versions(),
        "data": data_listing(os.environ.get("FATHOM_DATA", "")),
        "style": HEAD.read_text(encoding="utf-8"),
        "runner": digest(HOUSE / "publish" / "execute.py"),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """The libraries that a page's outputs may depend on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # nor can the page use it
            continue
    return found


def data_listing(folders: str) -> list[list[Any]]:
    """The files of the data sets in the folders of FATHOM_DATA, with their sizes; not those deeper down."""
    return [
        [path.relative_to(folder).as_posix(), path.stat().st_size]
        for folder in folders.split(os.pathsep)
        if folder
        for path in sorted(Path(folder).glob("*/*"))
        if path.is_file()
    ]


def digests(files: list[str]) -> dict[str, str]:
    """The digests of imported files, by their place in fathom/, and of the data that lie with them."""
    found = {Path(file).resolve() for file in files}
    packages = [file.parent for file in found if file.name == "__init__.py"]
    found |= {path for package in packages for path in assets(package)}
    return {path.relative_to(HOUSE).as_posix(): digest(path) for path in sorted(found)}


def assets(package: Path) -> list[Path]:
    """What a package reads besides Python: the files in its folder, and in folders below that hold no Python."""
    found = []
    for path in package.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            found += assets(path)
        elif path.is_file() and path.suffix != ".py":
            found.append(path)
    return found


def unchanged(files: dict[str, str]) -> bool:
    """Whether every file is still what it was."""
    return all(
        (HOUSE / name).is_file() and digest(HOUSE / name) == was for name, was in files.items()
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
