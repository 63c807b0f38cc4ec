"""The accuracy that `fathom train` reaches with its own settings, beside the goal for each network.

`python -m benchmarks.accuracy` trains in full and exits with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import machine
from fathom.cli import main as fathom_command


@dataclass(frozen=True)
class Goal:
    """A network, its data, and what its result must reach: a number, or another result.

    highest  whether more is better (accuracy) or less (an error)
    """

    network: str
    data: str
    result: str
    bound: float | str
    highest: bool = True


GOALS = (
    Goal("lenet", "digits", "test_accuracy", 0.97),
    Goal("lenet", "fashion-mnist", "test_accuracy", 0.89),
    Goal("mlp", "california-housing", "test_rmse", "test_rmse_linear_regression", highest=False),
)


def run(options: argparse.Namespace) -> dict:
    """Train each network; print the table; return the figures."""
    rows = [reached(goal) for goal in GOALS]
    print()
    for row in rows:
        mark = "reached" if row["reached"] else "MISSED"
        print(
            f"{row['network']:8s} {row['data']:20s} {row['result']} {row['value']:.5g}"
            f"   goal {row['goal']:.5g}   {mark}   {row['seconds']:.0f} s"
        )
    return {"machine": machine(), "runs": rows}


def reached(goal: Goal) -> dict:
    """One training, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = ["train", goal.network, "--data", goal.data, "--out", folder]
        if fathom_command(command) != 0:
            raise RuntimeError(f"fathom {' '.join(command)} failed; its message is above")
        seconds = time.perf_counter() - start
        results = json.loads((Path(folder) / "config.json").read_text())["results"]
    bound = results[goal.bound] if isinstance(goal.bound, str) else goal.bound
    value = results[goal.result]
    return {
        "network": goal.network,
        "data": goal.data,
        "result": goal.result,
        "value": value,
        "goal": bound,
        "reached": value >= bound if goal.highest else value < bound,
        "seconds": round(seconds, 1),
        "results": results,
    }


if __name__ == "__main__":
    figures = run(argparse.Namespace())
    print(json.dumps(figures, indent=1))
    sys.exit(0 if all(row["reached"] for row in figures["runs"]) else 1)
