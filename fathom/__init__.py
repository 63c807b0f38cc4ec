"""fathom: a deep-learning framework to be understood all the way down.

The names, arguments and semantics are PyTorch's: a tutorial runs with `import fathom as torch`.
"""

from math import e, inf, nan, pi

from fathom import autograd, func
from fathom.autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from fathom.core.base import Size
from fathom.core.device import device
from fathom.core.dtypes import (
    bfloat16, bool_, complex64, complex128, dtype, float16, float32, float64, get_default_dtype, int8,
    int16, int32, int64, promote_types, set_default_dtype, uint8,
)  # fmt: skip
from fathom.core.random import Generator, default_generator, initial_seed, manual_seed
from fathom.ops.arithmetic import (
    abs, absolute, add, addcdiv, addcmul, ceil, div, divide, floor, floor_divide, fmod, frac,
    lerp, mul, multiply, neg, negative, positive, pow, reciprocal, remainder, round, rsub, sgn,
    sign, square, sub, subtract, true_divide, trunc,
)  # fmt: skip
from fathom.ops.broadcasting import (
    broadcast_shapes, result_type,
)  # fmt: skip
from fathom.ops.comparison import (
    allclose, bitwise_and, bitwise_not, bitwise_or, bitwise_xor, clamp, clamp_max, clamp_min,
    clip, eq, equal, fmax, fmin, ge, greater, greater_equal, gt, isclose, isfinite, isinf, isnan,
    le, less, less_equal, logical_and, logical_not, logical_or, logical_xor, lt, masked_fill,
    maximum, minimum, nan_to_num, ne, not_equal, relu, where,
)  # fmt: skip
from fathom.ops.complexes import (
    angle, complex, conj, imag, is_complex, is_floating_point, polar, real,
)  # fmt: skip
from fathom.ops.contraction import (
    addmm, bmm, dot, matmul, mm, mv, outer, tensordot,
)  # fmt: skip
from fathom.ops.creation import (
    arange, as_tensor, clone, empty, empty_like, eye, from_dlpack, from_numpy, full, full_like,
    linspace, logspace, ones, ones_like, tensor, zeros, zeros_like,
)  # fmt: skip
from fathom.ops.exponential import (
    acos, acosh, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, asin, asinh, atan,
    atan2, atanh, cos, cosh, deg2rad, exp, exp2, expm1, log, log10, log1p, log2, logaddexp, logit,
    rad2deg, rsqrt, sigmoid, sin, sinh, sqrt, tan, tanh,
)  # fmt: skip
from fathom.ops.indexing import (
    gather, index_add, index_select, masked_select, nonzero, put, scatter, scatter_add, take,
    take_along_dim,
)  # fmt: skip
from fathom.ops.randomness import (
    bernoulli, multinomial, normal, rand, rand_like, randint, randn, randn_like, randperm,
)  # fmt: skip
from fathom.ops.reduction import (
    all, amax, amin, any, argmax, argmin, cumprod, cumsum, logsumexp, max, mean, min, prod, std,
    sum, var,
)  # fmt: skip
from fathom.ops.shaping import (
    atleast_1d, atleast_2d, broadcast_tensors, broadcast_to, cat, chunk, concat, concatenate,
    detach, flatten, flip, hstack, moveaxis, movedim, narrow, permute, ravel, reshape, roll,
    split, squeeze, stack, swapaxes, swapdims, t, tile, transpose, unbind, unflatten, unsqueeze,
    vstack,
)  # fmt: skip
from fathom.ops.sorting import (
    argsort, sort, topk,
)  # fmt: skip
from fathom.printing import set_printoptions
from fathom.tensors import Tensor

float, double, half = float32, float64, float16
long, int, short, bool = int64, int32, int16, bool_
cfloat, cdouble = complex64, complex128

__version__ = "0.1.0"
