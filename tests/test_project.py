"""What the project's own files promise: versions, dependencies, commands, the map of the house."""

from __future__ import annotations

import ast
import doctest
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest

import fathom
from scripts import house

PROJECT = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What only some of the functions need is imported inside them.
HEAVY = ["PIL", "cupy", "llvmlite", "matplotlib", "pandas", "rich", "safetensors", "scipy", "torch"]

# The packages that are imported under another name than they are installed under.
INSTALLED_AS = {
    "IPython": "ipykernel", "PIL": "pillow", "myst_nb": "myst-nb", "myst_parser": "myst-parser",
}  # fmt: skip


def test_one_version_everywhere():
    changes = (house.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert latest
    assert fathom.__version__ == PROJECT["version"] == latest[1]


def test_the_installed_fathom_is_this_one():
    assert metadata.version("fathom-dl") == fathom.__version__
    assert house.SOURCE.samefile(fathom.__path__[0])


def test_run_time_dependencies_have_lower_bounds_only():
    for requirement in PROJECT["dependencies"]:
        assert re.fullmatch(r"[\w-]+>=[\d.]+", requirement), requirement


def test_every_package_that_is_imported_is_declared():
    declared = {re.match(r"[\w-]+", line)[0].lower() for line in PROJECT["dependencies"]}
    optional = {
        re.match(r"[\w-]+", line)[0].lower()
        for lines in PROJECT["optional-dependencies"].values()
        for line in lines
    }
    for file in sorted(house.SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                if top in sys.stdlib_module_names or top == "fathom":
                    continue
                package = INSTALLED_AS.get(top, top)
                assert package in declared | optional, f"{file}:{node.lineno} imports {top}"


def test_importing_fathom_imports_nothing_heavy():
    code = f"import sys, fathom; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", ["scripts/setup", "scripts/train", "scripts/check", ".ci/run"])
def test_a_command_can_be_run(name):
    path = house.ROOT / name
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/env ")
    if os.name != "nt":
        assert os.access(path, os.X_OK)


@pytest.mark.parametrize("name", ["setup", "check"])
def test_a_command_explains_itself_and_changes_nothing(name):
    command = [sys.executable, str(house.ROOT / "scripts" / name), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"python3 scripts/{name}" in done.stdout


def test_the_readme_has_two_commands_and_ci_runs_the_one_that_tests():
    readme = (house.ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:git clone .* && )?(python3 scripts/\w+)$", readme, re.MULTILINE)
    assert commands == ["python3 scripts/train", "python3 scripts/check"]
    assert commands[1] in (house.ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert PROJECT["readme"] == "README.md"


def test_the_map_of_the_house_names_every_part():
    text = (house.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for part in house.parts():
        name = f"{part}/" if (house.SOURCE / part).is_dir() else f"{part}.py"
        assert re.search(rf"^  {re.escape(name)} ", text, re.MULTILINE), f"{name} is not on the map"


def test_the_map_shows_nothing_that_is_not_there():
    text = (house.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in re.findall(r"^  (\w+/|\w+\.py) ", text, re.MULTILINE):
        assert (house.SOURCE / name).exists(), f"{name} is on the map and not in fathom/"


@pytest.mark.parametrize("name", ["README.md", "docs/design/operation.md", "docs/design/scan.md"])
def test_the_examples_of_the_documents_print_what_they_say(name):
    found = doctest.testfile(
        str(house.ROOT / name),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        globs={"fathom": fathom},
    )
    assert found.attempted > 0
    assert found.failed == 0
