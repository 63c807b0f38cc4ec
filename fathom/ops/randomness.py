"""Random tensors: all of them are made of random bits, and random bits are a function of a counter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import base, dtypes, loop
from fathom.core.base import TensorBase
from fathom.core.primitive import Primitive
from fathom.core.random import FIRST, GOLDEN, SECOND, Generator, default_generator
from fathom.ops.axes import sizes_of
from fathom.ops.complexes import view_as_complex
from fathom.ops.creation import finished

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class RandomBits(Primitive):
    """y_i = the top `bits` bits of mix(start + i GOLDEN), as int64; start () int64 is the counter value."""

    to: tuple[int, ...]
    bits: int
    differentiable = False

    def shape(self, start):
        return self.to

    def eager(self, xp, start):
        u = xp.uint64
        z = xp.arange(prod(self.to), dtype=u) * u(GOLDEN) + start.astype(u)
        z = (z ^ (z >> u(30))) * u(FIRST)
        z = (z ^ (z >> u(27))) * u(SECOND)
        return ((z ^ (z >> u(31))) >> u(64 - self.bits)).astype(xp.int64).reshape(self.to)

    def jvp(self, dxs, y, start):
        return None

    def element(self, i, start):
        def u(value):
            return (
                loop.cast(value, np.dtype(np.uint64))
                if isinstance(value, loop.Expr)
                else loop.Const(value, np.dtype(np.uint64))
            )

        z = u(loop.ravel(i, self.to)) * u(GOLDEN) + u(start[()])
        z = loop.xor(z, loop.shift_right(z, u(30))) * u(FIRST)
        z = loop.xor(z, loop.shift_right(z, u(27))) * u(SECOND)
        return loop.cast(
            loop.shift_right(loop.xor(z, loop.shift_right(z, u(31))), u(64 - self.bits)),
            np.dtype(np.int64),
        )


def random_bits(shape: tuple[int, ...], bits: int, generator: Generator | None) -> Tensor:
    """Whole numbers below 2^bits, drawn from the generator; under vmap, as its `randomness` says."""
    if any(running.randomness == "error" for running in base.running.maps):
        raise RuntimeError(
            "vmap: a random operation was called, but randomness is 'error'; say randomness='different'"
            " (new numbers for each example) or 'same' (the same for all)"
        )
    maps = [running for running in base.running.maps if running.randomness == "different"]
    whole = (*[running.size for running in maps], *shape)
    y = RandomBits(whole, bits)((generator or default_generator).start(prod(whole)))
    for running in maps:
        y = running.wrapped(y)
    return y


def uniform(shape: tuple[int, ...], d: dtypes.dtype, generator: Generator | None) -> Tensor:
    """Uniform on [0, 1): 53 random bits for float64, 24 for float32, fewer for narrower dtypes; of complex numbers both
    parts."""
    if d.is_complex:
        return view_as_complex(uniform((*shape, 2), part_of(d), generator))
    bits = (
        53
        if d is dtypes.float64
        else 24
        if d is dtypes.float32
        else 11
        if d is dtypes.float16
        else 8
    )
    return random_bits(shape, bits, generator).to(d) * 2.0**-bits


def part_of(d: dtypes.dtype) -> dtypes.dtype:
    """The dtype of a complex number's parts."""
    return dtypes.float64 if d is dtypes.complex128 else dtypes.float32


def gaussian(shape: tuple[int, ...], d: dtypes.dtype, generator: Generator | None) -> Tensor:
    r"""Standard normal, $\sqrt{-2 \log(1 - u)} \cos(2 \pi v)$ (Box and Muller 1958). The parts of complex numbers have
    variance 1/2, so that $E |z|^2 = 1$."""
    if d.is_complex:
        return view_as_complex(gaussian((*shape, 2), part_of(d), generator) * math.sqrt(0.5))
    exact = d if d in (dtypes.float32, dtypes.float64) else dtypes.float32
    u, v = uniform(shape, exact, generator), uniform(shape, exact, generator)
    return ((-2 * (1 - u).log()).sqrt() * (2 * math.pi * v).cos()).to(d)


