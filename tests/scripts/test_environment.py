from __future__ import annotations

import json
import sys

import pytest

from scripts import environment

PROJECT = """
[project.optional-dependencies]
book = []
dev = []
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own, in which making and installing are only written down."""
    done = []
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "FOLDER", tmp_path / ".venv")
    monkeypatch.setattr(environment, "RECORD", tmp_path / ".venv" / "fathom-setup.json")

    def create(folder, **options):
        folder.mkdir(exist_ok=True)
        done.append("make")

    def run(*command, **variables):
        done.append(command[-1].removeprefix(str(tmp_path)))
        return 0

    monkeypatch.setattr(environment.venv, "create", create)
    monkeypatch.setattr(environment, "run", run)
    monkeypatch.setattr(environment, "program", lambda name: sys.executable)
    return tmp_path, done


def test_the_first_time_makes_and_installs_and_the_second_does_nothing(project):
    _, done = project
    environment.ready()
    assert done == ["make", ""]
    environment.ready()
    assert done == ["make", ""]


def test_extras_are_added_to_those_that_are_there(project):
    _, done = project
    environment.ready("dev")
    environment.ready("book")
    environment.ready("dev")
    assert done == ["make", "[dev]", "[book,dev]"]


def test_an_extra_that_does_not_exist_is_refused(project):
    _, done = project
    with pytest.raises(SystemExit, match="no extra is called boook; there are book, dev"):
        environment.ready("boook")
    assert done == []


def test_changed_needs_are_installed_again(project):
    root, done = project
    environment.ready("dev")
    (root / "pyproject.toml").write_text("# changed\n" + PROJECT)
    environment.ready()
    assert done == ["make", "[dev]", "[dev]"]


@pytest.mark.parametrize("record", ["", "{", "[]", '{"made": 3}', '{"made": {}, "extras": []}'])
def test_a_record_that_cannot_be_trusted_makes_a_new_environment(project, record):
    _, done = project
    environment.ready()
    environment.RECORD.write_text(record)
    environment.ready()
    assert done == ["make", "", "make", ""]


def test_a_folder_that_was_moved_makes_a_new_environment(project, monkeypatch):
    root, done = project
    environment.ready()
    record = json.loads(environment.RECORD.read_text())
    record["made"]["folder"] = str(root / "elsewhere" / ".venv")
    environment.RECORD.write_text(json.dumps(record))
    environment.ready()
    assert done == ["make", "", "make", ""]


def test_an_environment_whose_python_is_gone_is_made_anew(project, monkeypatch):
    root, done = project
    environment.ready()
    monkeypatch.setattr(environment, "program", lambda name: str(root / "gone"))
    environment.ready()
    assert done == ["make", "", "make", ""]


def test_an_install_that_fails_leaves_no_record_and_says_what_to_do(project, monkeypatch):
    monkeypatch.setattr(environment, "run", lambda *command, **variables: 1)
    with pytest.raises(SystemExit, match="could not install what fathom needs"):
        environment.ready()
    assert not environment.RECORD.exists()


def test_an_environment_that_cannot_be_made_says_what_is_missing(project, monkeypatch):
    def create(folder, **options):
        raise OSError("no module ensurepip")

    monkeypatch.setattr(environment.venv, "create", create)
    with pytest.raises(SystemExit, match="no module ensurepip(.|\n)*apt-get install python3-venv"):
        environment.ready()


@pytest.mark.parametrize(
    ("found", "way_out"),
    [("python3.13", "run it with python3.13"), ("", "install one and run it with that")],
)
def test_an_old_python_is_told_which_one_to_use(monkeypatch, found, way_out):
    monkeypatch.setattr(environment.sys, "version_info", (3, 10, 2))
    monkeypatch.setattr(environment.shutil, "which", lambda name: name if name == found else None)
    with pytest.raises(SystemExit, match=f"needs Python 3.11 or newer.*{way_out}"):
        environment.require_python()


def test_a_program_gets_our_environment_and_gives_its_status(tmp_path, monkeypatch):
    monkeypatch.setenv("FATHOM_TEST_KEPT", "kept")
    code = (
        "import os, sys\n"
        "sys.exit(7 if os.environ['FATHOM_TEST_KEPT'] + os.environ['ADDED'] == 'keptadded' else 1)"
    )
    assert environment.run(sys.executable, "-c", code, ADDED="added") == 7
