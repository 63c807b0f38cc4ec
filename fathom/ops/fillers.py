"""Methods that fill a tensor in place with random numbers, each a distribution.

Letters: u uniform on [0, 1), y the numbers written. Like every write they are not differentiated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fathom.core import dtypes, inplace
from fathom.core.base import TensorBase
from fathom.core.random import Generator
from fathom.ops.randomness import gaussian, random_bits, uniform

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def need_floats(name: str, input: Tensor) -> None:
    if input.dtype.kind not in ("float", "complex"):
        raise RuntimeError(f"{name}: expected a floating-point tensor, got {input.dtype}")


def unit(input: Tensor, generator: Generator | None) -> Tensor:
    """Uniform numbers of the input's shape, in float32 or float64."""
    d = dtypes.float64 if input.dtype is dtypes.float64 else dtypes.float32
    return uniform(tuple(input.shape), d, generator)


def written(input: Tensor, values: Tensor) -> Tensor:
    return inplace.assign(input, values.to(input.dtype).to(input.device))


def normal_(
    input: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Fill with normal numbers of the given mean and standard deviation.

    >>> _ = fathom.manual_seed(0)
    >>> x = fathom.empty(1000).normal_(5, 0.1)
    >>> bool((x.mean() - 5).abs() < 0.02)
    True
    """
    need_floats("normal_", input)
    if std < 0:
        raise RuntimeError(f"normal_: expects std >= 0.0, but found std {std}")
    d = dtypes.float64 if input.dtype is dtypes.float64 else dtypes.float32
    return written(input, gaussian(tuple(input.shape), d, generator) * std + mean)


def uniform_(
    input: Tensor,
    from_: float = 0,
    to: float = 1,
    *,
    generator: Generator | None = None,
    **bounds: float,
) -> Tensor:
    """Fill with numbers uniform on [from, to): `x.uniform_(-1, 1)`."""
    low, high = named_bounds("uniform_", from_, to, bounds)
    need_floats("uniform_", input)
    if low > high:
        raise RuntimeError(
            f"uniform_: expects to return a [from, to) range, but found from={low} > to={high}"
        )
    return written(input, unit(input, generator) * (high - low) + low)


def named_bounds(name: str, low: float, high: float | None, bounds: dict) -> tuple:
    """The bounds, where `from` may be given by its name, which Python reserves."""
    low = bounds.pop("from", low)
    if bounds:
        raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(bounds))!r}")
    return low, high


def random_(
    input: Tensor,
    from_: int = 0,
    to: int | None = None,
    *,
    generator: Generator | None = None,
    **bounds: int,
) -> Tensor:
    """Fill with whole numbers from `from` to `to` - 1; by default all that the dtype holds exactly.

    random_(to) counts from 0.
    """
    low, high = named_bounds("random_", from_, to, bounds)
    if high is None and low:
        low, high = 0, low
    if high is None:
        high = largest_whole(input.dtype) + 1
    if low >= high:
        raise RuntimeError(
            f"random_: expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    return written(input, random_bits(tuple(input.shape), 63, generator) % (high - low) + low)


def largest_whole(d: dtypes.dtype) -> int:
    """The largest whole number up to which a dtype holds all whole numbers."""
    if d.kind == "bool":
        return 1
    if d.kind == "int":
        return 2 ** (8 * d.itemsize - d.is_signed) - 1
    digits = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
    return 2 ** digits[d.name]


def bernoulli_(
    input: Tensor, p: float | Tensor = 0.5, *, generator: Generator | None = None
) -> Tensor:
    """Fill with 1 with probability p, else 0."""
    if not isinstance(p, TensorBase) and not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_: expects p to be in [0, 1], but got p={p}")
    return written(input, unit(input, generator) < p)


def exponential_(input: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    r"""Fill with exponential numbers, $y = -\log(1 - u) / \lambda$."""
    need_floats("exponential_", input)
    if lambd <= 0:
        raise RuntimeError(f"exponential_: expects lambd > 0.0, but found lambd={lambd}")
    return written(input, -(-unit(input, generator)).log1p() / lambd)


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    r"""Fill with the number of trials up to the first success, $\lceil \log(1-u) / \log(1-p) \rceil \ge 1$."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_: expects p to be in (0, 1), but got p={p}")
    trials = ((-unit(input, generator)).log1p() / math.log1p(-p)).ceil().clamp(min=1)
    return written(input, trials if input.dtype.kind == "float" else trials.long())


def cauchy_(
    input: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None
) -> Tensor:
    r"""Fill with Cauchy numbers, $y = m + \sigma \tan(\pi (u - \frac12))$."""
    need_floats("cauchy_", input)
    return written(input, median + sigma * ((unit(input, generator) - 0.5) * math.pi).tan())


def log_normal_(
    input: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers whose logarithm is normal."""
    need_floats("log_normal_", input)
    d = dtypes.float64 if input.dtype is dtypes.float64 else dtypes.float32
    return written(input, (gaussian(tuple(input.shape), d, generator) * std + mean).exp())
