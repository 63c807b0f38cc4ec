"""The first epoch: from the start of a fresh process to a LeNet that has seen all of Fashion-MNIST once.

It is what a person waits for: imports, reading, compiling and 235 training steps. Libraries take turns, each compiled
one first with nothing in its cache, then from it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import cores, machine, spread
from benchmarks.peers import PEERS
from benchmarks.steps import at_least
from benchmarks.turns import ROOT
from fathom.data.store import available, path

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TIMEOUT = 1800  # seconds
WAYS = (  # a peer, and whether its cache holds what it compiled before
    ("fathom", False),
    ("fathom", True),
    ("fathom-eager", False),
    ("torch", False),
    ("torch-compile", False),
    ("torch-compile", True),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rounds", type=at_least(1), default=5, help="turns of each (default: %(default)s)"
    )
    parser.add_argument(
        "--threads", type=at_least(1), default=cores(), help="of each (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> dict:
    """Time each way in processes of its own; print seconds; return the figures."""
    if not available("fashion-mnist"):
        raise SystemExit(
            "first: fashion-mnist is not here; FATHOM_DATA names the folder that it lies in, or"
            " `fathom data fetch fashion-mnist` fetches it"
        )
    ways = [(peer, cached) for peer, cached in WAYS if PEERS[peer].installed]
    times: dict[tuple[str, bool], list[float]] = {way: [] for way in ways}
    losses: dict[tuple[str, bool], float] = {}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:  # the caches of this round
            for way in ways:
                taken, answer = epoch(way[0], options.threads, Path(folder))
                times[way].append(taken)
                losses[way] = answer["loss"]
    rows: dict[str, Any] = {}
    print(f"{'':34s} {'seconds':>8s}   {'quartiles':16s} loss of the last 50 steps")
    for (peer, cached), seconds in times.items():
        name = PEERS[peer].title + (", from its cache" if cached else "")
        row = spread(seconds)
        quartiles = f"{row['low']:.2f} - {row['high']:.2f}"
        print(f"{name:34s} {row['median']:8.2f}   {quartiles:16s} {losses[peer, cached]:.3f}")
        rows[f"{peer}{' cached' if cached else ''}"] = {
            "seconds": row,
            "loss": losses[peer, cached],
        }
    return {"machine": machine(), "threads": options.threads, "ways": rows}


def epoch(peer: str, threads: int, folder: Path) -> tuple[float, dict]:
    """The seconds from a process's start to its answer, and the answer."""
    settings = {
        "FATHOM_CACHE": str(folder / "fathom"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads)),
    }
    files = [str(path("fashion-mnist", name)) for name in (IMAGES, LABELS)]
    how = "compiled" if PEERS[peer].compiled else "eager"
    command = [sys.executable, "-m", "benchmarks.epoch", PEERS[peer].package, how, str(threads)]
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | settings,
        timeout=TIMEOUT,
    )
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise RuntimeError(f"the epoch of {PEERS[peer].title} failed:\n{done.stderr[-2000:]}")
    return seconds, json.loads(done.stdout.splitlines()[-1])
