"""What a figure was measured on, and how figures are summed up."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence


def machine() -> dict:
    """The processor, its cores, and the versions of what was measured."""
    import numpy

    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as lines:
            model = next(
                line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
            )
    except (OSError, StopIteration):
        print(f"processor: no model name in /proc/cpuinfo; reported as {model}")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
    }


def spread(times: Sequence[float]) -> dict[str, float]:
    """The median, and the quartiles around it."""
    low, middle, high = statistics.quantiles(times, n=4)
    return {"median": middle, "low": low, "high": high}
