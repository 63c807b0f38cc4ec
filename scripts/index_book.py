"""Write down which names of fathom the book uses where: python scripts/index_book.py

An explanation says from it where the book uses an operation (fathom/explain/book.json). A test fails
when the pages have changed since.
"""

from __future__ import annotations

import json
from pathlib import Path

from fathom.publish.index import index
from fathom.train.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "fathom" / "explain" / "book.json"


def text(book: Path) -> str:
    """The index of a book as it is written down: a name a line, so that changes can be read."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(places, ensure_ascii=False)}"
        for name, places in index(book).items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Writes the file."""
    write_whole(TARGET, text(ROOT / "book"))
    print(TARGET.relative_to(ROOT))


if __name__ == "__main__":
    main()
