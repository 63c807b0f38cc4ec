"""fathom: a deep-learning framework to be understood all the way down.

The names, arguments and semantics are PyTorch's: a tutorial runs with `import fathom as torch`.
"""

import importlib
from math import e, inf, nan, pi

from fathom import autograd, backends, cuda, fft, func, linalg, nn, optim, random, special
from fathom.autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from fathom.backends import (
    are_deterministic_algorithms_enabled, get_float32_matmul_precision, set_float32_matmul_precision,
    use_deterministic_algorithms,
)  # fmt: skip
from fathom.compiler.compiled import compile
from fathom.compiler.threads import get_num_threads, set_num_threads
from fathom.core.base import Size
from fathom.core.device import device
from fathom.core.dtypes import (
    bfloat16, bool_, complex64, complex128, dtype, float16, float32, float64, get_default_dtype,
    int8, int16, int32, int64, promote_types, set_default_dtype, uint8,
)  # fmt: skip
from fathom.core.layout import (
    channels_last, channels_last_3d, contiguous_format, layout, memory_format, preserve_format, strided,
)  # fmt: skip
from fathom.core.limits import finfo, iinfo
from fathom.core.random import Generator, default_generator, initial_seed, manual_seed
from fathom.func import vmap
from fathom.nn.functional import (
    adaptive_avg_pool1d, alpha_dropout, avg_pool1d, bilinear, celu, channel_shuffle, conv1d, conv2d, conv3d,
    conv_transpose1d, conv_transpose2d, conv_transpose3d, cosine_similarity, dropout, group_norm, hardshrink,
    layer_norm, max_pool1d, max_pool2d, max_pool3d, pairwise_distance, pixel_shuffle, pixel_unshuffle, prelu,
    relu_, rms_norm, rrelu, selu, threshold,
)  # fmt: skip
from fathom.ops.arithmetic import positive, rsub
from fathom.ops.broadcasting import broadcast_shapes, result_type
from fathom.ops.comparison import (
    allclose, equal, isclose, isfinite, isinf, isnan, masked_fill, relu,
)  # fmt: skip
from fathom.ops.complexes import (
    conj, imag, is_complex, is_floating_point, real, view_as_complex, view_as_real,
)  # fmt: skip
from fathom.ops.counting import (
    bincount, count_nonzero, histogram, one_hot, unique, unique_consecutive,
)  # fmt: skip
from fathom.ops.creation import (
    as_tensor, clone, empty_like, from_dlpack, from_numpy, full_like, ones_like, tensor,
    zeros_like,
)  # fmt: skip
from fathom.ops.eigen import lstsq, matrix_rank
from fathom.ops.eigen import pinv as pinverse
from fathom.ops.eigen import qr_some as qr
from fathom.ops.eigen import svd_some as svd
from fathom.ops.einsum import einsum
from fathom.ops.grids import cartesian_prod, combinations, meshgrid, repeat_interleave
from fathom.ops.linalg import cholesky_inverse, cholesky_solve, logdet, matrix_exp, slogdet
from fathom.ops.linalg import lu_solve_swapped as lu_solve
from fathom.ops.making import (
    asarray, can_cast, empty_strided, is_nonzero, is_same_size, is_signed, is_tensor, numel,
    poisson, binomial, randint_like, range, scalar_tensor, typename,
)  # fmt: skip
from fathom.ops.matrices import (
    adjoint, block_diag, diag_embed, diagflat, diagonal, diagonal_scatter, fliplr, flipud,
    rot90, trace, tril_indices, triu_indices, vander,
)  # fmt: skip
from fathom.ops.norms import cdist, dist, pdist
from fathom.ops.numbers import frexp, isreal
from fathom.ops.products import chain_matmul
from fathom.ops.randomness import rand_like, randn_like
from fathom.ops.running import cumulative_trapezoid, gradient, trapezoid, trapz
from fathom.ops.loops import scan
from fathom.ops.searching import argwhere, unravel_index
from fathom.ops.shaping import (
    atleast_1d, atleast_2d, broadcast_tensors, broadcast_to, chunk, detach, flatten, flip,
    moveaxis, movedim, narrow, permute, ravel, reshape, roll, split, squeeze, swapaxes,
    swapdims, t, tile, transpose, unbind, unflatten, unsqueeze,
)  # fmt: skip
from fathom.ops.sorting import argsort
from fathom.ops.spectrogram import istft, stft
from fathom.ops.splitting import (
    split_with_sizes,
    as_strided,
    atleast_3d,
    dsplit,
    hsplit,
    tensor_split,
    vsplit,
)
from fathom.ops.statistics import msort, aminmax, corrcoef, cov, std_mean, var_mean
from fathom.ops.writing import (
    index_fill, index_put, masked_scatter, put, select, select_scatter, slice_scatter,
)  # fmt: skip
from fathom.ops.tapers import (
    bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window,
)  # fmt: skip
from fathom.outputs import (
    abs, absolute, acos, acosh, add, addbmm, addcdiv, addcmul, addmm, addmv, addr, all, amax,
    amin, angle, any, arange, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh,
    argmax, argmin, asin, asinh, atan, atan2, atanh, baddbmm, bernoulli, bitwise_and,
    bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor, bmm,
    bucketize, cat, ceil, cholesky, clamp, clamp_max, clamp_min, clip, column_stack, complex,
    concat, concatenate, copysign, cos, cosh, cross, cummax, cummin, cumprod, cumsum, deg2rad,
    det, diag, diff, digamma, div, divide, dot, dstack, empty, eq, erf, erfc, erfinv, exp, exp2,
    expm1, eye, fix, float_power, floor, floor_divide, fmax, fmin, fmod, frac, full, gather,
    gcd, ge, ger, greater, greater_equal, gt, heaviside, histc, hstack, hypot, i0, igamma,
    igammac, index_add, index_copy, index_reduce, index_select, inner, inverse, isin, isneginf,
    isposinf, kron, kthvalue, lcm, ldexp, le, lerp, less, less_equal, lgamma, linspace, log,
    log1p, log2, log10, log_softmax, logaddexp, logaddexp2, logcumsumexp, logical_and,
    logical_not, logical_or, logical_xor, logit, logspace, logsumexp, lt, masked_select, matmul,
    matrix_power, max, maximum, mean, median, min, minimum, mm, mode, mul, multinomial,
    multiply, mv, mvlgamma, nan_to_num, nanmean, nanmedian, nanquantile, nansum, ne, neg,
    negative, nextafter, nonzero, norm, normal, not_equal, ones, outer, polar, polygamma, pow,
    prod, quantile, rad2deg, rand, randint, randn, randperm, reciprocal, remainder, renorm,
    round, row_stack, rsqrt, scatter, scatter_add, scatter_reduce, searchsorted, sgn, sigmoid,
    sign, signbit, sin, sinc, sinh, softmax, sort, sqrt, square, stack, std, sub, subtract, sum,
    take, take_along_dim, tan, tanh, tensordot, topk, tril, triu, true_divide, trunc, var, vdot,
    vstack, where, xlogy, zeros,
)  # fmt: skip
from fathom.printing import set_printoptions
from fathom.random import get_rng_state, seed, set_rng_state
from fathom.saving import load, save
from fathom.tensors import Tensor
from fathom.typed import (
    BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, DoubleTensor, FloatTensor, HalfTensor,
    IntTensor, LongTensor, ShortTensor, set_default_tensor_type,
)  # fmt: skip

float, double, half = float32, float64, float16
long, int, short, bool = int64, int32, int16, bool_
cfloat, cdouble = complex64, complex128
newaxis = None

__version__ = "0.1.0"

# What not every program needs is imported when it is first asked for: `fathom.utils.data.DataLoader`.
LATER = ("blocks", "data", "debug", "explain", "testing", "text", "train", "utils", "vision")


def __getattr__(name: str):
    if name in LATER:
        return importlib.import_module(f"fathom.{name}")
    if name == "summary":
        return importlib.import_module("fathom.explain").summary
    if name == "diff_runs":
        return importlib.import_module("fathom.train").diff_runs
    raise AttributeError(f"module 'fathom' has no attribute {name!r}")
