"""How parameters start: in-place fillers, drawn so that signals keep their size through the layers.

Each writes into its tensor and returns it. `generator` chooses the stream of random numbers.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from fathom.autograd import no_grad
from fathom.core.random import Generator
from fathom.ops import creation, randomness

if TYPE_CHECKING:
    from fathom.tensors import Tensor


# ---- given values --------------------------------------------------------------------------------


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix: what a square linear layer needs to pass its input on."""
    if tensor.ndim != 2:
        raise ValueError(
            f"eye_: only tensors with 2 dimensions are supported, got {tuple(tensor.shape)}"
        )
    with no_grad():
        return tensor.copy_(creation.eye(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """1 in the middle of the window where output channel = input channel: a convolution that passes its input on.

    tensor (O, I, *window), with O divisible by `groups`.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(
            f"dirac_: only tensors with 3, 4, or 5 dimensions are supported, got {tuple(tensor.shape)}"
        )
    if tensor.shape[0] % groups:
        raise ValueError(
            f"dirac_: dim 0 must be divisible by groups, got {tensor.shape[0]} and {groups}"
        )
    middle = tuple(size // 2 for size in tensor.shape[2:])
    outputs = tensor.shape[0] // groups
    with no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(outputs, tensor.shape[1])):
                tensor[(group * outputs + channel, channel, *middle)] = 1
    return tensor


# ---- drawn values --------------------------------------------------------------------------------


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    r"""Uniform on [a, b), $\mathcal U(a, b)$."""
    with no_grad():
        drawn = randomness.uniform(tuple(tensor.shape), tensor.dtype, generator)
        return tensor.copy_(drawn * (b - a) + a)


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    r"""Normal, $\mathcal N(\text{mean}, \text{std}^2)$."""
    with no_grad():
        drawn = randomness.gaussian(tuple(tensor.shape), tensor.dtype, generator)
        return tensor.copy_(drawn * std + mean)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    r"""Normal, $\mathcal N(\text{mean}, \text{std}^2)$, of which only values in [a, b] are kept.

    A uniform number between the probabilities of a and of b goes through the inverse of the distribution.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            f"trunc_normal_: mean {mean} is more than 2 std from [{a}, {b}]; the distribution may be incorrect",
            stacklevel=2,
        )

    def below(x: float) -> float:  # the standard normal distribution function
        return (1 + math.erf((x - mean) / std / math.sqrt(2))) / 2

    with no_grad():
        low, high = 2 * below(a) - 1, 2 * below(b) - 1
        drawn = (
            randomness.uniform(tuple(tensor.shape), tensor.dtype, generator) * (high - low) + low
        )
        return tensor.copy_((drawn.erfinv() * (std * math.sqrt(2)) + mean).clamp(a, b))


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    r"""Uniform on $\pm\,\text{gain}\sqrt{6 / (n_{in} + n_{out})}$ (Glorot and Bengio 2010)."""
    inputs, outputs = fans("xavier_uniform_", tensor)
    bound = gain * math.sqrt(6 / (inputs + outputs))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    r"""Normal with standard deviation $\text{gain}\sqrt{2 / (n_{in} + n_{out})}$ (Glorot and Bengio 2010)."""
    inputs, outputs = fans("xavier_normal_", tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2 / (inputs + outputs)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    r"""Uniform on $\pm\,\text{gain}\sqrt{3 / n}$ (He et al. 2015); n is fan_in, or fan_out as `mode` says."""
    if 0 in tensor.shape:
        warnings.warn(
            "kaiming_uniform_: initializing zero-element tensors is a no-op", stacklevel=2
        )
        return tensor
    bound = math.sqrt(3) * spread("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    r"""Normal with standard deviation $\text{gain} / \sqrt n$ (He et al. 2015); n as `mode` says."""
    if 0 in tensor.shape:
        warnings.warn("kaiming_normal_: initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    return normal_(tensor, 0.0, spread("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Orthonormal rows (or columns, where there are fewer of them), times gain (Saxe et al. 2013).

    Dims after the first count as one. The matrix is Q of the QR decomposition of a Gaussian one, with the
    signs that make it uniformly distributed.
    """
    if tensor.ndim < 2:
        raise ValueError(
            f"orthogonal_: only tensors with 2 or more dimensions are supported, got {tuple(tensor.shape)}"
        )
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    with no_grad():
        tall = randomness.gaussian(
            (max(rows, columns), min(rows, columns)), tensor.dtype, generator
        )
        q, r = tall.qr()
        q = q * r.diagonal().sign()
        q = q.t() if rows < columns else q
        return tensor.copy_(q.reshape(tensor.shape) * gain)


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Normal with standard deviation `std`, and in each column a share `sparsity` of the elements 0."""
    if tensor.ndim != 2:
        raise ValueError(
            f"sparse_: only tensors with 2 dimensions are supported, got {tuple(tensor.shape)}"
        )
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        normal_(tensor, 0, std, generator)
        for column in range(columns):
            tensor[randomness.randperm(rows, generator=generator)[:zeros], column] = 0
    return tensor


# ---- sizes ---------------------------------------------------------------------------------------


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity's input should be larger, so that its output keeps the size.

    >>> round(fathom.nn.init.calculate_gain("relu"), 4)
    1.4142
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in GAINS:
        names = ", ".join(["leaky_relu", *GAINS])
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}; there are {names}")
    return GAINS[nonlinearity]


LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
)  # fmt: skip
GAINS = {**dict.fromkeys(LINEAR, 1.0), "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def fans(name: str, tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out): how many inputs an output has, and how many outputs an input. tensor (out, in, *window)."""
    if tensor.ndim < 2:
        raise ValueError(
            f"{name}: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions,"
            f" got {tuple(tensor.shape)}"
        )
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def spread(name: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation that He's rule gives."""
    if mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    inputs, outputs = fans(name, tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(
        inputs if mode.lower() == "fan_in" else outputs
    )


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """PyTorch's name for `fans`, which much code uses in spite of its underscore."""
    return fans("fan_in", tensor)
