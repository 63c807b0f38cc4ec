"""A training that is stopped anywhere and goes on in a new process ends with the same bits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fathom.train.checkpoint import checkpoints

PROGRAM = Path(__file__).with_name("resumable.py")


def run(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def outcome(folder: Path) -> tuple[bytes, list]:
    """The weights' bytes, and the metrics without the times."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("seconds", None)
    return (folder / "model.safetensors").read_bytes(), lines


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return outcome(folder)


# Steps of an epoch are 9: in the first, its last, the first of the second, in the third; -1 and -2
# stop in the validation after the first and the second epoch.
@pytest.mark.parametrize("step", [1, 5, 9, 10, 14, 26, -1, -2])
def test_stopped_at_any_step_it_goes_on_to_the_same_bits(tmp_path, straight, step):
    stopped = run(tmp_path, "--stop-at", step)
    assert stopped.stdout.strip() == str(checkpoints(tmp_path / "checkpoints")[-1]), stopped.stderr
    assert not (tmp_path / "model.safetensors").exists()
    went_on = run(tmp_path, "--resume", tmp_path)
    assert went_on.returncode == 0, went_on.stderr
    assert outcome(tmp_path) == straight


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("written", [9, 12])  # the first and the last file of the third checkpoint
def test_killed_in_the_middle_of_a_checkpoint_it_goes_on_from_the_one_before(
    tmp_path, straight, written
):
    killed = run(tmp_path, "--kill-in", written)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(checkpoints(tmp_path / "checkpoints")) == 2
    assert list((tmp_path / "checkpoints").glob(".*.part"))
    went_on = run(tmp_path, "--resume", tmp_path)
    assert went_on.returncode == 0, went_on.stderr
    assert outcome(tmp_path) == straight
    assert not list((tmp_path / "checkpoints").glob(".*.part"))
