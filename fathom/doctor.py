"""What this computer has of what fathom can use, and the command that installs what is missing.

`report` looks and returns findings; `show` prints them. Looking changes nothing, and a part that is
broken becomes a finding, not an error.
"""

from __future__ import annotations

import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.data import folders
from fathom.data.catalogue import ENTRIES, Entry

if TYPE_CHECKING:
    from rich.console import Console

DISTRIBUTION = "fathom-dl"

GOOD, ABSENT, WRONG = "good", "absent", "wrong"
MARKS = {GOOD: ("+", "green"), ABSENT: ("-", "yellow"), WRONG: ("!", "bold red")}

# What LLVM calls the vector units that the speed of a program hangs on, and what people call them.
VECTOR_UNITS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512bf16": "AVX-512 BF16",
    "avx512vnni": "AVX-512 VNNI",
    "amx-tile": "AMX",
    "neon": "NEON",
    "sve": "SVE",
}

# The packages that are imported under another name than they are installed under.
IMPORTED_AS = {"pillow": "PIL", "ml-dtypes": "ml_dtypes"}


@dataclass(frozen=True)
class Finding:
    """One fact about this computer: good, absent (fathom does without), or wrong (it cannot)."""

    section: str
    name: str
    value: str
    state: str = GOOD
    remedy: str = ""  # the command or the deed that changes it, where there is one


@dataclass(frozen=True)
class Requirement:
    """A package that fathom needs, or that one of its extras needs."""

    name: str
    lowest: str  # the oldest version that will do; empty where any will
    extra: str  # empty where fathom itself needs it

    def __str__(self) -> str:
        return f"{self.name}>={self.lowest}" if self.lowest else self.name


def report() -> list[Finding]:
    """All findings, in the order in which they are shown.

    >>> from fathom import doctor
    >>> findings = doctor.report()
    >>> findings[0].section, findings[0].name
    ('fathom', 'fathom')
    """
    needed = requirements(declared())
    return [
        *itself(),
        *packages(needed),
        *extras(needed),
        *processor(),
        *graphics(),
        *data_folders(),
    ]


