from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap

import pytest

from fathom.train import files
from fathom.train.files import remove_folder, whole_folder, write_through, write_whole


def no_space(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_replaced_in_one_step(tmp_path):
    write_whole(tmp_path / "deep" / "a.txt", "one")
    write_whole(tmp_path / "deep" / "a.txt", b"two")
    assert (tmp_path / "deep" / "a.txt").read_text() == "two"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    write_whole(tmp_path / "a.txt", "one")
    monkeypatch.setattr(files.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a.txt", "two")
    assert (tmp_path / "a.txt").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_appears_when_all_of_it_is_written(tmp_path):
    with whole_folder(tmp_path / "run") as unfinished:
        write_through(unfinished / "a", b"1")
        assert not (tmp_path / "run").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "a"]


def test_an_error_while_a_folder_is_written_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="on the way"):
        with whole_folder(tmp_path / "run") as unfinished:
            write_through(unfinished / "a", b"1")
            raise RuntimeError("on the way")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        with whole_folder(tmp_path / "run") as unfinished:
            write_through(unfinished / "a", b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(FileExistsError, match="choose another name"):
        with whole_folder(tmp_path / "run"):
            pytest.fail("the block must not run")


KILLED = textwrap.dedent("""
    import os, sys, signal
    from pathlib import Path
    from fathom.train.files import whole_folder, write_through
    with whole_folder(Path(sys.argv[1]) / "run") as unfinished:
        write_through(unfinished / "a", b"1")
        os.kill(os.getpid(), signal.SIGKILL)
""")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_killed_in_the_middle_leaves_nothing_that_is_read_and_the_next_clears_it_away(
    tmp_path,
):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=60)
    assert not (tmp_path / "run").exists()
    assert [path.name for path in tmp_path.iterdir()] == [".run.part"]
    with whole_folder(tmp_path / "other") as unfinished:
        write_through(unfinished / "a", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_removed_folder_is_gone(tmp_path):
    with whole_folder(tmp_path / "run") as unfinished:
        write_through(unfinished / "a", b"1")
    remove_folder(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