def sampled(draw, size: tuple, generator, dtype, device, requires_grad: bool) -> Tensor:
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    y = draw(sizes_of(size), d, generator)
    y = y if device is None else y.to(device)
    return y.requires_grad_() if requires_grad else y


def rand(
    *size, generator: Generator | None = None, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """Uniform on [0, 1); of a complex dtype, both parts.

    >>> _ = fathom.manual_seed(0)
    >>> fathom.rand(2, 2).shape
    fathom.Size([2, 2])
    """
    return sampled(uniform, size, generator, dtype, device, requires_grad)


def randn(
    *size, generator: Generator | None = None, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """Standard normal: mean 0, standard deviation 1; of a complex dtype, both parts with variance 1/2."""
    return sampled(gaussian, size, generator, dtype, device, requires_grad)


def rand_like(
    input: Tensor,
    *,
    dtype=None,
    device=None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform on [0, 1), in the input's shape and dtype."""
    return rand(
        *input.shape,
        generator=generator,
        dtype=dtype or input.dtype,
        device=device or input.device,
        requires_grad=requires_grad,
    )


def randn_like(
    input: Tensor,
    *,
    dtype=None,
    device=None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal, in the input's shape and dtype."""
    return randn(
        *input.shape,
        generator=generator,
        dtype=dtype or input.dtype,
        device=device or input.device,
        requires_grad=requires_grad,
    )


def randint(
    low: int,
    high=None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype=None,
    device=None,
) -> Tensor:
    """Whole numbers from low to high - 1: randint(high, size) or randint(low, high, size)."""
    if size is None or not isinstance(high, int):
        low, high, size = (
            (0, low, high if size is None else size)
            if not isinstance(high, int)
            else (low, high, size)
        )
    if size is None:
        raise TypeError("randint: give the size as a tuple, as in randint(10, (2, 3))")
    if high <= low:
        raise RuntimeError(f"randint: low must be below high, got {low} and {high}")
    y = random_bits(tuple(size), 63, generator) % (high - low) + low
    return (
        y.to(dtypes.int64 if dtype is None else dtype)
        if device is None
        else y.to(dtypes.int64 if dtype is None else dtype).to(device)
    )


def randperm(n: int, *, generator: Generator | None = None, dtype=None, device=None) -> Tensor:
    """The numbers 0 ... n - 1 in random order."""
    order = np.argsort(random_bits((n,), 63, generator).numpy(), kind="stable")
    return finished(
        order.astype((dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)).numpy),
        device,
        False,
    )


def normal(
    mean=0.0,
    std=1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with the given means and standard deviations (numbers with a size, or tensors)."""
    if size is None:
        size = np.broadcast_shapes(
            *[tuple(x.shape) for x in (mean, std) if isinstance(x, TensorBase)]
        )
    y = mean + std * randn(tuple(size), generator=generator, dtype=dtype, device=device)
    return y.requires_grad_() if requires_grad else y


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that each element (or p) gives, else 0."""
    chance = input.new_full(input.shape, p) if p is not None else input
    return (rand_like(chance.float(), generator=generator) < chance).to(input.dtype)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Positions drawn with probability proportional to the weights along the last dim.

    Without replacement the positions with the largest $\\log w_i + \\mathrm{Gumbel}$ are taken.
    """
    if (
        bool((input < 0).any())
        or not bool(input.isfinite().all())
        or bool((input.sum(-1) <= 0).any())
    ):
        raise RuntimeError("multinomial: probabilities must be finite, >= 0, and not all 0")
    if replacement:
        ends = input.cumsum(-1).double()
        draws = (
            rand(*input.shape[:-1], num_samples, generator=generator, dtype=dtypes.float64)
            * ends[..., -1:]
        )
        return (ends.unsqueeze(-2) <= draws.unsqueeze(-1)).sum(-1)
    if bool(((input > 0).sum(-1) < num_samples).any()):
        raise RuntimeError(
            f"multinomial: cannot draw {num_samples} samples without replacement from fewer non-zero weights"
        )
    gumbel = -(-(1 - rand_like(input.double(), generator=generator)).log()).log()
    return (input.double().log() + gumbel).topk(num_samples, -1).indices
