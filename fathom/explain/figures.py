"""Numbers for a page: a tensor in full where it is small, else its range and a picture of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom.explain.parts import Figures

FEW = 36  # numbers that a page shows one by one
SIDE = 28  # rows and columns of a tile, at most
TILES = 8  # tiles of a picture, at most
SAMPLED = 1 << 20  # elements that are looked at of a tensor larger than that


def figures(array: Any) -> Figures:
    """What a page shows of an array.

    >>> f = figures(np.arange(4.0))
    >>> f.low, f.mean, f.high, f.values.tolist()
    (0.0, 1.5, 3.0, [0.0, 1.0, 2.0, 3.0])
    """
    array = np.asarray(array)
    found = Figures(tuple(array.shape), array.dtype.name)
    if not array.size or array.dtype.kind not in "fiubV":
        return found
    numbers = array if array.dtype.kind in "fiub" else array.astype(np.float32)
    finite = np.isfinite(numbers) if numbers.dtype.kind == "f" else np.ones(numbers.shape, bool)
    found.odd = int(numbers.size - finite.sum())
    kept = numbers[finite] if found.odd else numbers
    if kept.size:
        found.low, found.high = float(kept.min()), float(kept.max())
        found.mean = float(kept.mean(dtype=np.float64))
    if array.size <= FEW:
        found.values = numbers.copy()
    elif array.ndim:
        found.picture = picture(numbers)
    return found


def picture(x: np.ndarray) -> np.ndarray:
    """x (..., H, W) as tiles (T, h, w), averaged down to the page: the first tiles, at most TILES.

    A vector is one row, or broken into rows where it is long.
    """
    if x.ndim > 2 and x.shape[-2:] == (1, 1):  # one number a channel is a vector
        x = x.reshape(x.shape[:-2])[(0,) * (x.ndim - 3)]
    if x.ndim == 1:
        x = in_rows(x)
    lead = min(int(np.prod(x.shape[:-2])), TILES)
    tiles = x.reshape((-1, *x.shape[-2:]))[:lead] if x.flags.c_contiguous else first_tiles(x, lead)
    return np.stack([shrunk(tile.astype(np.float32)) for tile in tiles])


def first_tiles(x: np.ndarray, count: int) -> list[np.ndarray]:
    """The first tiles of an array that is a view: a reshape would copy it all."""
    lead = x.shape[:-2]
    return [x[np.unravel_index(k, lead)] if lead else x for k in range(count)]


def in_rows(x: np.ndarray) -> np.ndarray:
    """A vector as a rectangle, filled up with NaN."""
    rows = max(1, round((x.size / 3) ** 0.5)) if x.size > SIDE else 1
    columns = -(-x.size // rows)
    full = np.full(rows * columns, np.nan, np.float32)
    full[: x.size] = x
    return full.reshape(rows, columns)


def shrunk(x: np.ndarray) -> np.ndarray:
    """A matrix averaged down to at most SIDE rows and columns."""
    for axis in (0, 1):
        size = x.shape[axis]
        if size > SIDE:
            starts = np.linspace(0, size, SIDE, endpoint=False).astype(int)
            counts = np.diff(np.append(starts, size))
            shape = [-1, 1] if axis == 0 else [1, -1]
            x = np.add.reduceat(x, starts, axis) / counts.reshape(shape)
    return x


def short(value: float, digits: int = 4) -> str:
    """A number as a person writes it: 0.3935, 12, 1.2e-07.

    >>> [short(v) for v in (0.39346934, 12.0, 1.23456e-7, float("-inf"))]
    ['0.3935', '12', '1.235e-07', '-inf']
    """
    if isinstance(value, bool):
        return str(value)
    text = f"{value + 0.0:.{digits}g}"
    if "e+" in text and abs(value) < 1e7:
        text = f"{value:.0f}"
    return text


def sizes(shape: tuple[int, ...]) -> str:
    """A shape in words: 3 × 4; "scalar" for one number."""
    return " × ".join(map(str, shape)) or "scalar"
