"""The progress bar of downloads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fathom.data.download import Progress


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Gives a function to report progress to, which draws one line for each file on stderr."""
    from rich import console, progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    # In a notebook, plain text: rich's display there needs another library, and it takes a notebook for
    # a terminal, because of the FORCE_COLOR that notebooks set.
    terminal = None if sys.stderr.isatty() else False
    plain = console.Console(stderr=True, force_jupyter=False, force_terminal=terminal)
    with progress.Progress(*columns, console=plain) as display:
        lines: dict[str, progress.TaskID] = {}

        def report(name: str, have: int, total: int) -> None:
            if name not in lines:
                lines[name] = display.add_task(name)
            display.update(lines[name], completed=have, total=total or None)

        yield report
