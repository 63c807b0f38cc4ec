"""`fathom doctor`: what this computer has of what fathom can use."""

from __future__ import annotations

import argparse
from typing import Any

from fathom import doctor
from fathom.cli.errors import FAILED, GOOD


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = commands.add_parser(
        "doctor",
        help="what this computer has, and how to get what is missing",
        description="Versions, processor, graphics, data and caches, and the command that installs what is missing.",
        epilog="The exit status is 1 if something is missing or broken that fathom cannot do without.",
    )
    parser.set_defaults(run=examine)


def examine(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    findings = doctor.report()
    doctor.show(findings)
    return GOOD if doctor.healthy(findings) else FAILED
