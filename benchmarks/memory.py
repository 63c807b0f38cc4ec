"""The memory of this process, in MB (10^6 bytes): now, and at its largest."""

from __future__ import annotations

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")  # on Linux


def resident() -> float:
    """What the process holds now; elsewhere than on Linux the largest that it held."""
    return of_status("VmRSS") if STATUS.exists() else peak()


def peak() -> float:
    """The largest that the process held, since `forget_peak` where that is possible; NaN where nobody tells."""
    if STATUS.exists():
        return of_status("VmHWM")
    if sys.platform == "win32":
        return float("nan")
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / 1e6 if sys.platform == "darwin" else largest * 1024 / 1e6


def forget_peak() -> None:
    """Begin to look for the largest anew, where the system can (Linux)."""
    switch = Path("/proc/self/clear_refs")
    if switch.exists():
        switch.write_text("5")


def of_status(name: str) -> float:
    """A line of the kernel's account, such as "VmRSS:  123 kB"."""
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) * 1024 / 1e6
