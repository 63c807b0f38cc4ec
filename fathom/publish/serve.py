"""`fathom book serve`: the book on this computer, built again whenever a page of it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fathom.publish.build import build
from fathom.publish.errors import BookError
from fathom.publish.execute import LIMIT

PAUSE = 1.0  # seconds between two looks at the files


def serve(
    book: Path,
    out: Path,
    port: int = 8000,
    limit: int = LIMIT,
    say: Callable[[str], None] = print,
    rounds: int | None = None,
) -> None:
    """Build and show the book until Ctrl-C. A page that fails is told, and what was there stays.

    rounds  how often to look for changes; without end if it is None
    """
    site = build(book, out, limit, say)
    seen = state(book)
    with served(site, port) as address:
        say(f"{address}  (Ctrl-C ends it)")
        while rounds is None or rounds > 0:
            time.sleep(PAUSE)
            rounds = None if rounds is None else rounds - 1
            now = state(book)
            if now == seen:
                continue
            seen = now
            try:
                build(book, out, limit, say)
            except BookError as error:
                say(f"fathom: {error}")


def state(book: Path) -> dict[Path, int]:
    """The files of a book, with when they were written."""
    found = {}
    for path in book.rglob("*"):
        try:
            if path.is_file():
                found[path] = path.stat().st_mtime_ns
        except FileNotFoundError:  # an editor took it away meanwhile
            continue
    return found


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[str]:
    """A folder on a port of this computer alone, any free one for 0; gives its address."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is for what the build says."""
