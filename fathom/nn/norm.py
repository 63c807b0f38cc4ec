"""Layers that normalise each example by itself: layer, RMS, group and local response norm.

Their formulas are in functional/normalization.py. Letters: N batch, C channels, * further sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fathom.nn import init
from fathom.nn.functional import normalization
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.ops import creation
from fathom.tensors import Tensor


class LayerNorm(Module):
    """Each example normalised over its last dims: see functional.layer_norm. x (*, *normalized_shape).

    >>> fathom.nn.LayerNorm(2)(fathom.tensor([[1., 3.]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.normalized_shape = as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, there in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            value = (
                Parameter(creation.empty(self.normalized_shape, device=device, dtype=dtype))
                if there
                else None
            )
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """x (*, *normalized_shape) -> the same shape."""
        return normalization.layer_norm(
            input, self.normalized_shape, self.weight, self.bias, self.eps
        )

    def extra_repr(self) -> str:
        """Its arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine},"
            f" bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Each example divided by its root mean square: see functional.rms_norm. x (*, *normalized_shape).

    >>> fathom.nn.RMSNorm(2)(fathom.tensor([1., 7.])).detach()
    tensor([0.2000, 1.4000])
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.normalized_shape = as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        value = creation.empty(self.normalized_shape, device=device, dtype=dtype)
        self.register_parameter("weight", Parameter(value) if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """x (*, *normalized_shape) -> the same shape."""
        return normalization.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Its arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


def as_shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    return (int(shape),) if hasattr(shape, "__index__") else tuple(shape)


class GroupNorm(Module):
    """The channels of each example normalised group by group: see functional.group_norm. x (N, C, *).

    >>> fathom.nn.GroupNorm(num_groups=3, num_channels=6)(fathom.ones(8, 6, 10, 10)).shape
    fathom.Size([8, 6, 10, 10])
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: num_channels {num_channels} must be divisible by num_groups {num_groups}"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, there in (("weight", affine), ("bias", affine and bias)):
            value = (
                Parameter(creation.empty(num_channels, device=device, dtype=dtype))
                if there
                else None
            )
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> the same shape."""
        return normalization.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Its arguments."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine},"
            f" bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """Each element damped by its neighbours in the channels: see functional.local_response_norm. x (N, C, *).

    >>> fathom.nn.LocalResponseNorm(2)(fathom.ones(8, 6, 10, 10)).shape
    fathom.Size([8, 6, 10, 10])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> the same shape."""
        return normalization.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Its arguments."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
