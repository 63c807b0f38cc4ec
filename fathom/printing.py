"""How a tensor prints: as in PyTorch, `tensor([0., 1., 2.])`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.core import dtypes
from fathom.core.base import is_plain
from fathom.core.device import CPU, move

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass
class Options:
    """What `set_printoptions` changes."""

    precision: int = 4
    threshold: int = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


options = Options()
PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=2**62),
}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors print: digits, when and how much is left out, line width, scientific notation."""
    if profile is not None:
        vars(options).update(vars(PROFILES[profile]))
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    vars(options).update({name: value for name, value in given.items() if value is not None})
    options.sci_mode = sci_mode


def text(x: Tensor) -> str:
    """The tensor as `repr` shows it."""
    name = "tensor" if type(x).__name__ == "Tensor" else f"{type(x).__name__} containing:\ntensor"
    if not is_plain(x):
        return f"{type(x.array).__name__}(shape={tuple(x.shape)}, dtype={x.dtype})"
    array = np.asarray(move(x.array, CPU))
    suffix = [] if array.size or x.ndim == 1 else [f"size={tuple(x.shape)}"]
    if x.device != CPU:
        suffix.append(f"device='{x.device}'")
    usual = (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_, dtypes.default_complex())
    if x.dtype not in usual or (not array.size and x.dtype is not dtypes.get_default_dtype()):
        suffix.append(f"dtype={x.dtype}")
    if x.node is not None and x.tracked:
        suffix.append(f"grad_fn=<{x.node.name}Backward>")
    elif x.tracked:
        suffix.append("requires_grad=True")
    first = "tensor("
    body = numbers(array, len(first)) if array.size else "[]"
    out, column = first + body, len((first + body).rsplit("\n", 1)[-1])
    for part in suffix:
        if column + len(part) + 2 > options.linewidth:
            out, column = out + ",\n" + " " * len(first) + part, len(first) + len(part)
        else:
            out, column = out + ", " + part, column + len(part) + 2
    return name[: -len("tensor")] + out + ")"


def numbers(array: np.ndarray, indent: int) -> str:
    """The elements, in brackets, aligned; the middle left out where there are many."""
    summarize = array.size > options.threshold
    shown = edges(array) if summarize else array
    return nested(array, *formatter(shown), indent, summarize)


def edges(array: np.ndarray) -> np.ndarray:
    """The elements that are printed when the middle is left out."""
    n = options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * n:
            array = np.take(array, [*range(n), *range(size - n, size)], axis)
    return array


def formatter(shown: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """How one element prints, chosen for all of them, and how wide: PyTorch's rules of notation."""
    if shown.dtype.kind in "biu":
        width = max(len(str(v)) for v in shown.flat)
        return lambda v: str(v).rjust(width if shown.ndim else 0), width
    if shown.dtype.kind == "c":
        return complex_formatter(shown)
    values = shown.astype(np.float64)
    finite_values = values[np.isfinite(values) & (values != 0)]
    finite = np.abs(finite_values)
    digits = options.precision
    whole = bool(np.all(finite == np.ceil(finite))) if finite.size else True
    small, large = (float(finite.min()), float(finite.max())) if finite.size else (1.0, 1.0)
    if whole:
        scientific = large / small > 1000.0 or large > 1.0e8
    else:
        scientific = large / small > 1000.0 or large > 1.0e8 or small < 1.0e-4
    if options.sci_mode is not None:
        scientific = options.sci_mode
    if scientific:
        spec = f"{{:.{digits}e}}"
    elif whole:
        spec = "{:.0f}."
    else:
        spec = f"{{:.{digits}f}}"

    def one(v) -> str:
        v = float(v)
        return spec.format(v) if math.isfinite(v) else spec.format(v).rstrip(".")

    width = max((len(one(v)) for v in finite_values), default=1)  # zeros, NaN and inf do not count
    return lambda v: one(v).rjust(width if shown.ndim else 0), width


def complex_formatter(shown: np.ndarray) -> tuple[Callable[[Any], str], int]:
    real, width = formatter(shown.real.copy())
    imaginary, more = formatter(shown.imag.copy())

    def one(v: Any) -> str:
        part = imaginary(v.imag).strip()
        return f"{real(v.real)}{'' if part.startswith('-') else '+'}{part}j"

    return one, width + more + 1


def nested(array: np.ndarray, one: Callable, width: int, indent: int, summarize: bool) -> str:
    if array.ndim == 0:
        return one(array[()])
    n = options.edgeitems
    cut = summarize and len(array) > 2 * n
    if array.ndim == 1:
        items = (
            [one(v) for v in array[:n]] + [" ..."] + [one(v) for v in array[-n:]]
            if cut
            else [one(v) for v in array]
        )
        per_line = max(1, (options.linewidth - indent) // (width + 2))
        lines = [", ".join(items[k : k + per_line]) for k in range(0, len(items), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [
        nested(part, one, width, indent + 1, summarize) for part in (array[:n] if cut else array)
    ]
    if cut:
        parts += ["..."] + [nested(part, one, width, indent + 1, summarize) for part in array[-n:]]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
