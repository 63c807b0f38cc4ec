"""Where the book uses an operation: read from book.json, which the book's own pages are indexed into.

{"fathom.softmax": [{"page": "lenet", "title": "LeNet learns to see", "section": "The loss"}], ...}
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from fathom.explain.parts import Use

INDEX = "book.json"


def places_in_the_book(*names: str) -> list[Use]:
    """The pages and sections that use one of the names of an operation, such as "relu" and "nn.functional.relu".

    Each page and section stands there once; none where there is no index.

    >>> places_in_the_book("no.such.name")
    []
    """
    found = index()
    places = [place for name in names for place in found.get(f"fathom.{name}", [])]
    return list(dict.fromkeys(Use(p["page"], p["title"], p.get("section", "")) for p in places))


@functools.cache
def index() -> dict[str, Any]:
    """The whole index; empty where fathom was built without the book."""
    file = resources.files("fathom.explain").joinpath(INDEX)
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
