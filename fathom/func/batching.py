"""`vmap`: a function of one example becomes a function of many, with no loop (Batched)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.core.base import TensorBase, at_level, levels, new, running
from fathom.core.trees import LEAF, flatten, unflatten

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(eq=False)
class Batched:
    """Many values that are treated as one; they stand along axis 0 of `value`."""

    level: int
    value: Tensor
    size: int

    shape = property(lambda self: self.value.array.shape[1:])
    dtype = property(lambda self: self.value.array.dtype)

    def inner(self) -> Tensor:
        """The tensor inside the wrapper."""
        return self.value

    def interpret(self, primitive, inputs: Sequence[Tensor]) -> Tensor:
        """Apply the primitive's batch rule to the values."""
        batched = [at_level(x, self.level) for x in inputs]
        values = [x.array.value if b else x for x, b in zip(inputs, batched, strict=True)]
        return new(Batched(self.level, primitive.batch(self.size, batched, *values), self.size))


@dataclass(frozen=True)
class Map:
    """A running vmap."""

    level: int
    size: int
    randomness: str

    def wrapped(self, value: Tensor) -> Tensor:
        """A tensor of the examples that stand along axis 0 of value."""
        return new(Batched(self.level, value, self.size))


def vmap(
    func: Callable, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error"
) -> Callable:
    """The function that maps `func` over a dim of its arguments (None: the same for all examples).

    `in_dims` is a number or None for all arguments, or a tuple with one for each (nested like the arguments).
    Random numbers inside are "different" for each example, the "same" for all, or (by default) an "error".

    >>> dots = fathom.func.vmap(fathom.dot)
    >>> dots(fathom.ones(2, 3), fathom.ones(2, 3))
    tensor([3., 3.])
    """

    if randomness not in ("error", "different", "same"):
        raise ValueError(
            f"vmap: randomness must be 'error', 'different' or 'same', got {randomness!r}"
        )

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        xs, structure = flatten(args)
        dims = dims_of(
            structure, in_dims if isinstance(in_dims, (tuple, list)) else (in_dims,) * len(args)
        )
        sizes = {
            x.shape[d]
            for x, d in zip(xs, dims, strict=True)
            if d is not None and isinstance(x, TensorBase)
        }
        if len(sizes) != 1:
            found = "no argument is mapped" if not sizes else f"got sizes {sorted(sizes)}"
            raise ValueError(
                f"vmap: all mapped arguments need one and the same batch size, {found}; in_dims={in_dims}"
            )
        size, level = sizes.pop(), next(levels)
        wrapped = [wrap(x, d, size, level) for x, d in zip(xs, dims, strict=True)]
        before = running.maps
        running.maps = (*before, Map(level, size, randomness))
        try:
            result = func(*unflatten(structure, wrapped), **kwargs)
        finally:
            running.maps = before
        ys, out = flatten(result)
        places = dims_of(out, out_dims)
        return unflatten(out, [unwrap(y, d, size, level) for y, d in zip(ys, places, strict=True)])

    return mapped


def dims_of(structure: Any, dims: Any) -> list:
    """One dim for each leaf: a single dim stands for everything below it."""
    if structure is LEAF:
        return [dims]
    if isinstance(dims, int) or dims is None:
        return [dims] * len(leaves_of(structure))
    if isinstance(structure, dict):
        return [d for key, part in structure.items() for d in dims_of(part, dims[key])]
    if len(dims) != len(structure):
        raise ValueError(
            f"vmap: in_dims or out_dims {dims} must have one entry for each of {len(structure)} values"
        )
    return [d for part, entry in zip(structure, dims, strict=True) for d in dims_of(part, entry)]


def leaves_of(structure: Any) -> list:
    if structure is LEAF:
        return [structure]
    parts = structure.values() if isinstance(structure, dict) else structure
    return [leaf for part in parts for leaf in leaves_of(part)]


def wrap(x: Any, dim: int | None, size: int, level: int) -> Any:
    if dim is None or not isinstance(x, TensorBase):
        return x
    return new(Batched(level, x if dim % x.ndim == 0 else x.movedim(dim, 0), size))


def unwrap(y: Any, dim: int | None, size: int, level: int) -> Any:
    if not isinstance(y, TensorBase):
        raise ValueError(f"vmap: the function must return tensors, got {type(y).__name__}")
    if dim is None:
        return y
    value = y.array.value if at_level(y, level) else y.expand((size, *y.shape))
    return value.movedim(0, dim) if dim else value
