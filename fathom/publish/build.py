"""`fathom book build`: pages run, Sphinx writes the website, every page becomes a notebook too.

    OUT/cache/    what runs said      OUT/source/  what Sphinx reads
    OUT/html/     the website and, beside each page, its notebook; it appears whole or not at all

Sphinx runs as a program of its own, on a folder made anew each time, so that two builds of the same pages
are equal to the byte. A warning of it (a reference to nothing, a missing image, a directive that does not
exist, a formula that cannot be read) is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from fathom.publish.cache import remembered
from fathom.publish.errors import BookError
from fathom.publish.execute import EPOCH, LIMIT
from fathom.publish.pages import pages
from fathom.publish.stage import stage
from fathom.train.files import remove_folder, whole_folder

NEEDED = (
    "furo",
    "ipykernel",
    "myst_nb",
    "nbclient",
    "sphinx",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.bibtex",
)
SPHINX_LIMIT = 600.0  # seconds
LAST = 30  # lines of a traceback that are told
CONTROL = re.compile(r"\x1b\[[0-9;]*m")


def build(book: Path, out: Path, limit: int = LIMIT, say: Callable[[str], None] = print) -> Path:
    """Build the book; returns the folder of the website. What was there stays until all went well.

    limit  seconds that a cell may take

    Raises BookError, with page and line, for what fails.
    """
    require()
    book, out = book.resolve(), out.resolve()
    if out == book or book in out.parents:
        raise BookError(f"{out} lies in the book's own folder; build beside it, not into it")
    found = []
    for page in pages(book):
        run, made = remembered(page, out / "cache", limit)
        say(f"{'ran' if made else 'as before'}  {page.name}")
        found.append((page, run))
    stage(book, found, out / "source")
    site = out / "html"
    new = out / "html.new"
    if new.exists():
        remove_folder(new)
    try:
        with whole_folder(new) as unfinished:
            write(book, out / "source", unfinished)
    finally:
        shutil.rmtree(out / "jupyter_execute", ignore_errors=True)  # where MyST-NB puts plots
    if site.exists():
        remove_folder(site)
    os.rename(new, site)
    return site


def require() -> None:
    """Raises BookError where the libraries that make the book are not installed."""
    missing = [name for name in NEEDED if not installed(name)]
    if missing:
        raise BookError(
            f"the book needs {', '.join(missing)}; install fathom with them: pip install 'fathom-dl[book]'"
        )


def installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package above it is not there
        return False


def write(book: Path, source: Path, site: Path) -> None:
    """Run Sphinx. Raises BookError with its warnings, the first of which is usually the cause."""
    with tempfile.TemporaryDirectory(prefix="fathom-book-") as folder:
        warnings = Path(folder) / "warnings"
        command = [
            sys.executable, "-m", "sphinx", "-b", "html", "-q", "-E", "-T", "--fail-on-warning", "--keep-going",
            "-w", str(warnings), "-d", str(Path(folder) / "doctrees"), str(source), str(site),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command,
                env=surroundings(folder),
                capture_output=True,
                text=True,
                timeout=SPHINX_LIMIT,
            )
        except subprocess.TimeoutExpired as error:
            raise BookError(f"Sphinx did not end within {SPHINX_LIMIT:g} seconds") from error
        if done.returncode:
            told = warnings.read_text(encoding="utf-8") if warnings.exists() else ""
            raise BookError(in_the_authors_words(told or done.stderr, book, source))
    (site / ".buildinfo").unlink(missing_ok=True)  # it is for a build that goes on from another
    shutil.rmtree(site / "_sources", ignore_errors=True)


def surroundings(folder: str) -> dict[str, str]:
    """Sphinx's environment; what it leaves behind when it crashes goes into `folder`."""
    fixed = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": EPOCH, "NO_COLOR": "1", "TMPDIR": folder}
    return {**os.environ, **fixed}


def told_in_short(said: str) -> str:
    """Sphinx's warnings; where it or a directive of ours broke down, the end of the way there."""
    text = CONTROL.sub("", said)
    warnings, broke, rest = text.partition("\nVersions\n=====")
    trace = rest.partition("Traceback\n=========")[2].partition("The full traceback")[0]
    lines = [line for line in trace.splitlines() if line.strip()]
    return "\n".join([warnings, *lines[-LAST:]]) if broke else text


def in_the_authors_words(told: str, book: Path, source: Path) -> str:
    """Sphinx's messages with the names of the author's own files."""
    text = re.sub(
        rf"{re.escape(str(source))}/([^\s:]+)\.ipynb",
        lambda m: f"{book}/{m[1]}.md",
        told_in_short(told),
    )
    return "the book does not build:\n" + text.strip()
