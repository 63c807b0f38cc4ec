"""Where an operation came from: the user's line, the modules and functions on the way, and its definition.

All of it is read off the call stack at the moment of the operation, so nothing has to be kept by
modules or by the tape when nobody asks.
"""

from __future__ import annotations

import functools
import inspect
import linecache
import textwrap
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from fathom.explain.parts import Place
from fathom.nn import functional
from fathom.nn.module import Module
from fathom.tensors import Tensor

# Parts of fathom that are read as a user's own code: their files stand alone.
FIELDS = ("vision", "text", "gan", "gp", "hpo", "recsys", "rl", "blocks")


@dataclass(frozen=True)
class Call:
    """A module or a public function of fathom on the way to an operation."""

    key: int  # the same for all operations of one call
    kind: str  # "module" or "function"
    name: str
    module: Module | None = None
    code: CodeType | None = None
    line: Place | None = None  # the user's, from where it was called


def calls_above(
    frame: FrameType, stop: FrameType | None
) -> tuple[list[tuple[FrameType, Call]], Place | None]:
    """The calls from the outermost in, each with its frame, and the user's innermost line."""
    frames = []
    at: FrameType | None = frame
    while at is not None and at is not stop:
        frames.append(at)
        at = at.f_back
    found: list[tuple[FrameType, Call]] = []
    line = None
    for at in reversed(frames):
        if at.f_code is Module.__call__.__code__:
            module = at.f_locals["self"]
            found.append((at, Call(id(at), "module", type(module).__name__, module, line=line)))
        elif is_users(at):
            line = line_of(at)
        elif name := public_name(at):
            found.append((at, Call(id(at), "function", name, code=at.f_code, line=line)))
    return found, line


def is_users(frame: FrameType) -> bool:
    """Whether the code is not fathom's machinery."""
    parts = frame.f_globals.get("__name__", "").split(".")
    return parts[0] != "fathom" or (len(parts) > 1 and parts[1] in FIELDS)


def public_name(frame: FrameType) -> str | None:
    """The name of a public function of fathom, where the frame is a call of one."""
    name, parts = frame.f_code.co_name, frame.f_globals.get("__name__", "").split(".")
    if len(parts) < 2 or parts[1] not in ("ops", "nn") or name.startswith("_"):
        return None
    given = frame.f_globals.get(name)
    if given is None or getattr(inspect.unwrap(given), "__code__", None) is not frame.f_code:
        return None
    return name if callable(getattr(functional, name, None)) or hasattr(Tensor, name) else None


def line_of(frame: FrameType) -> Place:
    """The line that a frame is at."""
    file, line = frame.f_code.co_filename, frame.f_lineno
    return Place(shown(file), line, linecache.getline(file, line).strip(), frame.f_code.co_name)


@functools.lru_cache(maxsize=1024)
def definition(thing: Any) -> Place | None:
    """The code of a class, a function or a code object; None where its file is not there to be read."""
    try:
        lines, start = inspect.getsourcelines(thing)
    except (OSError, TypeError):  # typed at a prompt, or written in C
        return None
    file = inspect.getsourcefile(thing) or ""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "co_qualname", "")
    return Place(shown(file), max(start, 1), textwrap.dedent("".join(lines)).rstrip(), name)


def shown(file: str) -> str:
    """A path as a page shows it: from fathom/ on, or the file's name alone; "cell" for a notebook's.

    >>> shown("ipykernel_77/2961426226.py"), shown("yours/net.py")
    ('cell', 'net.py')
    """
    parts = file.replace("\\", "/").split("/")
    if len(parts) > 1 and parts[-2].startswith("ipykernel_"):  # its name is only a hash of the code
        return "cell"
    if "fathom" in parts[:-1]:
        return "/".join(parts[len(parts) - 1 - parts[::-1].index("fathom") :])
    return parts[-1]


def paths_of(module: Module) -> dict[int, str]:
    """The path of each module inside a module, by identity."""
    return {id(below): path for path, below in module.named_modules()}