def show(findings: Iterable[Finding], console: Console | None = None) -> None:
    """Print findings by section: a mark (+ good, - absent, ! wrong), the fact, and the way out."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    findings = list(findings)
    width = max(len(finding.name) for finding in findings)
    section = None
    for finding in findings:
        if finding.section != section:
            section = finding.section
            console.print(Text(section, style="bold"))
        mark, style = MARKS[finding.state]
        line = Text.assemble((f"  {mark} ", style), f"{finding.name:<{width}}  {finding.value}")
        console.print(line, soft_wrap=True)
        if finding.remedy:
            way_out = Text(f"{'':<{width + 6}}{finding.remedy}", style="cyan")
            console.print(way_out, soft_wrap=True)


def healthy(findings: Iterable[Finding]) -> bool:
    """Whether nothing that fathom cannot do without is missing or broken."""
    return all(finding.state != WRONG for finding in findings)


def itself() -> Iterator[Finding]:
    """fathom and Python: their versions and places."""
    here = Path(__file__).resolve().parent
    try:
        yield Finding("fathom", "fathom", f"{metadata.version(DISTRIBUTION)} in {here}")
    except metadata.PackageNotFoundError:
        remedy = f"python -m pip install -e {here.parent}"
        yield Finding("fathom", "fathom", f"run from {here}, not installed", ABSENT, remedy)
    yield Finding("fathom", "Python", f"{platform.python_version()} in {sys.prefix}")
    yield Finding("fathom", "system", platform.platform())


def declared() -> list[str]:
    """The requirements that the installed fathom declares, as `pip` writes them."""
    try:
        return metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []


def requirements(lines: Iterable[str]) -> list[Requirement]:
    """Requirements out of their written form.

    >>> from fathom.doctor import requirements
    >>> requirements(["numpy>=2.0", "onnx>=1.17; extra == 'onnx'"])
    [Requirement(name='numpy', lowest='2.0', extra=''),
     Requirement(name='onnx', lowest='1.17', extra='onnx')]
    """
    found = []
    for line in lines:
        name = re.match(r"[\w.-]+", line)
        lowest = re.search(r"[>=]=\s*([\w.]+)", line.partition(";")[0])
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name:
            version = lowest[1] if lowest else ""
            found.append(Requirement(name[0], version, extra[1] if extra else ""))
    return found


def packages(needed: Iterable[Requirement]) -> Iterator[Finding]:
    """The packages without which fathom does not run: there, new enough, and importable."""
    for requirement in needed:
        if not requirement.extra:
            yield package(requirement)


def package(requirement: Requirement) -> Finding:
    """One package that fathom needs."""
    remedy = f'python -m pip install "{requirement}"'
    name = requirement.name
    try:
        version = metadata.version(name)
        if older(version, requirement.lowest):
            value = f"{version}, older than {requirement.lowest}"
            return Finding("packages", name, value, WRONG, remedy)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a package that warns is not broken
            importlib.import_module(IMPORTED_AS.get(name, name))
    except metadata.PackageNotFoundError:
        return Finding("packages", name, "not installed", WRONG, remedy)
    except Exception as error:  # a package with a broken library raises whatever it likes
        value = f"does not import: {type(error).__name__}: {error}"
        return Finding("packages", name, value, WRONG, f"{remedy} --force-reinstall")
    return Finding("packages", name, version)


def older(version: str, lowest: str) -> bool:
    """Whether a version comes before the lowest that will do, by its numbers.

    >>> from fathom.doctor import older
    >>> older("1.26.4", "2.0"), older("2.10.0", "2.9"), older("2.0", "2.0")
    (True, False, False)
    """
    return numbers(version) < numbers(lowest)


def numbers(version: str) -> list[int]:
    """The leading numbers of a version: [2, 0] of '2.0rc1', trailing zeros left out."""
    found = []
    for part in version.split("."):
        digits = re.match(r"\d+", part)
        if not digits:
            break
        found.append(int(digits[0]))
    while found and not found[-1]:
        found.pop()
    return found


def extras(needed: Iterable[Requirement]) -> Iterator[Finding]:
    """What the optional parts need, one line for each part."""
    by_extra: dict[str, list[Requirement]] = {}
    for requirement in needed:
        if requirement.extra:
            by_extra.setdefault(requirement.extra, []).append(requirement)
    for extra, members in sorted(by_extra.items()):
        missing = [member for member in members if not installed(member)]
        if missing:
            value = f"without {', '.join(member.name for member in missing)}"
            remedy = "python -m pip install " + " ".join(f'"{member}"' for member in missing)
            yield Finding("extras", extra, value, ABSENT, remedy)
        else:
            yield Finding("extras", extra, ", ".join(member.name for member in members))


def installed(requirement: Requirement) -> bool:
    """Whether a package is there and new enough."""
    try:
        return not older(metadata.version(requirement.name), requirement.lowest)
    except metadata.PackageNotFoundError:
        return False


def processor() -> Iterator[Finding]:
    """The processor: its model, the cores we may use, its vector units, and NumPy's BLAS."""
    yield Finding("processor", "model", processor_model())
    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    yield Finding("processor", "cores", f"{usable} of {cores}" if usable < cores else f"{cores}")
    yield vector_units(processor_features())
    yield blas(np.show_config(mode="dicts"))


def processor_model() -> str:
    """The name on the box, as the system tells it."""
    if sys.platform == "linux":
        listing = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        model = re.search(r"^model name\s*:\s*(.+)$", listing, re.MULTILINE)
        if model:
            return model[1]
    if sys.platform == "darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=10).stdout.strip()
    return platform.processor() or platform.machine()


