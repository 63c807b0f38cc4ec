"""Start-up: a fresh process that imports fathom, or PyTorch, by turns."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks.machine import machine, spread

ROUNDS = 15
COMMANDS = {
    "nothing": "pass",
    "numpy": "import numpy",
    "fathom": "import fathom",
    "torch": "import torch",
}


def run(options: argparse.Namespace) -> dict:
    """Time each import in processes of its own; print seconds; return the figures."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, code in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
            times[name].append(time.perf_counter() - start)
    rows = {name: spread(seconds[1:]) for name, seconds in times.items()}
    for name, row in rows.items():
        print(f"{name:10s} {row['median']:.3f} s   {row['low']:.3f} - {row['high']:.3f}")
    return {"machine": machine(), "seconds": rows}
