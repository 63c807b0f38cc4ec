"""A case: one public operation on sample inputs, and what must hold for it.

A case is written once for every library that has the names: `case.run(fathom, ...)` and
`case.run(torch, ...)` are the same call. Inputs are drawn from a seed that the case's label gives.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fathom.core.trees import flatten, unflatten

EDGES = (-np.inf, -2.0, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan)
REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")


@dataclass(frozen=True)
class Draw:
    """An array to be drawn: its distribution, its shape, and the bounds of its values."""

    kind: str
    shape: tuple[int, ...]
    low: float = 0.0
    high: float = 1.0

    @property
    def is_variable(self) -> bool:
        """Whether it takes the dtype of the run, and may have a gradient."""
        return self.kind not in ("whole", "truth", "edges")

    def array(self, rng: np.random.Generator, dtype: str) -> np.ndarray:
        """The numbers."""
        if self.kind == "normal":
            numbers = rng.standard_normal(self.shape)
            if np.dtype(dtype).kind == "c":
                numbers = numbers + 1j * rng.standard_normal(self.shape)
        elif self.kind == "uniform":
            numbers = rng.uniform(self.low, self.high, self.shape)
        elif self.kind == "distinct":
            count = int(np.prod(self.shape))
            numbers = (rng.permutation(count).reshape(self.shape) - count / 2) / 4
        elif self.kind == "edges":
            numbers = np.reshape(EDGES, self.shape)
        elif self.kind == "whole":
            return rng.integers(int(self.low), int(self.high), self.shape)
        else:
            return rng.random(self.shape) < 0.5
        return np.asarray(numbers).astype(dtype)


def normal(*shape: int) -> Draw:
    """Standard normal numbers; complex ones where the run is complex."""
    return Draw("normal", shape)


def uniform(low: float, high: float, *shape: int) -> Draw:
    """Numbers from low to high."""
    return Draw("uniform", shape, low, high)


def positive(*shape: int) -> Draw:
    """Numbers from 0.5 to 2."""
    return uniform(0.5, 2.0, *shape)


def distinct(*shape: int) -> Draw:
    """Numbers no two of which are closer than 1/4: for what depends on their order."""
    return Draw("distinct", shape)


def whole(low: int, high: int, *shape: int) -> Draw:
    """int64 numbers from low to high - 1."""
    return Draw("whole", shape, low, high)


def truth(*shape: int) -> Draw:
    """True and False."""
    return Draw("truth", shape)


def edges(*shape: int) -> Draw:
    """What a function may stumble over: infinities, NaN, both zeros, -2, -1 and 1."""
    return Draw("edges", shape or (len(EDGES),))


@dataclass(frozen=True, eq=False)
class Case:
    """One operation on sample inputs.

    name: the same in fathom and in PyTorch, "exp", "linalg.solve", "Tensor.repeat".
    args: Draws, and what else the call takes, nested as the call takes it.
    call: the call itself, f(library, *args), where it is more than the name.
    numpy: the same in NumPy, f(*args) without the options, where NumPy says it shortly.
    orders: how often it is differentiated here: 0, 1 or 2.
    mapped: whether vmap takes it. traced: whether it is known without values what it computes.
    """

    name: str
    args: tuple
    options: dict = field(default_factory=dict)
    call: Callable | None = None
    numpy: Callable | None = None
    orders: int = 2
    mapped: bool = True
    traced: bool = True
    dtypes: tuple[str, ...] = REAL
    note: str = ""

    def run(self, library: Any, *args: Any) -> Any:
        """The case's call, with the names of a library."""
        if self.call is not None:
            return self.call(library, *args, **self.options)
        function = library
        for part in self.name.split("."):
            function = getattr(function, part)
        return function(*args, **self.options)

    @property
    def label(self) -> str:
        """A name that tells the case from the others."""
        leaves, _ = flatten(self.args)
        shapes = [
            "x".join(map(str, x.shape)) or "0d" if isinstance(x, Draw) else str(x) for x in leaves
        ]
        words = [f"{key}={value}" for key, value in self.options.items()]
        notes = [note for note in ("complex" if self.dtypes is COMPLEX else "", self.note) if note]
        label = " ".join([self.name, *shapes, *words, *notes])
        return label.replace("[", "(").replace("]", ")")

    def draws(self, dtype: str, seed: int = 0) -> tuple:
        """The arguments, with arrays in the place of Draws; the same ones each time for each seed."""
        rng = np.random.default_rng([seed, zlib.crc32(self.label.encode())])
        leaves, structure = flatten(self.args)
        values = [x.array(rng, dtype) if isinstance(x, Draw) else x for x in leaves]
        return unflatten(structure, values)

    def variables(self) -> list[int]:
        """Which of the leaves of the arguments may have a gradient."""
        leaves, _ = flatten(self.args)
        return [k for k, x in enumerate(leaves) if isinstance(x, Draw) and x.is_variable]


def case(name: str, *args: Any, **options: Any) -> Case:
    """A case, with the fields of Case and the options of the call side by side.

    Where the call's own option is called as a field is, write the call out.
    """
    fields = ("call", "numpy", "orders", "mapped", "traced", "dtypes", "note")
    chosen = {key: options.pop(key) for key in fields if key in options}
    return Case(name, args, options, **chosen)


def each(names: str, *inputs: Sequence, **options: Any) -> list[Case]:
    """A case for each of the names (in one string) on each of the tuples of arguments."""
    return [case(name, *args, **options) for name in names.split() for args in inputs]
