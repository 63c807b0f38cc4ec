"""The progress bar of downloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fathom.data.download import Progress


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Gives a function to report progress to, which draws one line for each file on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Display
    from rich.progress import TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Display(*columns, console=Console(stderr=True)) as display:
        lines: dict[str, int] = {}

        def report(name: str, have: int, total: int) -> None:
            if name not in lines:
                lines[name] = display.add_task(name)
            display.update(lines[name], completed=have, total=total or None)

        yield report
