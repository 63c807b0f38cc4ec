"""The state of the random numbers, with the names of `torch.random`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fathom.core.random import default_generator, initial_seed, manual_seed

if TYPE_CHECKING:
    from fathom.tensors import Tensor

__all__ = ["fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]


def seed() -> int:
    """Seed the default generator from the operating system; returns the seed."""
    return default_generator.seed()


def get_rng_state() -> Tensor:
    """The state of the default generator.

    >>> state = fathom.get_rng_state()
    >>> a = fathom.rand(3)
    >>> fathom.set_rng_state(state)
    >>> bool((fathom.rand(3) == a).all())
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Go on from a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """After the `with` block the random numbers go on as if it had drawn none."""
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)
