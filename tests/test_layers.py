"""The house stands: each part imports only what lies below it.

The floors are the table FLOORS in scripts/house.py.
"""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from scripts import house

# The arrows that point upward on purpose: (part, target) -> why.
EXCEPTIONS: dict[tuple[str, str], str] = {}

LONGEST_FILE = 400  # lines

# Modules that run code found in a file.
PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}

# Folders of one person's computer, and the hosts that packages are fetched from.
PRIVATE = [
    re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w"),
    re.compile(r"\b[A-Z]:\\Users\\"),
    re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)\b"),
]

SOURCES = sorted(house.SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(house.ROOT))


def tracked_files() -> list[Path]:
    """The files of the repository, as git lists them."""
    if not (house.ROOT / ".git").exists():
        pytest.skip("not a git checkout, so no list of the files that belong to it")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=house.ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    names = [name for name in listing.stdout.split("\0") if name]
    return [house.ROOT / name for name in names if (house.ROOT / name).is_file()]


def test_every_part_of_the_house_is_on_a_floor():
    for part in house.parts():
        house.floor_of(part)


def test_no_part_is_on_two_floors():
    named = [part for floor in house.FLOORS for part in floor]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_file_imports_only_what_lies_below(file):
    wrong = []
    for found in house.imports(file):
        if found.target == found.part or (found.part, found.target) in EXCEPTIONS:
            continue
        if house.floor_of(found.target) >= house.floor_of(found.part):
            wrong.append(f"{name_of(file)}:{found.line} imports {found.module}, which is not below")
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_needed():
    arrows = {(found.part, found.target) for file in SOURCES for found in house.imports(file)}
    assert set(EXCEPTIONS) <= arrows


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_file_fits_in_a_sitting(file):
    assert house.lines_of(file) <= LONGEST_FILE, "split it: one concept, one file"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_file_swallows_no_error_and_runs_no_data(file):
    wrong = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        where = f"{name_of(file)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.ExceptHandler) and isinstance(node.body[0], ast.Pass):
            wrong.append(f"{where} passes over an error in silence")
        if isinstance(node, ast.Import):
            named = {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named = {(node.module or "").split(".")[0]}
        else:
            named = set()
        if named & PICKLES:
            wrong.append(f"{where} imports {', '.join(named & PICKLES)}: it runs code from a file")
    assert not wrong, "\n".join(wrong)


def test_the_repository_names_no_private_place():
    wrong = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture or packed data
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if any(pattern.search(line) for pattern in PRIVATE):
                wrong.append(f"{name_of(path)}:{number}: {line.strip()[:80]}")
    assert not wrong, "\n".join(wrong)


def parsed(tmp_path, monkeypatch, source) -> list[house.Import]:
    """The imports of a file of nn with this source, in a house that has nothing else."""
    monkeypatch.setattr(house, "ROOT", tmp_path)
    monkeypatch.setattr(house, "SOURCE", tmp_path / "fathom")
    file = tmp_path / "fathom" / "nn" / "linear.py"
    file.parent.mkdir(parents=True)
    file.write_text(source)
    return list(house.imports(file))


def test_an_import_inside_a_function_counts(tmp_path, monkeypatch):
    found = parsed(tmp_path, monkeypatch, "def f():\n    from fathom.cli import main\n")
    assert [(i.part, i.target, i.line) for i in found] == [("nn", "cli", 2)]


def test_an_import_for_the_type_checker_does_not_count(tmp_path, monkeypatch):
    source = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import fathom.cli\n"
        "else:\n    import fathom.core.tape\n"
    )
    assert [i.target for i in parsed(tmp_path, monkeypatch, source)] == ["core"]


def test_the_public_package_is_the_roof_and_a_part_named_from_it_is_a_part(tmp_path, monkeypatch):
    found = parsed(tmp_path, monkeypatch, "import fathom as fm\nfrom fathom import nn, tensor\n")
    assert [i.target for i in found] == ["fathom", "nn", "fathom"]


def test_a_relative_import_raises(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"linear.py:1: a relative import"):
        parsed(tmp_path, monkeypatch, "from .module import Module\n")


def test_an_unknown_part_says_where_to_name_it():
    with pytest.raises(KeyError, match="cellar is on no floor"):
        house.floor_of("cellar")
