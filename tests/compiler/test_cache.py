"""The cache gives the code that was put there, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import fathom
from fathom.compiler import engine, program
from fathom.compiler.cache import cached, code_folder, place
from fathom.compiler.program import Program
from fathom.core.primitive import Elementwise
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


@pytest.fixture
def lowerings(monkeypatch):
    """How often a graph was made into kernels."""
    made = []
    original = program.Source
    monkeypatch.setattr(program, "Source", lambda *args: (made.append(1), original(*args))[1])
    return made


def run(f=lambda x: x * 2 + 1):
    x = fathom.ones(3)
    return Program(trace(f, x)).run([x.numpy()])[0]


def files(suffix):
    return [path for path in code_folder().iterdir() if path.suffix == suffix]


def test_a_program_is_compiled_once(compilations, lowerings):
    assert [run().tolist() for _ in range(3)] == [[3.0] * 3] * 3
    assert (len(compilations), len(lowerings)) == (1, 1)


@pytest.mark.parametrize("suffix", [".o", ".json"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_a_damaged_file_is_dropped_and_made_anew(compilations, lowerings, damage, suffix):
    run()
    (path,) = files(suffix)
    whole = path.read_bytes()
    flipped = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    path.write_bytes({"truncate": whole[: len(whole) // 2], "flip": flipped, "empty": b""}[damage])
    np.testing.assert_array_equal(run(), [3.0, 3.0, 3.0])
    assert (len(compilations), len(lowerings)) == (2 if suffix == ".o" else 1, 2)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("suffix", [".o", ".json"])
def test_of_two_files_one_alone_is_no_program(lowerings, suffix):
    run()
    (path,) = files(suffix)
    path.unlink()
    np.testing.assert_array_equal(run(), [3.0, 3.0, 3.0])
    assert len(lowerings) == 2
    assert path.exists()


def test_equal_code_for_other_graphs_is_kept_once():
    run(lambda x: x * 2 + 1)
    run(lambda x: (x * 2).clone() + 1)
    assert (len(files(".o")), len(files(".json"))) == (1, 2)


def test_a_step_from_the_cache_trains_and_shows_like_the_one_that_was_compiled(lowerings, capsys):
    def trained():
        fathom.manual_seed(0)
        model = fathom.nn.Linear(3, 2)
        optimizer = fathom.optim.SGD(model.parameters(), lr=0.1)

        @fathom.compile
        def step(x):
            optimizer.zero_grad()
            loss = (model(x) ** 2).sum()
            loss.backward()
            optimizer.step()
            return loss

        losses = [step(fathom.ones(4, 3)).item() for _ in range(3)]
        return step, losses, model.weight.grad.tolist()

    first, *found = trained()
    second, *again = trained()
    assert found == again
    assert len(lowerings) == 1
    for stage in ("graph", "loops", "schedule", "memory", "llvm", "assembly"):
        first.show(stage)
        wanted = capsys.readouterr().out
        second.show(stage)
        assert capsys.readouterr().out == wanted


def test_what_has_no_name_on_disk_is_made_by_each_process():
    @dataclass(frozen=True)
    class Twice(Elementwise):
        """An operation that is no part of fathom: its rules may be others tomorrow."""

        def scalar(self, x):
            return x + x

    np.testing.assert_array_equal(run(lambda x: Twice()(x)), [2.0, 2.0, 2.0])
    run(lambda x: x.sort()[0])  # an eager rule between native parts
    assert not files(".json")


def test_a_damaged_file_that_cannot_be_removed_is_no_obstacle(monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    run()
    for path in code_folder().iterdir():
        path.write_bytes(b"")
    monkeypatch.setattr("pathlib.Path.unlink", denied)
    np.testing.assert_array_equal(run(), [3.0, 3.0, 3.0])


def test_a_folder_that_cannot_be_made_is_no_obstacle(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "file"))
    assert cached(place("key", ".o"), lambda: b"code") == b"code"


def test_the_writer_leaves_nothing_beside_the_file(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert cached(place("key", ".o"), lambda: b"code") == b"code"
    assert list(code_folder().iterdir()) == []


def test_ctrl_c_leaves_nothing_beside_the_file(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached(place("key", ".o"), lambda: b"code")
    assert list(code_folder().iterdir()) == []
