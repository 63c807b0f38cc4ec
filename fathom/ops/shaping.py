"""Other shapes for the same elements: the public functions over `movement`'s primitives."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from fathom.core.errors import ShapeError
from fathom.ops.axes import numpy_names, one_axis, sizes_of, without
from fathom.ops.broadcasting import broadcast_shapes, same_dtype, to_shape
from fathom.ops.movement import Concatenate, Flip, Pad, Permute, Reshape, Slice, StopGradient

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def reshape(input: Tensor, *shape) -> Tensor:
    """The same elements, in row-major order, in another shape; one size may be -1 and is worked out.

    A view where the memory allows, else a copy. Raises ShapeError where the numbers of elements differ.

    >>> fathom.arange(6).reshape(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return Reshape(completed("reshape", input.array.shape, sizes_of(shape)))(input)


def completed(name: str, before: Sequence[int], to: tuple[int, ...]) -> tuple[int, ...]:
    """`to` with its -1 worked out."""
    elements, known = prod(before), prod(to)
    if known == elements and -1 not in to and (not to or min(to) >= 0):
        return to
    if to.count(-1) > 1:
        raise ShapeError(f"{name}: only one size can be -1, got {to}")
    if -1 in to and known < 0 and elements % known == 0:
        return tuple(-(elements // known) if n == -1 else n for n in to)
    raise ShapeError(
        f"{name}: shape {to} is invalid for {tuple(before)}, which has {elements} elements"
    )


def view(input: Tensor, *shape) -> Tensor:
    """`reshape` that never copies: raises where the memory does not allow it. Also view(dtype)."""
    if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)):
        return input.to(shape[0]) if input.dtype is shape[0] else bitcast(input, shape[0])
    y = reshape(input, *shape)
    if y.version is None and y.numel():
        raise RuntimeError(
            f"view: size {sizes_of(shape)} is not compatible with the strides of the input {tuple(input.shape)}"
            " (at least one dim spans two subspaces); use .reshape(...) instead"
        )
    return y


def bitcast(input: Tensor, dtype) -> Tensor:
    return input.new_tensor(input.numpy().view(dtype.numpy))


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The input in the other's shape, without a copy."""
    return view(input, other.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The input in the other's shape."""
    return reshape(input, other.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dims start_dim ... end_dim joined to one."""
    if not input.ndim:
        return reshape(input, 1)
    first, last = (
        one_axis(start_dim, input.ndim, "flatten"),
        one_axis(end_dim, input.ndim, "flatten"),
    )
    if first > last:
        raise RuntimeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    shape = tuple(input.shape)
    return reshape(input, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dim split into several."""
    axis = one_axis(dim, input.ndim, "unflatten")
    to = completed("unflatten", (input.shape[axis],), tuple(sizes))
    return reshape(input, (*input.shape[:axis], *to, *input.shape[axis + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dim."""
    return reshape(input, -1)


def permute(input: Tensor, *dims) -> Tensor:
    """The dims in another order, as a view: y's dim k is x's dim dims[k]."""
    order = tuple(one_axis(d, input.ndim, "permute") for d in sizes_of(dims))
    if len(order) != input.ndim or len(set(order)) != input.ndim:
        raise RuntimeError(
            f"permute: dims {sizes_of(dims)} must name each of the {input.ndim} dims of {tuple(input.shape)} once"
        )
    return Permute(order)(input)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dims exchanged, as a view."""
    a, b = one_axis(dim0, input.ndim, "transpose"), one_axis(dim1, input.ndim, "transpose")
    order = list(range(input.ndim))
    if order:
        order[a], order[b] = order[b], order[a]
    return Permute(tuple(order))(input)


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and scalars stay as they are."""
    if input.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use .mT or transpose"
        )
    return transpose(input, 0, 1) if input.ndim == 2 else input


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dims moved to other places, the others in their order."""
    a = [
        one_axis(d, input.ndim, "movedim")
        for d in ([source] if isinstance(source, int) else source)
    ]
    b = [
        one_axis(d, input.ndim, "movedim")
        for d in ([destination] if isinstance(destination, int) else destination)
    ]
    if len(a) != len(b) or len(set(a)) != len(a) or len(set(b)) != len(b):
        raise RuntimeError(
            f"movedim: source {source} and destination {destination} must be equally many distinct dims"
        )
    rest = iter(d for d in range(input.ndim) if d not in a)
    place = dict(zip(b, a, strict=True))
    return Permute(tuple(place[d] if d in place else next(rest) for d in range(input.ndim)))(input)


@numpy_names
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new dim of size 1 before `dim`."""
    at = one_axis(dim, input.ndim + 1, "unsqueeze")
    shape = tuple(input.array.shape)
    return Reshape((*shape[:at], 1, *shape[at:]))(input)


@numpy_names
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without the dims of size 1 (all of them, or those named; others stay)."""
    shape = tuple(input.shape)
    dims = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    gone = {one_axis(d, input.ndim, "squeeze") for d in dims}
    return Reshape(tuple(n for axis, n in enumerate(shape) if n != 1 or axis not in gone))(input)


def expand(input: Tensor, *sizes) -> Tensor:
    """Dims of size 1 (and new dims in front) repeated without a copy; -1 keeps a size."""
    to = sizes_of(sizes)
    shape = tuple(input.array.shape)
    new = len(to) - len(shape)
    if new < 0:
        raise ShapeError(f"expand: {to} has fewer dims than the tensor {shape}")
    if -1 in to:
        to = tuple(shape[k - new] if n == -1 and k >= new else n for k, n in enumerate(to))
    for n, m in zip(shape, to[new:], strict=True):
        if n not in (1, m):
            raise ShapeError(
                f"expand: the tensor {shape} does not fit into {to}: size {n} is neither 1 nor {m}"
            )
    return to_shape(input, to)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """The input expanded to the other's shape."""
    return expand(input, other.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """The input expanded to `size`."""
    return expand(input, tuple(size))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    shape = broadcast_shapes(*[x.shape for x in tensors], name="broadcast_tensors")
    return tuple(to_shape(x, shape) for x in tensors)


def repeat(input: Tensor, *sizes) -> Tensor:
    """The whole tensor repeated sizes[k] times along dim k (a copy)."""
    times = sizes_of(sizes)
    if len(times) < input.ndim:
        raise RuntimeError(
            f"repeat: number of dimensions of repeat dims {times} can not be smaller than number of"
            f" dimensions of tensor {tuple(input.shape)}"
        )
    shape = (1,) * (len(times) - input.ndim) + tuple(input.shape)
    split = reshape(input, tuple(m for n in shape for m in (1, n)))
    wide = to_shape(split, tuple(m for r, n in zip(times, shape, strict=True) for m in (r, n)))
    return reshape(wide, tuple(r * n for r, n in zip(times, shape, strict=True))).clone()


def tile(input: Tensor, *dims) -> Tensor:
    """`repeat`, with missing leading numbers taken as 1."""
    times = sizes_of(dims)
    return repeat(input, (1,) * (input.ndim - len(times)) + times)


@numpy_names
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after the other along `dim`; all other sizes must be equal.

    >>> fathom.cat([fathom.tensor([1, 2]), fathom.tensor([3])])
    tensor([1, 2, 3])
    """
    if not len(tensors):
        raise ShapeError("cat: expected a non-empty list of tensors")
    xs = [x for x in tensors if x.array.shape != (0,)] or list(tensors[:1])
    first = xs[0]
    if not first.array.shape:
        raise RuntimeError("cat: zero-dimensional tensors cannot be concatenated; use stack")
    axis = one_axis(dim, first.ndim, "cat")
    rest = without(first.array.shape, (axis,))
    for k, x in enumerate(xs):
        shape = x.array.shape
        if shape != first.array.shape and (
            len(shape) != first.ndim or without(shape, (axis,)) != rest
        ):
            raise ShapeError(
                f"cat: sizes must match except in dim {axis}: tensor 0 is {tuple(first.shape)},"
                f" tensor {k} is {tuple(x.shape)}"
            )
    return Concatenate(axis)(*same_dtype("cat", *xs))


@numpy_names
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dim.

    >>> fathom.stack([fathom.tensor([1, 2]), fathom.tensor([3, 4])]).shape
    fathom.Size([2, 2])
    """
    if not len(tensors):
        raise RuntimeError("stack: expected a non-empty list of tensors")
    for k, x in enumerate(tensors):
        if x.array.shape != tensors[0].array.shape:
            raise ShapeError(
                f"stack: tensor 0 is {tuple(tensors[0].shape)}, tensor {k} is {tuple(x.shape)}; all must be equal"
            )
    axis = one_axis(dim, tensors[0].ndim + 1, "stack")
    return Concatenate(axis)(*same_dtype("stack", *[unsqueeze(x, axis) for x in tensors]))


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side: along dim 1, or dim 0 of vectors."""
    xs = [reshape(x, 1) if not x.ndim else x for x in tensors]
    return cat(xs, 0 if xs[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one below the other: along dim 0, vectors as rows."""
    return cat([reshape(x, (1, -1)) if x.ndim < 2 else x for x in tensors], 0)


@numpy_names
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """The elements start ... start + length - 1 along `dim`, as a view."""
    axis = one_axis(dim, input.ndim, "narrow")
    n = input.shape[axis]
    start = start + n if start < 0 else start
    if not 0 <= start <= start + length <= n:
        raise RuntimeError(
            f"narrow: start ({start}) + length ({length}) exceeds dimension size ({n})"
        )
    spans = [(0, size, 1) for size in input.shape]
    spans[axis] = (start, start + length, 1)
    return Slice(tuple(spans))(input)


@numpy_names
def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Views of `split_size` elements each along `dim` (the last may be smaller), or of the sizes given."""
    axis = one_axis(dim, tensor.ndim, "split")
    n = tensor.shape[axis]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step <= 0 and n:
            raise RuntimeError(f"split: split_size must be positive, got {step}")
        sizes = [min(step, n - start) for start in range(0, n, step)] if n else [0]
    else:
        sizes = list(split_size_or_sections)
        if sum(sizes) != n:
            raise RuntimeError(f"split: sizes {sizes} must sum to {n}, the size of dim {axis}")
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    return tuple(
        narrow(tensor, axis, start, size) for start, size in zip(starts, sizes, strict=True)
    )


@numpy_names
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """About `chunks` views of equal size along `dim`; the last may be smaller."""
    if chunks <= 0:
        raise RuntimeError(f"chunk: expects `chunks` to be greater than 0, got {chunks}")
    n = input.shape[one_axis(dim, input.ndim, "chunk")]
    return split(input, max(-(-n // chunks), 1), dim)


@numpy_names
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, which disappears."""
    axis = one_axis(dim, input.ndim, "unbind")
    return (
        tuple(squeeze(piece, axis) for piece in split(input, 1, axis)) if input.shape[axis] else ()
    )


def flip(input: Tensor, *dims) -> Tensor:
    """The elements in reverse order along `dims` (a copy)."""
    return Flip(tuple(one_axis(d, input.ndim, "flip") for d in sizes_of(dims)))(input)


def roll(
    input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """Elements moved on by `shifts` places along `dims`; those that fall off the end come in at the start."""
    if dims is None:
        assert isinstance(shifts, int), "roll without dims takes one shift"
        return reshape(roll(reshape(input, -1), shifts, 0), input.shape)
    pairs = [(shifts, dims)] if isinstance(shifts, int) else list(zip(shifts, dims, strict=True))
    for shift, dim in pairs:
        n = input.shape[dim]
        if n and shift % n:
            input = cat(
                [
                    narrow(input, dim, n - shift % n, shift % n),
                    narrow(input, dim, 0, n - shift % n),
                ],
                dim,
            )
    return input.clone()


def zero_pad(input: Tensor, widths: Sequence[tuple[int, int]]) -> Tensor:
    """Zeros before and after along each dim; negative widths cut away."""
    spans = tuple(
        (max(-a, 0), n - max(-b, 0), 1) for n, (a, b) in zip(input.shape, widths, strict=True)
    )
    if any(start or stop != n for n, (start, stop, _) in zip(input.shape, spans, strict=True)):
        input = Slice(spans)(input)
    grown = tuple((max(a, 0), max(b, 0)) for a, b in widths)
    return Pad(grown)(input) if any(a or b for a, b in grown) else input


def detach(input: Tensor) -> Tensor:
    """The same values, cut off from the graph: no gradient passes. Shares memory."""
    return StopGradient()(input)


def atleast_1d(input: Tensor) -> Tensor:
    """A scalar as a vector of one element."""
    return input if input.ndim else reshape(input, 1)


def atleast_2d(input: Tensor) -> Tensor:
    """A scalar or vector as a matrix of one row."""
    return input if input.ndim > 1 else reshape(input, (1, -1))


swapaxes = swapdims = transpose
concat = concatenate = cat
moveaxis = movedim
