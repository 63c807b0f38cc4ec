"""Normalisation layers. Letters: N batch, C channels (num_features), * further sizes. See functional/normalization.py."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from fathom.core import dtypes
from fathom.core.errors import ShapeError
from fathom.nn import init
from fathom.nn.functional import normalization
from fathom.nn.lazy import LazyModuleMixin
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter, is_lazy
from fathom.ops import creation
from fathom.tensors import Tensor


class _Norm(Module):
    """What batch and instance norms share: weight and bias (C), and the running mean and variance (C)."""

    dims: tuple[int, ...]                        # of an input

    def __init__(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool,
        device: Any, dtype: Any, bias: bool,
    ):  # fmt: skip
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.make_tensors(affine, affine and bias, track_running_stats, device, dtype)
        self.reset_parameters()

    def make_tensors(self, weight: bool, bias: bool, running: bool, device: Any, dtype: Any) -> None:
        """Parameters and buffers, not filled yet."""
        def empty() -> Tensor:
            return creation.empty(self.num_features, device=device, dtype=dtype)

        self.register_parameter("weight", Parameter(empty()) if weight else None)
        self.register_parameter("bias", Parameter(empty()) if bias else None)
        self.register_buffer("running_mean", empty() if running else None)
        self.register_buffer("running_var", empty() if running else None)
        counter = creation.zeros((), dtype=dtypes.int64, device=device) if running else None
        self.register_buffer("num_batches_tracked", counter)

    def reset_running_stats(self) -> None:
        """Running mean 0 and variance 1, of no batch yet."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, and the running statistics anew."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def check_input(self, x: Tensor) -> None:
        """Raises ShapeError where x has another number of dims than the layer is for."""
        if x.ndim not in self.dims:
            wanted = " or ".join(f"{d}-d" for d in self.dims)
            raise ShapeError(f"expected a {wanted} input, got {x.ndim}-d {tuple(x.shape)}")

    def extra_repr(self) -> str:
        """Its arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine},"
            f" bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _LazyNorm(LazyModuleMixin, _Norm):
    """A norm that takes num_features from its first input."""

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def make_tensors(self, weight: bool, bias: bool, running: bool, device: Any, dtype: Any) -> None:
        """Parameters and buffers of sizes that are not known yet."""
        for name, there in (("weight", weight), ("bias", bias)):
            self.register_parameter(name, UninitializedParameter(device=device, dtype=dtype) if there else None)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, UninitializedBuffer(device=device, dtype=dtype) if running else None)
        counter = creation.zeros((), dtype=dtypes.int64, device=device) if running else None
        self.register_buffer("num_batches_tracked", counter)

    def reset_parameters(self) -> None:
        """Fill the tensors, if their sizes are known."""
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take num_features from the input's channels."""
        self.check_input(input)
        self.num_features = input.shape[1]
        if self.has_uninitialized_params():
            for x in (self.weight, self.bias, self.running_mean, self.running_var):
                if is_lazy(x):
                    x.materialize((self.num_features,))
            self.reset_parameters()


# ---- over the batch --------------------------------------------------------------------------------


class _BatchNorm(_Norm):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> the same shape."""
        self.check_input(input)
        momentum: Any = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if momentum is None:                 # the mean over all batches so far
                momentum = 1 / self.num_batches_tracked
        own = self.training or self.running_mean is None
        tracking = not self.training or self.track_running_stats
        return normalization.batch_norm(
            input, self.running_mean if tracking else None, self.running_var if tracking else None, self.weight,
            self.bias, own, momentum, self.eps,
        )  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """Each feature normalised over the batch: see functional.batch_norm. x (N, C) or (N, C, W).

    >>> fathom.nn.BatchNorm1d(1)(fathom.tensor([[1.], [3.]])).detach()
    tensor([[-1.0000],
            [ 1.0000]])
    """

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel normalised over the batch and its pixels (Ioffe and Szegedy 2015). x (N, C, H, W).

    In training mode mean and variance are the batch's, and running means of them are kept for evaluation
    mode; momentum None keeps the plain mean over all batches.

    >>> fathom.nn.BatchNorm2d(6)(fathom.ones(8, 6, 28, 28)).shape
    fathom.Size([8, 6, 28, 28])
    """

    dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Each channel normalised over the batch and its voxels. x (N, C, D, H, W)."""

    dims = (5,)


class SyncBatchNorm(_BatchNorm):
    """A batch norm for x of any number of dims: on one device it has nothing to synchronise."""

    dims = (2, 3, 4, 5)

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, process_group: Any = None, device: Any = None, dtype: Any = None, *,
        bias: bool = True,
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A BatchNorm1d that takes num_features from its first input, and is a plain one from then on."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A BatchNorm2d that takes num_features from its first input, and is a plain one from then on.

    >>> layer = fathom.nn.LazyBatchNorm2d()
    >>> _ = layer(fathom.ones(8, 6, 4, 4))
    >>> layer.num_features
    6
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A BatchNorm3d that takes num_features from its first input, and is a plain one from then on."""

    cls_to_become = BatchNorm3d


# ---- over one channel of one example -----------------------------------------------------------------


class _InstanceNorm(_Norm):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> the same shape."""
        self.check_input(input)
        if input.ndim == self.dims[0]:
            return self.forward(input.unsqueeze(0)).squeeze(0)
        if input.shape[1] != self.num_features:
            said = f"x {tuple(input.shape)} has {input.shape[1]} channels (dim 1), but num_features is {self.num_features}"
            if self.affine:
                raise ShapeError(f"got {said}")
            warnings.warn(f"{said}; with affine=False it has no use", stacklevel=3)
        return normalization.instance_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, self.momentum or 0.0, self.eps,
        )  # fmt: skip


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each example normalised over its positions. x (N, C, W) or (C, W)."""

    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each image normalised over its pixels. x (N, C, H, W) or (C, H, W).

    >>> fathom.nn.InstanceNorm2d(1)(fathom.tensor([[[[1., 3.]]]]))
    tensor([[[[-1.0000,  1.0000]]]])
    """

    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each volume normalised over its voxels. x (N, C, D, H, W) or (C, D, H, W)."""

    dims = (4, 5)


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """An InstanceNorm1d that takes num_features from its first input, and is a plain one from then on."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """An InstanceNorm2d that takes num_features from its first input, and is a plain one from then on."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """An InstanceNorm3d that takes num_features from its first input, and is a plain one from then on."""

    cls_to_become = InstanceNorm3d


# ---- over one example --------------------------------------------------------------------------------


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
            value = Parameter(creation.empty(self.normalized_shape, device=device, dtype=dtype)) if there else None
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
        return normalization.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

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
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


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
            raise ValueError(f"GroupNorm: num_channels {num_channels} must be divisible by num_groups {num_groups}")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, there in (("weight", affine), ("bias", affine and bias)):
            value = Parameter(creation.empty(num_channels, device=device, dtype=dtype)) if there else None
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
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"
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
