"""The cache gives the code that was put there, or none."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.compiler import engine, program
from fathom.compiler.cache import cached, code_folder
from fathom.core.tracing import trace


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def compilations(monkeypatch):
    """How often LLVM was really asked."""
    made = []
    original = engine.compiled
    monkeypatch.setattr(engine, "compiled", lambda *args: (made.append(1), original(*args))[1])
    return made


def run():
    x = fathom.ones(3)
    return program.Program(trace(lambda x: x * 2 + 1, x)).run([x.numpy()])[0]


def test_a_program_is_compiled_once(compilations):
    assert [run().tolist() for _ in range(3)] == [[3.0] * 3] * 3
    assert len(compilations) == 1


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_a_damaged_file_is_dropped_and_made_anew(compilations, damage):
    run()
    (path,) = code_folder().iterdir()
    whole = path.read_bytes()
    flipped = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    path.write_bytes({"truncate": whole[: len(whole) // 2], "flip": flipped, "empty": b""}[damage])
    np.testing.assert_array_equal(run(), [3.0, 3.0, 3.0])
    assert len(compilations) == 2
    assert path.read_bytes() == whole


def test_a_damaged_file_that_cannot_be_removed_is_no_obstacle(monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    run()
    (path,) = code_folder().iterdir()
    path.write_bytes(b"")
    monkeypatch.setattr("pathlib.Path.unlink", denied)
    np.testing.assert_array_equal(run(), [3.0, 3.0, 3.0])


def test_a_folder_that_cannot_be_made_is_no_obstacle(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "file"))
    assert cached("key", lambda: b"code") == b"code"


def test_the_writer_leaves_nothing_beside_the_file(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert cached("key", lambda: b"code") == b"code"
    assert list(code_folder().iterdir()) == []


def test_ctrl_c_leaves_nothing_beside_the_file(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached("key", lambda: b"code")
    assert list(code_folder().iterdir()) == []
