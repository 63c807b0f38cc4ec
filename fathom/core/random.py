"""Random numbers that are a function of a counter.

Draw number n of a generator is `mix(key + n * GOLDEN)`: SplitMix64 (Steele, Lea and Flood, "Fast
splittable pseudorandom number generators", OOPSLA 2014, figure 16). No state but two integers, so the
numbers are the same eager and compiled, on CPU and CUDA, and a checkpoint holds them exactly.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from fathom.core.base import new
from fathom.core.device import device as Device

if TYPE_CHECKING:
    from fathom.tensors import Tensor

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
MASK = (1 << 64) - 1


def mix(z: int) -> int:
    """Scramble 64 bits, one to one.

    >>> from fathom.core.random import mix
    >>> hex(mix(0x9E3779B97F4A7C15))
    '0xe220a8397b1dcdaf'
    """
    z = ((z ^ (z >> 30)) * FIRST) & MASK
    z = ((z ^ (z >> 27)) * SECOND) & MASK
    return z ^ (z >> 31)


class Generator:
    """A stream of random numbers: `seed` chooses the stream, `offset` counts the numbers drawn.

    >>> g = fathom.Generator().manual_seed(7)
    >>> a = fathom.rand(3, generator=g)
    >>> bool((fathom.rand(3, generator=g.manual_seed(7)) == a).all())
    True
    """

    recorder: ClassVar[Callable[[Generator, int], Tensor] | None] = None

    def __init__(self, device: str | Device = "cpu"):
        self.device = Device(device)
        self.manual_seed(0)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of `seed` (any 64-bit integer) from its beginning."""
        self._seed = int(seed)
        self.offset = 0
        return self

    def seed(self) -> int:
        """Start a stream with a seed from the operating system; returns the seed."""
        self.manual_seed(secrets.randbits(63))
        return self._seed

    def initial_seed(self) -> int:
        """The seed this stream was started with."""
        return self._seed

    def get_state(self):
        """The state as an int64 tensor [seed, offset]."""
        from fathom.core.base import TensorBase  # the class of results exists only now

        return TensorBase.kind([self._seed, self.offset], dtype="int64")

    def set_state(self, state) -> Generator:
        """Go on from a state that `get_state` gave."""
        self._seed, self.offset = (int(n) for n in state.tolist())
        return self

    def start(self, count: int) -> Tensor:
        """The counter value of the first of the next `count` numbers, as a tensor: () int64. A tracer puts a
        symbol in its place (see `recorder`)."""
        if Generator.recorder is not None:
            return Generator.recorder(self, count)
        return new(np.array(self.take(count), np.uint64).view(np.int64))

    def take(self, count: int) -> int:
        """Use up `count` numbers; returns the counter value of the first."""
        start = (mix(self._seed & MASK) + GOLDEN * (self.offset + 1)) & MASK
        self.offset += count
        return start


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator of all devices; returns it."""
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()
