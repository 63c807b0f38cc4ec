"""Layers that normalise each channel: over the batch, or within each example (instance norm).

Their formulas are in functional/normalization.py. Letters: N batch, C channels (num_features), * further sizes.
"""

from __future__ import annotations

import warnings
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

    dims: tuple[int, ...]  # of an input

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

    def make_tensors(
        self, weight: bool, bias: bool, running: bool, device: Any, dtype: Any
    ) -> None:
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

    def make_tensors(
        self, weight: bool, bias: bool, running: bool, device: Any, dtype: Any
    ) -> None:
        """Parameters and buffers of sizes that are not known yet."""
        for name, there in (("weight", weight), ("bias", bias)):
            self.register_parameter(
                name, UninitializedParameter(device=device, dtype=dtype) if there else None
            )
        for name in ("running_mean", "running_var"):
            self.register_buffer(
                name, UninitializedBuffer(device=device, dtype=dtype) if running else None
            )
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
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        )

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> the same shape."""
        self.check_input(input)
        momentum: Any = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if momentum is None:  # the mean over all batches so far
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
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )
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
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        )

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *sizes) or (C, *sizes) -> the same shape."""
        self.check_input(input)
        if input.ndim == self.dims[0]:
            return self.forward(input.unsqueeze(0)).squeeze(0)
        if input.shape[1] != self.num_features:
            said = (
                f"x {tuple(input.shape)} has {input.shape[1]} channels (dim 1), but num_features is"
                f" {self.num_features}"
            )
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
