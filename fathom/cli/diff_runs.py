"""`fathom diff-runs`: where two recorded runs part, and why."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from fathom.cli.errors import GOOD, UsageError
from fathom.data.errors import DataNotFoundError
from fathom.train import diff_runs

DIFFERENT = 1  # as `diff` has it: 0 the same, 1 different, 2 trouble
EPILOG = """\
examples:
  fathom train lenet --data digits --out a --record
  fathom train lenet --data digits --out b --record --lr 0.002
  fathom diff-runs a b

The exit status is 0 where the runs are equal, 1 where they part.
"""


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = commands.add_parser(
        "diff-runs",
        help="where two recorded runs part, and why",
        description="Holds two recorded runs against each other, step by step: the first step and the first tensor"
        " where they part, and what they were made of that can have done it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", metavar="A", type=Path, help="the folder of a run")
    parser.add_argument("b", metavar="B", type=Path, help="the folder of another")
    parser.set_defaults(run=compare)


def compare(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    try:
        found = diff_runs(arguments.a, arguments.b)
    except DataNotFoundError as error:
        raise UsageError(str(error)) from error
    width = shutil.get_terminal_size((100, 24)).columns
    print(found.text(width, color=sys.stdout.isatty()), end="")
    return GOOD if found.equal else DIFFERENT
