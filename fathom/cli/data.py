"""`fathom data`: the data sets that fathom knows by name."""

from __future__ import annotations

import argparse
from typing import Any

from fathom.cli.errors import GOOD
from fathom.data.catalogue import IN_ORDER, Entry, Folder, entry
from fathom.data.folders import find
from fathom.data.store import available, get

EPILOG = """\
examples:
  fathom data list
  fathom data get fashion-mnist
  fathom data info california-housing

A data set is looked for in the folders of FATHOM_DATA, then in the user's cache, then downloaded.
"""


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = commands.add_parser(
        "data",
        help="list, fetch and describe data sets",
        description="The data sets that fathom knows by name.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all data sets, and which are on this machine")
    listing.set_defaults(run=show_all)
    for name, run, text in (
        ("get", fetch, "fetch data sets, unless they are here"),
        ("info", describe, "a data set's files, licence and source"),
    ):
        action = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        action.add_argument("names", nargs="+", metavar="NAME")
        action.set_defaults(run=run)


def show_all(arguments: argparse.Namespace) -> int:
    """Runs `fathom data list`."""
    wide = max(len(each.name) for each in IN_ORDER)
    for each in IN_ORDER:
        print(f"{each.name:<{wide}}  {state(each.name, each):<11}  {each.title}")
    return GOOD


def fetch(arguments: argparse.Namespace) -> int:
    """Runs `fathom data get`."""
    for name in arguments.names:
        for path in get(name):
            print(path)
    return GOOD


def describe(arguments: argparse.Namespace) -> int:
    """Runs `fathom data info`."""
    for number, name in enumerate(arguments.names):
        facts = entry(name)
        if number:
            print()
        print(f"{facts.name}: {facts.title}")
        for title, text in (
            ("licence", facts.licence),
            ("cite", facts.citation),
            ("note", facts.how_to_get),
            ("here", state(name, facts)),
        ):
            if text:
                print(f"  {title:<8} {text}")
        for file in facts.files:
            kind = f"{file.count} files {file.pattern}, " if isinstance(file, Folder) else ""
            print(
                f"  {'file':<8} {file.path} ({kind}{file.bytes:,} bytes, sha256 {file.sha256[:16]}...)"
            )
            if place := find(file.path):
                print(f"  {'':<8} in {place}")
    return GOOD


def state(name: str, facts: Entry) -> str:
    """Whether a data set is here, or how it can be had."""
    if available(name):
        return "here"
    return "to download" if facts.downloadable else "not here"
