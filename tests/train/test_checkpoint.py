from __future__ import annotations

import errno
import json
import random
import shutil

import pytest

import fathom
from fathom.data import DataNotFoundError, FileFormatError
from fathom.train import files
from fathom.train.checkpoint import (
    FILES,
    MODEL,
    STATE,
    TENSORS,
    Checkpoint,
    checkpoints,
    keep_newest,
    newest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)  # fmt: skip

HELD = Checkpoint(
    {"net.weight": fathom.tensor([[1.0, 2.0]])},
    {"step": 3, "optimizer": {"state": {0: {"mean": fathom.tensor([0.5])}}}},
)


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    path = write_checkpoint(tmp_path, 3, HELD)
    found = read_checkpoint(path)
    assert path.name == "step-00000003"
    assert found.model["net.weight"].tolist() == [[1, 2]]
    assert found.state["step"] == 3
    assert found.state["optimizer"]["state"][0]["mean"].tolist() == [0.5]


def test_a_step_saved_again_gets_a_name_of_its_own_and_is_newer(tmp_path):
    names = [write_checkpoint(tmp_path, step, HELD).name for step in (9, 10, 10, 10)]
    assert names == ["step-00000009", "step-00000010", "step-00000010.1", "step-00000010.2"]
    assert [path.name for path in checkpoints(tmp_path)] == names
    assert newest_checkpoint(tmp_path).name == names[-1]


def test_a_checkpoint_is_found_from_a_run_from_its_folder_and_from_itself(tmp_path):
    path = write_checkpoint(tmp_path / "checkpoints", 1, HELD)
    assert newest_checkpoint(tmp_path) == newest_checkpoint(tmp_path / "checkpoints") == path
    assert newest_checkpoint(path) == path


def test_a_folder_without_checkpoints_raises(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(DataNotFoundError, match="holds no checkpoint to go on from"):
        newest_checkpoint(tmp_path)


def test_only_the_newest_are_kept(tmp_path):
    for step in range(5):
        write_checkpoint(tmp_path, step, HELD)
        keep_newest(tmp_path, 2)
    names = ["step-00000003", "step-00000004"]
    assert [path.name for path in checkpoints(tmp_path)] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_full_disk_leaves_the_checkpoints_that_were_there(tmp_path, monkeypatch):
    write_checkpoint(tmp_path, 1, HELD)
    flushed = []

    def full_at_the_second_file(handle):
        flushed.append(handle)
        if len(flushed) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full_at_the_second_file)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path, 2, HELD)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert read_checkpoint(newest_checkpoint(tmp_path)).state["step"] == 3


@pytest.mark.parametrize("name", [MODEL, TENSORS, STATE, FILES])
def test_a_file_cut_off_is_one_clear_error_that_names_it(tmp_path, name):
    path = write_checkpoint(tmp_path, 1, HELD)
    content = (path / name).read_bytes()
    for kept in (0, 1, len(content) // 2, len(content) - 1):
        (path / name).write_bytes(content[:kept])
        with pytest.raises(FileFormatError, match=name.replace(".", r"\.")):
            read_checkpoint(path)


@pytest.mark.parametrize("name", [MODEL, TENSORS, STATE, FILES])
def test_a_file_that_is_missing_is_one_clear_error_that_names_it(tmp_path, name):
    path = write_checkpoint(tmp_path, 1, HELD)
    (path / name).unlink()
    with pytest.raises(FileFormatError, match=name.replace(".", r"\.")):
        read_checkpoint(path)


@pytest.mark.parametrize("name", [MODEL, TENSORS, STATE])
def test_no_flipped_bit_passes(tmp_path, name):
    path = write_checkpoint(tmp_path, 1, HELD)
    content, source = (path / name).read_bytes(), random.Random(0)
    for _ in range(50):
        flipped = bytearray(content)
        flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
        (path / name).write_bytes(flipped)
        with pytest.raises(FileFormatError, match=name.replace(".", r"\.")):
            read_checkpoint(path)


def test_a_flipped_bit_in_the_list_of_files_is_an_error_or_harmless(tmp_path):
    path = write_checkpoint(tmp_path, 1, HELD)
    content, source = (path / FILES).read_bytes(), random.Random(0)
    for _ in range(200):
        flipped = bytearray(content)
        flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
        (path / FILES).write_bytes(flipped)
        try:
            assert read_checkpoint(path).state["step"] == 3
        except FileFormatError as error:
            assert str(path) in str(error)


def test_a_list_that_claims_a_huge_file_allocates_nothing(tmp_path):
    path = write_checkpoint(tmp_path, 1, HELD)
    listed = json.loads((path / FILES).read_text())
    listed["files"][MODEL]["bytes"] = 1 << 60
    (path / FILES).write_text(json.dumps(listed))
    with pytest.raises(
        FileFormatError, match=r"model\.safetensors: expected the 1,152,921,504,606,846,976"
    ):
        read_checkpoint(path)


def test_files_of_two_checkpoints_do_not_mix(tmp_path):
    one = write_checkpoint(tmp_path, 1, HELD)
    two = write_checkpoint(tmp_path, 2, Checkpoint({"net.weight": fathom.zeros(1, 2)}, HELD.state))
    shutil.copy(one / MODEL, two / MODEL)
    with pytest.raises(FileFormatError, match="as many others"):
        read_checkpoint(two)
