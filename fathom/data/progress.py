"""The progress bar of downloads."""

from __future__ import annotations

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
    with progress.Progress(*columns, console=console.Console(stderr=True)) as display:
        lines: dict[str, progress.TaskID] = {}

        def report(name: str, have: int, total: int) -> None:
            if name not in lines:
                lines[name] = display.add_task(name)
            display.update(lines[name], completed=have, total=total or None)

        yield report
