"""Runs a page: every code cell in a fresh kernel, every value after its cell; notes which modules were used.

The kernel runs in a folder of its own, which is removed afterwards. Plots come out as SVG, drawn with the
matplotlibrc of this folder. Nothing depends on the person who builds: no start-up files, no history.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fathom.publish.errors import BookError
from fathom.publish.pages import Page
from fathom.publish.values import Value, values_of

LIMIT = 300  # seconds for a cell
LAST = 20  # lines of what a kernel said before it died
EPOCH = "1577836800"  # the date that files carry: the first of January 2020
QUIET = [
    "--InlineBackend.figure_formats=svg",
    "--HistoryManager.enabled=False",
    "--IPKernelApp.log_level=ERROR",  # not that what stays on this computer is not encrypted
]
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
AT_LINE = re.compile(r"Cell In\s?\[\d+\], line (\d+)")
HEAD = Path(__file__).with_name("matplotlibrc")
USED = """print(__import__("json").dumps(sorted(
    file for name, module in list(__import__("sys").modules.items())
    if name.split(".")[0] == "fathom" and (file := getattr(module, "__file__", None)))))"""


@dataclass
class Run:
    """What a page said: the outputs of each code cell, the texts of its values, the files of fathom it imported."""

    outputs: list[list[dict[str, Any]]] = field(default_factory=list)
    values: list[list[str]] = field(
        default_factory=list
    )  # of each code cell, in the order of `values_of`
    files: list[str] = field(default_factory=list)


def execute(page: Page, limit: int = LIMIT) -> Run:
    """Runs a page's cells in order, each for at most `limit` seconds.

    Raises BookError, with the place, when a cell raises and is not tagged raises-exception, when it takes
    too long, when the kernel dies, or when a value cannot be computed.
    """
    values = values_of(page)
    return asyncio.run(told(page, values, limit)) if page.codes else Run()


async def told(page: Page, values: dict[int, list[Value]], limit: int) -> Run:
    """What the cells and the values of a page say."""
    run = Run()
    async with kernel(page, limit) as client:
        for count, number in enumerate(page.codes, start=1):
            cell = await cell_run(client, page, number, count)
            run.outputs.append([json.loads(json.dumps(output)) for output in cell.outputs])
            run.values.append([await computed(client, page, v) for v in values.get(number, [])])
        run.files = json.loads(await quietly(client, USED))
    return run


@asynccontextmanager
async def kernel(page: Page, limit: int) -> AsyncIterator[Any]:
    """A kernel of its own for a page, with nbclient's client; both end with the block."""
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError
    from nbformat.v4 import new_code_cell, new_notebook

    with tempfile.TemporaryDirectory(prefix="fathom-book-") as folder:
        work, words = Path(folder) / "work", Path(folder) / "words"
        work.mkdir()
        client = NotebookClient(
            new_notebook(cells=[new_code_cell()]),  # nbclient puts into it what runs at the moment
            timeout=limit,
            startup_timeout=60,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(work)}},
            extra_arguments=QUIET,
        )
        with open(words, "w", encoding="utf-8") as said:
            streams = {"stdout": said, "stderr": said}
            async with client.async_setup_kernel(env=surroundings(Path(folder)), **streams):
                try:
                    yield client
                except DeadKernelError as error:
                    last = words.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST:]
                    raise BookError("\n".join([f"{page.file}: the kernel died", *last])) from error


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a kernel: what changes from one run to the next is fixed."""
    fixed = {
        "COLUMNS": "100",
        "IPYTHONDIR": str(folder / "ipython"),
        "MATPLOTLIBRC": str(HEAD),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": EPOCH,
    }
    data = os.environ.get("FATHOM_DATA", "")
    fixed["FATHOM_DATA"] = os.pathsep.join(os.path.abspath(x) for x in data.split(os.pathsep) if x)
    fixed["PYTHONPATH"] = os.pathsep.join(
        os.path.abspath(x) for x in os.environ.get("PYTHONPATH", "").split(os.pathsep) if x
    )
    return {**os.environ, **{name: text for name, text in fixed.items() if text}}


async def cell_run(client: Any, page: Page, number: int, count: int) -> Any:
    """A copy of a code cell with its outputs."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError
    from nbformat.v4 import new_code_cell

    cell = new_code_cell(page.cells[number].source, metadata=dict(page.cells[number].metadata))
    try:
        return await client.async_execute_cell(cell, 0, execution_count=count)
    except CellTimeoutError as error:
        raise BookError(
            f"{page.where(number)}: cell {count} took longer than {client.timeout} seconds"
        ) from error
    except CellExecutionError as error:
        trace = COLOURS.sub("", error.traceback)
        found = AT_LINE.search(trace)
        place = page.where(number, int(found[1]) if found else 1)
        raise BookError(
            f"{place}: cell {count} raised {error.ename}: {error.evalue}\n\n{trace.strip()}"
        ) from error


async def computed(client: Any, page: Page, value: Value) -> str:
    """The text of a value."""
    from nbclient.exceptions import CellExecutionError

    try:
        return json.loads(await quietly(client, f'print(__import__("json").dumps({value.code}))'))
    except CellExecutionError as error:
        raise BookError(
            f"{page.where(value.cell, value.line)}: {{value}}`{value.expression}` raised {error.ename}: "
            f"{error.evalue}"
        ) from error


async def quietly(client: Any, code: str) -> str:
    """What some code prints; it leaves no name, no count and no history behind."""
    from nbformat.v4 import new_code_cell

    cell = await client.async_execute_cell(new_code_cell(code), 0, store_history=False)
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
