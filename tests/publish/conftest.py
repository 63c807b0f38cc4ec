"""The tests of the book's tools need the extra `book`; without it they are skipped."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from fathom.publish.build import build
from tests.publish.a_book import write_book


def pytest_collection_modifyitems(items):
    missing = [
        name for name in ("sphinx", "myst_nb", "nbclient", "furo") if find_spec(name) is None
    ]
    for item in items:
        if missing and "tests/publish" in item.path.as_posix():
            item.add_marker(
                pytest.mark.skip(reason="needs the extra: pip install 'fathom-dl[book]'")
            )


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The small book, built once: its folder, and the folder that it was built into."""
    folder = tmp_path_factory.mktemp("book")
    out = folder / "out"
    build(write_book(folder / "book"), out, say=lambda line: None)
    return folder / "book", out
