"""The command `fathom`: train, predict, explain, diff-runs, book, data, doctor.

Exit statuses: 0 done, 1 it failed, 2 it was asked for something that it does not do, 130 Ctrl-C.
A user's mistake is told in a line; with FATHOM_DEBUG=1 the traceback follows.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from fathom.cli import book, data, diff_runs, doctor, explain, predict, train
from fathom.cli.errors import FAILED, INTERRUPTED, MISUSED, UsageError
from fathom.cli.run import version
from fathom.data.errors import UnknownDataError
from fathom.train import NonFiniteLossError

EPILOG = """\
examples:
  fathom train lenet             train a convolutional network on real images
  fathom explain softmax         math, code, diagram and numbers of an operation
  fathom data list               the data sets that fathom knows
  fathom COMMAND --help          what a command takes

Set FATHOM_DATA to folders with data of your own, FATHOM_DEBUG=1 to see where an error comes from.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the program's own, without); returns its exit status."""
    parser = make_parser()
    parsed = parser.parse_args(arguments)
    try:
        return parsed.run(parsed)
    except (UsageError, UnknownDataError) as error:
        return told(error, MISUSED)
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor at the end
        return FAILED
    except (OSError, ValueError, NonFiniteLossError) as error:
        return told(error, FAILED)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command and all its parts."""
    parser = argparse.ArgumentParser(
        prog="fathom",
        description="Deep learning, understood all the way down.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fathom {version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (train, predict, explain, diff_runs, book, data, doctor):
        command.add_parser(commands)
    return parser


def told(error: Exception, status: int) -> int:
    """Tells an error in a line, and in full where FATHOM_DEBUG asks for it."""
    if os.environ.get("FATHOM_DEBUG"):
        traceback.print_exception(error)
    print(f"fathom: {error}", file=sys.stderr)
    return status