def processor_features() -> Mapping[str, bool]:
    """LLVM's names of what this processor can do; empty where LLVM cannot be loaded."""
    try:
        from llvmlite import binding

        return dict(binding.get_host_cpu_features())
    except (ImportError, OSError, RuntimeError):
        return {}


def vector_units(features: Mapping[str, bool]) -> Finding:
    """The vector units among a processor's features.

    >>> from fathom.doctor import vector_units
    >>> vector_units({"sse2": True, "avx2": True, "avx512f": False}).value
    'AVX2'
    """
    found = [name for feature, name in VECTOR_UNITS.items() if features.get(feature)]
    if found:
        return Finding("processor", "vectors", ", ".join(found))
    return Finding("processor", "vectors", "none that fathom knows of", ABSENT)


def blas(configuration: Mapping[str, Any]) -> Finding:
    """The library of matrix products that NumPy was built with."""
    built = configuration.get("Build Dependencies", {}).get("blas", {})
    if built.get("found"):
        return Finding("processor", "BLAS", f"{built.get('name')} {built.get('version')}")
    remedy = "python -m pip install --force-reinstall numpy"
    return Finding("processor", "BLAS", "none: matrix products are slow", ABSENT, remedy)


def graphics() -> Iterator[Finding]:
    """The CUDA devices, through CuPy."""
    remedy = "python -m pip install cupy-cuda12x"
    try:
        cupy = importlib.import_module("cupy")
        count = cupy.cuda.runtime.getDeviceCount()
        for index in range(count):
            properties = cupy.cuda.runtime.getDeviceProperties(index)
            memory = properties["totalGlobalMem"] / 2**30
            value = f"{properties['name'].decode()}, {memory:.0f} GiB"
            yield Finding("graphics", f"cuda:{index}", value)
    except ImportError:
        if shutil.which("nvidia-smi"):
            yield Finding("graphics", "CUDA", "a driver, but no CuPy", ABSENT, remedy)
        else:
            yield Finding("graphics", "CUDA", "no NVIDIA driver; fathom runs on the CPU", ABSENT)
    except Exception as error:  # CuPy raises errors of its own without a driver
        value = f"CuPy finds no device: {error}"
        yield Finding("graphics", "CUDA", value, ABSENT, "install or update the NVIDIA driver")


def data_folders() -> Iterator[Finding]:
    """The folders where data is looked for, the cache, and the data sets at hand."""
    for folder in folders.search_folders():
        if folder == folders.BUNDLED:
            yield Finding("data", "bundled", described(folder))
        elif folder == folders.download_folder():
            continue  # a part of the cache, which is told of below
        elif folder.is_dir():
            yield Finding("data", "FATHOM_DATA", described(folder))
        else:
            remedy = "name folders that exist in FATHOM_DATA"
            yield Finding("data", "FATHOM_DATA", f"{folder} is not there", WRONG, remedy)
    cache = folders.cache_folder()
    value = described(cache) if cache.is_dir() else f"{cache} (nothing yet)"
    yield Finding("data", "cache", value)
    names = [name for name, entry in ENTRIES.items() if at_hand(entry)]
    remedy = "" if len(names) == len(ENTRIES) else "fathom data get NAME"
    value = f"{len(names)} of {len(ENTRIES)}: {', '.join(names)}"
    yield Finding("data", "data sets", value, GOOD, remedy)


def at_hand(entry: Entry) -> bool:
    """Whether each file of a data set is in one of the folders; it is not read here."""
    return all(folders.find(file.path) for file in entry.files)


def described(folder: Path) -> str:
    """A folder and how much is in it."""
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    files = "1 file" if len(sizes) == 1 else f"{len(sizes)} files"
    return f"{folder} ({files}, {readable(sum(sizes))})"


def readable(size: float) -> str:
    """A number of bytes, in the unit that suits it.

    >>> from fathom.doctor import readable
    >>> readable(0), readable(31_457_280)
    ('0 B', '30.0 MiB')
    """
    if size < 1024:
        return f"{size} B"
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024:
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} TiB"
