"""fathom: a deep-learning framework to be understood all the way down.

The names, arguments and semantics are PyTorch's: a tutorial runs with `import fathom as torch`.
"""

from math import e, inf, nan, pi

from fathom import autograd, cuda, fft, func, linalg, nn, optim, special
from fathom.autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from fathom.core.base import Size
from fathom.core.device import device
from fathom.core.dtypes import (
    bfloat16, bool_, complex64, complex128, dtype, float16, float32, float64, get_default_dtype, int8,
    int16, int32, int64, promote_types, set_default_dtype, uint8,
)  # fmt: skip
from fathom.core.limits import (
    finfo, iinfo,
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
    angle, complex, conj, imag, is_complex, is_floating_point, polar, real, view_as_complex,
    view_as_real,
)  # fmt: skip
from fathom.ops.contraction import (
    addmm, bmm, dot, matmul, mm, mv, outer, tensordot,
)  # fmt: skip
from fathom.ops.counting import (
    bincount, count_nonzero, histc, histogram, one_hot, unique, unique_consecutive,
)  # fmt: skip
from fathom.ops.creation import (
    arange, as_tensor, clone, empty, empty_like, eye, from_dlpack, from_numpy, full, full_like,
    linspace, logspace, ones, ones_like, tensor, zeros, zeros_like,
)  # fmt: skip
from fathom.ops.eigen import lstsq, matrix_rank
from fathom.ops.eigen import norm_of_all as norm
from fathom.ops.eigen import pinv as pinverse
from fathom.ops.eigen import qr_some as qr
from fathom.ops.eigen import svd_some as svd
from fathom.ops.einsum import (
    einsum,
)  # fmt: skip
from fathom.ops.exponential import (
    acos, acosh, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, asin, asinh, atan,
    atan2, atanh, cos, cosh, deg2rad, exp, exp2, expm1, log, log10, log1p, log2, logaddexp, logit,
    rad2deg, rsqrt, sigmoid, sin, sinh, sqrt, tan, tanh,
)  # fmt: skip
from fathom.ops.grids import (
    cartesian_prod, combinations, meshgrid, repeat_interleave,
)  # fmt: skip
from fathom.ops.indexing import (
    gather, index_add, index_select, masked_select, nonzero, scatter, scatter_add, take,
    take_along_dim,
)  # fmt: skip
from fathom.ops.linalg import (
    cholesky_inverse, cholesky_solve, det, logdet, matrix_exp, matrix_power, slogdet,
)  # fmt: skip
from fathom.ops.linalg import cholesky_positional as cholesky
from fathom.ops.linalg import cross_first as cross
from fathom.ops.linalg import inv as inverse
from fathom.ops.making import (
    asarray, can_cast, empty_strided, is_nonzero, is_same_size, is_signed, is_tensor, numel,
    randint_like, range, scalar_tensor, typename,
)  # fmt: skip
from fathom.ops.matrices import (
    block_diag, diag, diag_embed, diagflat, diagonal, diagonal_scatter, fliplr, flipud, kron,
    rot90, trace, tril, tril_indices, triu, triu_indices, vander,
)  # fmt: skip
from fathom.ops.norms import (
    cdist, dist, pdist, renorm,
)  # fmt: skip
from fathom.ops.numbers import (
    bitwise_left_shift, bitwise_right_shift, copysign, fix, float_power, frexp, gcd, heaviside,
    hypot, isneginf, isposinf, isreal, lcm, ldexp, logaddexp2, nextafter, signbit,
)  # fmt: skip
from fathom.ops.products import (
    addbmm, addmv, addr, baddbmm, chain_matmul, ger, inner, vdot,
)  # fmt: skip
from fathom.ops.randomness import (
    bernoulli, multinomial, normal, rand, rand_like, randint, randn, randn_like, randperm,
)  # fmt: skip
from fathom.ops.reduction import (
    all, amax, amin, any, argmax, argmin, cumprod, cumsum, logsumexp, max, mean, min, prod, std,
    sum, var,
)  # fmt: skip
from fathom.ops.running import (
    cummax, cummin, cumulative_trapezoid, diff, gradient, logcumsumexp, trapezoid, trapz,
)  # fmt: skip
from fathom.ops.searching import (
    argwhere, bucketize, isin, searchsorted, unravel_index,
)  # fmt: skip
from fathom.ops.shaping import (
    atleast_1d, atleast_2d, broadcast_tensors, broadcast_to, cat, chunk, concat, concatenate,
    detach, flatten, flip, hstack, moveaxis, movedim, narrow, permute, ravel, reshape, roll,
    split, squeeze, stack, swapaxes, swapdims, t, tile, transpose, unbind, unflatten, unsqueeze,
    vstack,
)  # fmt: skip
from fathom.ops.softmax import (
    log_softmax, softmax,
)  # fmt: skip
from fathom.ops.sorting import (
    argsort, sort, topk,
)  # fmt: skip
from fathom.ops.special import (
    digamma, erf, erfc, erfinv, i0, igamma, igammac, lgamma, mvlgamma, polygamma, sinc, xlogy,
)  # fmt: skip
from fathom.ops.splitting import (
    as_strided, atleast_3d, column_stack, dsplit, dstack, hsplit, row_stack, tensor_split,
    vsplit,
)  # fmt: skip
from fathom.ops.statistics import (
    aminmax, corrcoef, cov, kthvalue, median, mode, nanmean, nanmedian, nanquantile, nansum,
    quantile, std_mean, var_mean,
)  # fmt: skip
from fathom.ops.writing import (
    index_copy, index_fill, index_put, index_reduce, masked_scatter, put, scatter_reduce,
    select, select_scatter, slice_scatter,
)  # fmt: skip
from fathom.printing import set_printoptions
from fathom.tensors import Tensor

float, double, half = float32, float64, float16
long, int, short, bool = int64, int32, int16, bool_
cfloat, cdouble = complex64, complex128

__version__ = "0.1.0"
