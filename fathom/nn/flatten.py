"""Flatten and Unflatten: between the dims of an image and one dim of features."""

from __future__ import annotations

from typing import Any

from fathom.nn.module import Module
from fathom.ops import shaping
from fathom.tensors import Tensor


class Flatten(Module):
    """Dims start_dim to end_dim become one: (N, C, H, W) -> (N, C H W) by default.

    >>> fathom.nn.Flatten()(fathom.ones(2, 1, 4, 4)).shape
    fathom.Size([2, 16])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """x (N, *) -> (N, product of *)."""
        return shaping.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The first and the last dim."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dim becomes several of these sizes, one of which may be -1."""

    def __init__(self, dim: int | str, unflattened_size: Any):
        super().__init__()
        if isinstance(dim, str):
            raise NotImplementedError(
                f"Unflatten: dims have numbers here, not names; got dim={dim!r}"
            )
        if not isinstance(unflattened_size, (tuple, list)) or not all(
            isinstance(n, int) for n in unflattened_size
        ):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found {unflattened_size!r}"
            )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C H W) -> (N, C, H, W)."""
        return shaping.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The dim and its new sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
