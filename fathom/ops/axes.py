"""What users write for dims, turned into axis numbers; and NumPy's spellings of PyTorch's arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}


def numpy_names(f: Callable[P, R]) -> Callable[P, R]:
    """Let f be called with NumPy's `axis` and `keepdims` in place of `dim` and `keepdim`."""

    @functools.wraps(f)
    def renamed(*args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs:
            for theirs, ours in NUMPY_NAMES.items():
                if theirs in kwargs:
                    if ours in kwargs:
                        raise TypeError(f"{f.__name__}() got both {ours!r} and {theirs!r}")
                    kwargs[ours] = kwargs.pop(theirs)
        return f(*args, **kwargs)

    return renamed


def one_axis(dim: int, ndim: int, name: str = "dim") -> int:
    """dim as an axis number: negative dims count from the end. Raises IndexError."""
    span = max(ndim, 1)  # a 0-d tensor may be asked for dim 0
    if not -span <= dim < span:
        raise IndexError(
            f"{name}: Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {dim})"
        )
    return dim % span


def many_axes(dim: int | Sequence[int] | None, ndim: int, name: str = "dim") -> tuple[int, ...]:
    """The axes of a reduction: None and () mean all of them."""
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(ndim))
    dims = (dim,) if isinstance(dim, int) else dim
    axes = tuple(one_axis(d, ndim, name) for d in dims)
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"{name}: dim appears multiple times in {tuple(dims)}")
    return axes if ndim else ()


def kept_shape(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """The shape with the reduced axes kept as size 1."""
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape))


def without(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """The shape with the reduced axes removed."""
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def sizes_of(args: tuple) -> tuple[int, ...]:
    """Sizes given as `f(2, 3)`, `f((2, 3))` or `f([2, 3])`."""
    if len(args) == 1 and not hasattr(args[0], "__index__"):
        args = tuple(args[0])
    for n in args:
        if type(n) is not int:  # a 0-d tensor, or a NumPy integer
            return tuple(int(n) for n in args)
    return args
