"""What a figure was measured on, and how figures are summed up and kept."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any


def machine() -> dict:
    """The processor, its cores, how busy it is, and the versions of what was measured."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as lines:
            model = next(
                line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
            )
    except (OSError, StopIteration):
        print(f"processor: no model name in /proc/cpuinfo; reported as {model}")
    versions = {name: version(name) for name in ("fathom-dl", "numpy", "torch", "jax")}
    return {
        "processor": model,
        "cores": cores(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: found for name, found in versions.items() if found is not None},
    }


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def version(package: str) -> str | None:
    """The installed version, without importing the package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def spread(times: Sequence[float]) -> dict[str, float]:
    """The median, and the quartiles around it."""
    if len(times) == 1:
        return {"median": times[0], "low": times[0], "high": times[0]}
    low, middle, high = statistics.quantiles(times, n=4, method="inclusive")
    return {"median": middle, "low": low, "high": high}


def keep(result: dict, out: Path) -> None:
    """Write figures as JSON, the whole file or none."""
    text = json.dumps(in_json(result), indent=1, allow_nan=False) + "\n"
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, suffix=".json")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(name, out)


def in_json(x: Any) -> Any:
    """The same figures; null for infinity and for what is no number, which JSON does not have."""
    if isinstance(x, dict):
        return {name: in_json(value) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [in_json(value) for value in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x
