"""Worker processes: they answer, stand still between turns, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from benchmarks.turns import CAN_STOP, ROOT, Failed, Turns

pytestmark = pytest.mark.skipif(not CAN_STOP, reason="processes cannot be stopped here")


@pytest.fixture
def worker(tmp_path):
    turns = Turns("fathom-eager", "mlp", 1, tmp_path, tmp_path / "log")
    try:
        yield turns
    finally:
        turns.end()
    assert turns.process.returncode is not None


def state(pid: int) -> str:
    """R running, S asleep, T stopped, as Linux tells it."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def test_a_worker_trains_and_stands_still_between_turns(worker, tmp_path):
    weights, gradients = tmp_path / "weights.npz", tmp_path / "gradients.npz"
    worker.ask("load", 120, start=None)
    facts = worker.ask("describe", 120, weights=str(weights))
    assert facts["parameters"] == 784 * 256 + 256 + 256 * 10 + 10 and weights.exists()
    answer = worker.ask("agree", 120, steps=3, gradients=str(gradients))
    assert len(answer["losses"]) == 3 and answer["seconds"] > 0 and gradients.exists()
    worker.ask("forget_peak", 120)
    for clock in ("wall", "cpu"):
        assert len(worker.ask("turn", 120, seconds=0.01, clock=clock)["ms"]) >= 3
    assert worker.ask("memory", 120)["peak"] > 0
    if os.path.exists("/proc/self/stat"):
        end = time.monotonic() + 10
        while state(worker.process.pid) != "T" and time.monotonic() < end:
            time.sleep(0.01)
        assert state(worker.process.pid) == "T"


def test_what_a_model_raises_is_the_answer(worker):
    with pytest.raises(Failed, match="FileNotFoundError"):
        worker.ask("load", 120, start="no such file.npz")


def test_a_worker_that_dies_is_told_of(worker):
    os.kill(worker.process.pid, signal.SIGKILL)
    with pytest.raises(Failed, match="making the model ended the process"):
        worker.ask("load", 120, start=None)


def test_a_worker_that_takes_too_long_is_told_of(worker):
    with pytest.raises(Failed, match="making the model took longer than 0 s"):
        worker.ask("load", 0.0, start=None)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ends the children of who was killed"
)
def test_a_stopped_worker_ends_when_the_process_that_asks_is_killed(tmp_path):
    code = (
        "import os, pathlib, signal, sys\n"
        "from benchmarks.turns import Turns\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "turns = Turns('fathom-eager', 'mlp', 1, folder, folder / 'log')\n"
        "turns.ask('load', 120, start=None)\n"
        "print(turns.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True, text=True, timeout=120, cwd=ROOT, check=False,
    )  # fmt: skip
    worker, end = int(done.stdout), time.monotonic() + 30
    while os.path.exists(f"/proc/{worker}") and state(worker) != "Z" and time.monotonic() < end:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{worker}") or state(worker) == "Z"
