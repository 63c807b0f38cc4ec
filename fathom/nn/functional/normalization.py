r"""Normalisation: subtract a mean, divide by a standard deviation, then scale and shift by what is learnt.

Letters: N batch, C channels, G groups, * any further sizes. The functions differ only in the elements over
which mean and variance are taken: of one channel (batch), of one example (layer), of some channels of
one example (group), of one channel of one example (instance).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

import ml_dtypes

from fathom.core import tape
from fathom.core.composite import composite
from fathom.core.errors import ShapeError
from fathom.nn.functional.padding import constant_pad
from fathom.ops.windows import Windows

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    r"""Each channel normalised over the batch, $y_c = \frac{x_c - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}}\, w_c + b_c$.

    input (N, C, *); running_mean, running_var, weight, bias (C). In training, mean and variance are the
    batch's, and the running ones move towards them in place, $r \leftarrow (1 - m)\,r + m\,\mu$ (for the
    variance the unbiased one); else the running ones are used.

    >>> x = fathom.tensor([[1.], [3.]])
    >>> fathom.nn.functional.batch_norm(x, None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if input.ndim < 2:
        raise ShapeError(f"batch_norm: expected an input (N, C, ...), got {tuple(input.shape)}")
    channels = input.shape[1]
    own = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, value in own.items():
        if value is not None and tuple(value.shape) != (channels,):
            raise ShapeError(
                f"batch_norm: got x {tuple(input.shape)} with {channels} channels (dim 1), but {name} has shape"
                f" {tuple(value.shape)}"
            )
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError(
                "batch_norm: expected running_mean and running_var to be defined when training=False"
            )
        return normalised(input, running_mean, running_var, weight, bias, eps)
    axes = (0, *range(2, input.ndim))
    n = prod(input.shape[axis] for axis in axes)
    if n <= 1:
        raise ValueError(
            f"batch_norm: expected more than 1 value per channel when training, got input size {tuple(input.shape)};"
            " use a larger batch, or eval()"
        )
    y, mean, variance = batch_normalised(input, weight, bias, eps)
    with tape.grad_mode(False):
        follow(running_mean, mean, momentum)
        follow(running_var, variance * (n / (n - 1)), momentum)
    return y


@composite
def normalised(
    x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:  # fmt: skip
    """x (N, C, *) normalised by a mean and a variance (C) for each channel."""
    per_channel = (1, -1, *(1 for _ in x.shape[2:]))
    mean, variance = mean.reshape(per_channel), variance.reshape(per_channel)
    scale = affine(1 / (variance + eps).sqrt(), weight, None, per_channel)
    return affine(x * scale - mean * scale, None, bias, per_channel)


@composite
def batch_normalised(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """x (N, C, *) normalised over the batch; and each channel's mean and variance, as values."""
    mean, centred, variance = moments(x, (0, *range(2, x.ndim)))
    scale = affine(1 / (variance + eps).sqrt(), weight, None, tuple(mean.shape))
    y = affine(centred * scale, None, bias, tuple(mean.shape))
    return y, mean.detach().reshape(-1), variance.detach().reshape(-1)


def moments(x: Tensor, axes: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Over the axes, which stay as size 1: x's mean, x minus its mean, and the variance (divided by n)."""
    mean = x.mean(axes, keepdim=True)
    centred = x - mean
    return mean, centred, (centred * centred).mean(axes, keepdim=True)


def standardised(x: Tensor, axes: Sequence[int], eps: float) -> Tensor:
    """x with mean 0 and variance 1 over the axes."""
    _, centred, variance = moments(x, axes)
    return centred * (1 / (variance + eps).sqrt())


def affine(x: Tensor, weight: Tensor | None, bias: Tensor | None, shape: Sequence[int]) -> Tensor:
    """w x + b, with w and b reshaped to `shape`."""
    x = x if weight is None else x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


def follow(running: Tensor | None, value: Tensor, momentum: float) -> None:
    """Move a running statistic towards the value, in place."""
    if running is not None:
        running.copy_(running * (1 - momentum) + value.to(running.dtype) * momentum)


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
    weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Each channel of each example normalised over its positions. input (N, C, *), the others (C).

    With `use_input_stats` the running statistics move towards the mean over the batch of the examples'
    statistics; without, they are used in their place.

    >>> fathom.nn.functional.instance_norm(fathom.tensor([[[1., 3.]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    if input.ndim < 3:
        raise ShapeError(
            f"instance_norm: expected an input (N, C, sizes...), got {tuple(input.shape)}"
        )
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    axes = tuple(range(2, input.ndim))
    n = prod(input.shape[2:])
    if n <= 1:
        raise ValueError(
            f"instance_norm: expected more than 1 spatial element when training, got input size {tuple(input.shape)}"
        )
    channels = input.shape[1]
    per_channel = (1, channels, *(1 for _ in axes))
    mean, centred, variance = moments(input, axes)
    with tape.grad_mode(False):
        follow(running_mean, mean.detach().mean(0).reshape(channels), momentum)
        follow(running_var, variance.detach().mean(0).reshape(channels) * (n / (n - 1)), momentum)
    scale = affine(1 / (variance + eps).sqrt(), weight, None, per_channel)
    return affine(centred * scale, None, bias, per_channel)


@composite
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    r"""Each example normalised over its last dims, $y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, w + b$.

    input (*, *normalized_shape), weight and bias (*normalized_shape).

    >>> fathom.nn.functional.layer_norm(fathom.tensor([[1., 3.]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    axes = last_axes("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    return affine(standardised(input, axes, eps), weight, bias, tuple(normalized_shape))


@composite
def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    r"""Each example divided by its root mean square, $y = x\,w / \sqrt{\tfrac1n \sum_i x_i^2 + \epsilon}$.

    input (*, *normalized_shape), weight (*normalized_shape); eps None is the dtype's machine epsilon.

    >>> fathom.nn.functional.rms_norm(fathom.tensor([1., 7.]), (2,))
    tensor([0.2000, 1.4000])
    """
    axes = last_axes("rms_norm", input, normalized_shape, weight=weight)
    eps = float(ml_dtypes.finfo(input.dtype.numpy).eps) if eps is None else eps
    mean_square = (input * input).mean(axes, keepdim=True)
    return affine(input * (1 / (mean_square + eps).sqrt()), weight, None, tuple(normalized_shape))


def last_axes(name: str, x: Tensor, shape: Sequence[int], **own: Tensor | None) -> tuple[int, ...]:
    """The axes of x that `shape` names, which must be its last sizes."""
    shape = tuple(shape)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise ShapeError(
            f"{name}: normalized_shape is {shape}, so expected an input (..., {', '.join(map(str, shape))}),"
            f" got {tuple(x.shape)}"
        )
    for what, value in own.items():
        if value is not None and tuple(value.shape) != shape:
            raise ShapeError(
                f"{name}: {what} must have normalized_shape {shape}, got {tuple(value.shape)}"
            )
    return tuple(range(x.ndim - len(shape), x.ndim))


@composite
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """The channels of each example normalised group by group. input (N, C, *), weight and bias (C).

    >>> fathom.nn.functional.group_norm(fathom.tensor([[1., 3., 5., 5.]]), 2)
    tensor([[-1.0000,  1.0000,  0.0000,  0.0000]])
    """
    if input.ndim < 2:
        raise ShapeError(f"group_norm: expected an input (N, C, ...), got {tuple(input.shape)}")
    n, channels = input.shape[:2]
    if num_groups < 1 or channels % num_groups:
        raise ShapeError(
            f"group_norm: got x {tuple(input.shape)}: its {channels} channels cannot be split into"
            f" {num_groups} equal groups"
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and tuple(value.shape) != (channels,):
            raise ShapeError(
                f"group_norm: {name} must have one number for each of {channels} channels, got {tuple(value.shape)}"
            )
    grouped = input.reshape((n, num_groups, channels // num_groups, *input.shape[2:]))
    y = standardised(grouped, tuple(range(2, grouped.ndim)), eps)
    return affine(
        y.reshape(input.shape), weight, bias, (1, channels, *(1 for _ in input.shape[2:]))
    )


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    r"""Each element damped by its neighbours in the channels.

    $y_c = x_c\,(k + \frac{\alpha}{n}\sum_{c'} x_{c'}^2)^{-\beta}$. input (N, C, *); the sum
    runs over the n = `size` channels around c (Krizhevsky et al. 2012).

    >>> fathom.nn.functional.local_response_norm(fathom.ones(1, 1, 2), 1, alpha=3.0, beta=0.5)
    tensor([[[0.5000, 0.5000]]])
    """
    if input.ndim < 3:
        raise ShapeError(
            f"local_response_norm: expected an input (N, C, sizes...), got {tuple(input.shape)}"
        )
    squares = (input * input).movedim(1, -1)  # (N, *, C)
    widths = [(0, 0)] * (input.ndim - 1) + [(size // 2, (size - 1) // 2)]
    windows = Windows((size,), (1,), (1,))(constant_pad(squares, widths, 0))  # (N, *, C, size)
    return input / (windows.mean(-1).movedim(-1, 1) * alpha + k) ** beta
