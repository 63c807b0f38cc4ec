"""`fathom book`: build the book, show it, and read it in a browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fathom.cli.errors import GOOD
from fathom.publish import build, examine, serve
from fathom.publish.execute import LIMIT

EPILOG = """\
examples:
  fathom book build                    the pages of book/ as a website, in build/book/html
  fathom book serve                    the same, shown on this computer and built again as you write
  fathom book test                     every page opened in a browser, wide and narrow, by day and by night

A page is run when its code changed, or a module of fathom that it imports; else its numbers are remembered.
What is needed besides fathom: pip install 'fathom-dl[book]', and for the test chromium.
"""


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = commands.add_parser(
        "book",
        help="build the book, show it, test it",
        description="Runs the pages of a book and makes a website and notebooks of them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for action, run, about in (
        ("build", built, "run the pages and write the website"),
        ("serve", shown, "build, show on this computer, build again when a page changes"),
        ("test", tested, "build, and read every page in a browser"),
    ):
        one = actions.add_parser(action, help=about, description=f"{about[0].upper()}{about[1:]}.")
        one.add_argument(
            "--book", type=Path, default=Path("book"), metavar="DIR", help="the pages (book)"
        )
        one.add_argument(
            "--out", type=Path, default=Path("build/book"), metavar="DIR",
            help="where everything is written (build/book)",
        )  # fmt: skip
        one.add_argument(
            "--limit", type=int, default=LIMIT, metavar="SECONDS", help=f"for a cell ({LIMIT})"
        )
        one.set_defaults(run=run)
        if action == "serve":
            one.add_argument(
                "--port", type=int, default=8000, metavar="N", help="of this computer (8000)"
            )
        if action == "test":
            one.add_argument(
                "--pictures", type=Path, metavar="DIR", help="keep a picture of each page here"
            )


def built(arguments: argparse.Namespace) -> int:
    """Runs `fathom book build`; returns its exit status."""
    site = build(arguments.book, arguments.out, arguments.limit)
    print(site / "index.html")
    return GOOD


def shown(arguments: argparse.Namespace) -> int:
    """Runs `fathom book serve` until Ctrl-C."""
    serve(arguments.book, arguments.out, arguments.port, arguments.limit)
    return GOOD


def tested(arguments: argparse.Namespace) -> int:
    """Runs `fathom book test`; returns its exit status."""
    examine(arguments.book, arguments.out, arguments.limit, arguments.pictures)
    return GOOD
