"""Composites: functions made of operations, which eager mode may run as one.

A composite is written in operations, and that is what it means. Where its input is large, and nobody looks at the
operations inside, the compiler runs it as one, forward and backward. Whether it does depends on the function, on
the shapes and dtypes of its arguments and on settings, never on time or on what ran before: a run that is repeated
gives the same bits.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy

P = ParamSpec("P")
R = TypeVar("R")
ndarray = numpy.ndarray

# Elements (of the first argument, or as `size` tells) from which composites are fused. Native code is faster from a
# few thousand on, by microseconds; from here on by enough that a training of minutes makes up for the tenths of a
# second in which a new shape is compiled (python -m benchmarks composites).
LEAST = 1 << 16


class Fusion:
    """The setting `fathom.backends.fusion`: whether large composites run as one operation, in all threads."""

    enabled = True
    fused: Callable[[Callable, tuple, dict], Any] | None = None  # what runs them: the compiler

    def flags(self, enabled: bool) -> flags:
        """The setting for the length of a `with` block.

        >>> with fathom.backends.fusion.flags(enabled=False):
        ...     _ = fathom.softmax(fathom.zeros(512, 512), dim=1)  # operation by operation
        """
        return flags(self, enabled)


class flags:
    """A `with` block in which fusion is enabled, or is not."""

    def __init__(self, setting: Fusion, enabled: bool):
        self.setting, self.enabled = setting, enabled

    def __enter__(self) -> None:
        self.before, self.setting.enabled = self.setting.enabled, self.enabled

    def __exit__(self, *_: object) -> None:
        self.setting.enabled = self.before


fusion = Fusion()


class Varying(dict):
    """Numbers by name, among a composite's arguments, that may be others at each call: its program gets them anew."""


class Way(threading.local):
    """How this thread runs composites."""

    as_written = False


way = Way()


class as_written:
    """Inside a `with` block composites of this thread run operation by operation: for those who watch each."""

    def __enter__(self) -> None:
        self.before, way.as_written = way.as_written, True

    def __exit__(self, *_: object) -> None:
        way.as_written = self.before


def composite(f: Callable[P, R]) -> Callable[P, R]:
    """f, which may run as one operation where its first argument, a tensor, is large.

    f reads tensors that it is given and no others, and draws no random numbers; it may write to those that want no
    gradient. Of its other arguments the program takes the values, so numbers that are others at every call have to be
    in a `Varying`.
    """
    return sized_composite(None)(f)


def sized_composite(size: Callable[P, int] | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`composite` for functions whose work is not told by the first argument: `size` of the arguments tells it."""
    return functools.partial(marked, size)


def marked(size: Callable[P, int] | None, f: Callable[P, R]) -> Callable[P, R]:
    first = next(iter(inspect.signature(f).parameters))

    @functools.wraps(f)
    def either(*args: P.args, **kwargs: P.kwargs) -> R:
        x = args[0] if args else kwargs.get(first)
        array = getattr(x, "array", None)
        if (
            type(array) is ndarray
            and (array.size if size is None else size(*args, **kwargs)) >= LEAST
            and fusion.enabled
            and fusion.fused is not None
            and not way.as_written
        ):
            return fusion.fused(f, args, kwargs)
        return f(*args, **kwargs)

    return either
