"""Activations as modules: each is the function of the same name in nn/functional/activations.py."""

from __future__ import annotations

from typing import Any

from fathom.core.errors import ShapeError
from fathom.nn import functional as F
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.ops import creation
from fathom.tensors import Tensor


def told(**values: Any) -> str:
    """name=value, name=value; what is False or None is left out."""
    return ", ".join(
        f"{name}={value}" for name, value in values.items() if value not in (False, None)
    )


class InPlace(Module):
    """An activation that has nothing to choose but `inplace`."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Whether it writes into its input."""
        return told(inplace=self.inplace)


# ---- piecewise linear ----------------------------------------------------------------------------


class ReLU(InPlace):
    r"""$y = \max(x, 0)$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.relu(input, self.inplace)


class Hardtanh(Module):
    """x between min_val and max_val, the nearer of them outside."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False):
        super().__init__()
        if min_val >= max_val:
            raise AssertionError(
                f"Hardtanh: min_val must be below max_val, got {min_val} and {max_val}"
            )
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """Its bounds."""
        return told(min_val=str(self.min_val), max_val=str(self.max_val), inplace=self.inplace)


class ReLU6(Hardtanh):
    r"""$y = \min(\max(x, 0), 6)$."""

    def __init__(self, inplace: bool = False):
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Whether it writes into its input."""
        return told(inplace=self.inplace)


class LeakyReLU(Module):
    r"""$y = x$ where $x > 0$, else $x$ times `negative_slope`."""

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False):
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """Its slope."""
        return told(negative_slope=str(self.negative_slope), inplace=self.inplace)


class PReLU(Module):
    r"""$y = x$ where $x > 0$, else $w x$, with one learnt slope w, or one for each channel."""

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ):
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(
            creation.full((num_parameters,), float(init), device=device, dtype=dtype)
        )

    def reset_parameters(self) -> None:
        """Set all slopes to `init`."""
        self.weight.data.fill_(self.init)

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> (N, C, *)."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of slopes."""
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """leaky_relu with slopes drawn from [lower, upper) in training, their mean in evaluation."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False):
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The bounds of the slopes."""
        return told(lower=str(self.lower), upper=str(self.upper), inplace=self.inplace)


class Threshold(Module):
    """x where it is above the threshold, else `value`."""

    def __init__(self, threshold: float, value: float, inplace: bool = False):
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """The threshold, and the value below it."""
        return told(threshold=str(self.threshold), value=str(self.value), inplace=self.inplace)


class Shrink(Module):
    """An activation with a parameter lambd."""

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        """Its lambda."""
        return str(self.lambd)


class Hardshrink(Shrink):
    r"""$y = 0$ where $|x| \le \lambda$, else $x$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.hardshrink(input, self.lambd)


class Softshrink(Shrink):
    r"""$y = x - \lambda\,\mathrm{sgn}\,x$ where $|x| > \lambda$, else 0."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.softshrink(input, self.lambd)


class Hardsigmoid(Module):
    r"""$y = \min(\max(x / 6 + 1/2, 0), 1)$."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    r"""$y = x \min(\max(x + 3, 0), 6) / 6$."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.hardswish(input, self.inplace)


# ---- exponential ---------------------------------------------------------------------------------


class Sigmoid(Module):
    r"""$y = 1 / (1 + e^{-x})$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.sigmoid(input)


class LogSigmoid(Module):
    r"""$y = \log\frac{1}{1 + e^{-x}}$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.logsigmoid(input)


class Tanh(Module):
    r"""$y = \tanh x$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.tanh(input)


class Tanhshrink(Module):
    r"""$y = x - \tanh x$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.tanhshrink(input)


class Softsign(Module):
    r"""$y = x / (1 + |x|)$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.softsign(input)


class Softplus(Module):
    r"""$y = \frac1\beta \log(1 + e^{\beta x})$; x itself where $\beta x$ is above the threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Beta and the threshold."""
        return f"beta={self.beta}, threshold={self.threshold}"


class ELU(Module):
    r"""$y = x$ where $x > 0$, else $\alpha (e^x - 1)$."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """Its alpha."""
        return told(alpha=str(self.alpha), inplace=self.inplace)


class CELU(ELU):
    r"""$y = x$ where $x > 0$, else $\alpha (e^{x / \alpha} - 1)$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.celu(input, self.alpha, self.inplace)


class SELU(InPlace):
    """An elu, scaled so that mean 0 and variance 1 go through a network of it (Klambauer et al. 2017)."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.selu(input, self.inplace)


class GELU(Module):
    r"""$y = x\,\Phi(x)$; approximate="tanh" takes a formula without erf."""

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Which formula."""
        return f"approximate={self.approximate!r}"


class SiLU(InPlace):
    r"""$y = x\,\sigma(x)$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.silu(input, self.inplace)


class Mish(InPlace):
    r"""$y = x \tanh(\log(1 + e^x))$."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.mish(input, self.inplace)


class GLU(Module):
    r"""$y = a\,\sigma(b)$ of the two halves of x along `dim`."""

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """x (*, 2 D) -> (*, D)."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """The dim that is halved."""
        return f"dim={self.dim}"


# ---- over a dim ----------------------------------------------------------------------------------


class OverDim(Module):
    """An activation along one dim."""

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """The dim."""
        return f"dim={self.dim}"


class Softmax(OverDim):
    r"""$y_i = e^{x_i} / \sum_j e^{x_j}$ along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.softmax(input, self.dim)


class LogSoftmax(OverDim):
    """The logarithm of softmax along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.log_softmax(input, self.dim)


class Softmin(OverDim):
    """softmax of -x along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """softmax over the channels at each place of an image. x (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, H, W) -> (N, C, H, W)."""
        if input.ndim not in (3, 4):
            raise ShapeError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D {tuple(input.shape)}"
            )
        return F.softmax(input, -3)
