"""The functions that take `out=`: the result is written into a tensor that is there already.

`fathom.add(a, b, out=c)` writes into c and returns it. Only these names take it, not the methods, so
that `a + b` and `a.add(b)` pay nothing for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fathom.core import inplace, tape
from fathom.core.errors import ShapeError
from fathom.ops import (
    arithmetic,
    comparison,
    complexes,
    contraction,
    counting,
    creation,
    eigen,
    exponential,
    indexing,
    linalg,
    logic,
    matrices,
    norms,
    numbers,
    products,
    randomness,
    reduction,
    rounding,
    running,
    searching,
    shaping,
    sorting,
    special,
    splitting,
    statistics,
    writing,
)  # fmt: skip
from fathom.ops import softmax as probabilities

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def with_out(operation: Callable[..., Any]) -> Callable[..., Any]:
    """The operation, which may be told where to write its result (or results, as a tuple)."""

    @functools.wraps(operation)
    def function(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        result = operation(*args, **kwargs)
        return result if out is None else written(operation.__name__, result, out)

    return function


def written(name: str, result: Any, out: Any) -> Any:
    """The result in the tensors of `out`."""
    if isinstance(result, tuple):
        if not isinstance(out, (tuple, list)) or len(out) != len(result):
            raise TypeError(f"{name}: out must be a tuple of {len(result)} tensors")
        tensors = [into(name, y, x) for y, x in zip(result, out, strict=True)]
        return type(result)(*tensors) if hasattr(result, "_fields") else tuple(tensors)
    return into(name, result, out)


def into(name: str, y: Tensor, x: Tensor) -> Tensor:
    """y written into x, which is given y's shape if it has no elements."""
    if tape.mode.enabled and (x.requires_grad or y.requires_grad):
        raise RuntimeError(
            f"{name}: functions with out=... arguments don't support automatic differentiation,"
            " but one of the arguments requires grad"
        )
    if x.shape != y.shape:
        if x.numel():
            raise ShapeError(
                f"{name}: out has shape {tuple(x.shape)}, the result {tuple(y.shape)};"
                " give it that shape, or 0 elements"
            )
        x.data = y.new_empty(y.shape, dtype=x.dtype)
    return inplace.assign(x, y)


# ---- arithmetic ----

abs = with_out(arithmetic.abs)
absolute = with_out(arithmetic.absolute)
add = with_out(arithmetic.add)
addcdiv = with_out(arithmetic.addcdiv)
addcmul = with_out(arithmetic.addcmul)
ceil = with_out(rounding.ceil)
div = with_out(arithmetic.div)
divide = with_out(arithmetic.divide)
floor = with_out(rounding.floor)
floor_divide = with_out(arithmetic.floor_divide)
fmod = with_out(arithmetic.fmod)
frac = with_out(rounding.frac)
lerp = with_out(arithmetic.lerp)
mul = with_out(arithmetic.mul)
multiply = with_out(arithmetic.multiply)
neg = with_out(arithmetic.neg)
negative = with_out(arithmetic.negative)
pow = with_out(arithmetic.pow)
reciprocal = with_out(arithmetic.reciprocal)
remainder = with_out(arithmetic.remainder)
round = with_out(rounding.round)
sgn = with_out(arithmetic.sgn)
sign = with_out(arithmetic.sign)
square = with_out(arithmetic.square)
sub = with_out(arithmetic.sub)
subtract = with_out(arithmetic.subtract)
true_divide = with_out(arithmetic.true_divide)
trunc = with_out(rounding.trunc)

# ---- comparison ----

bitwise_and = with_out(logic.bitwise_and)
bitwise_not = with_out(logic.bitwise_not)
bitwise_or = with_out(logic.bitwise_or)
bitwise_xor = with_out(logic.bitwise_xor)
clamp = with_out(comparison.clamp)
clamp_max = with_out(comparison.clamp_max)
clamp_min = with_out(comparison.clamp_min)
clip = with_out(comparison.clip)
eq = with_out(comparison.eq)
fmax = with_out(comparison.fmax)
fmin = with_out(comparison.fmin)
ge = with_out(comparison.ge)
greater = with_out(comparison.greater)
greater_equal = with_out(comparison.greater_equal)
gt = with_out(comparison.gt)
le = with_out(comparison.le)
less = with_out(comparison.less)
less_equal = with_out(comparison.less_equal)
logical_and = with_out(logic.logical_and)
logical_not = with_out(logic.logical_not)
logical_or = with_out(logic.logical_or)
logical_xor = with_out(logic.logical_xor)
lt = with_out(comparison.lt)
maximum = with_out(comparison.maximum)
minimum = with_out(comparison.minimum)
nan_to_num = with_out(comparison.nan_to_num)
ne = with_out(comparison.ne)
not_equal = with_out(comparison.not_equal)
where = with_out(comparison.where)

# ---- complexes ----

angle = with_out(complexes.angle)
complex = with_out(complexes.complex)
polar = with_out(complexes.polar)

# ---- contraction ----

addmm = with_out(contraction.addmm)
bmm = with_out(contraction.bmm)
dot = with_out(contraction.dot)
matmul = with_out(contraction.matmul)
mm = with_out(contraction.mm)
mv = with_out(contraction.mv)
outer = with_out(contraction.outer)
tensordot = with_out(contraction.tensordot)

# ---- counting ----

histc = with_out(counting.histc)

# ---- creation ----

arange = with_out(creation.arange)
empty = with_out(creation.empty)
eye = with_out(creation.eye)
full = with_out(creation.full)
linspace = with_out(creation.linspace)
logspace = with_out(creation.logspace)
ones = with_out(creation.ones)
zeros = with_out(creation.zeros)

# ---- eigen ----

norm = with_out(eigen.norm_of_all)

# ---- exponential ----

acos = with_out(exponential.acos)
acosh = with_out(exponential.acosh)
arccos = with_out(exponential.arccos)
arccosh = with_out(exponential.arccosh)
arcsin = with_out(exponential.arcsin)
arcsinh = with_out(exponential.arcsinh)
arctan = with_out(exponential.arctan)
arctan2 = with_out(exponential.arctan2)
arctanh = with_out(exponential.arctanh)
asin = with_out(exponential.asin)
asinh = with_out(exponential.asinh)
atan = with_out(exponential.atan)
atan2 = with_out(exponential.atan2)
atanh = with_out(exponential.atanh)
cos = with_out(exponential.cos)
cosh = with_out(exponential.cosh)
deg2rad = with_out(exponential.deg2rad)
exp = with_out(exponential.exp)
exp2 = with_out(exponential.exp2)
expm1 = with_out(exponential.expm1)
log = with_out(exponential.log)
log10 = with_out(exponential.log10)
log1p = with_out(exponential.log1p)
log2 = with_out(exponential.log2)
logaddexp = with_out(exponential.logaddexp)
logit = with_out(exponential.logit)
rad2deg = with_out(exponential.rad2deg)
rsqrt = with_out(exponential.rsqrt)
sigmoid = with_out(exponential.sigmoid)
sin = with_out(exponential.sin)
sinh = with_out(exponential.sinh)
sqrt = with_out(exponential.sqrt)
tan = with_out(exponential.tan)
tanh = with_out(exponential.tanh)

# ---- indexing ----

gather = with_out(indexing.gather)
index_add = with_out(indexing.index_add)
index_select = with_out(indexing.index_select)
masked_select = with_out(indexing.masked_select)
nonzero = with_out(indexing.nonzero)
scatter = with_out(indexing.scatter)
scatter_add = with_out(indexing.scatter_add)
take = with_out(indexing.take)
take_along_dim = with_out(indexing.take_along_dim)

# ---- linalg ----

cholesky = with_out(linalg.cholesky_positional)
cross = with_out(linalg.cross_first)
det = with_out(linalg.det)
inverse = with_out(linalg.inv)
matrix_power = with_out(linalg.matrix_power)

# ---- matrices ----

diag = with_out(matrices.diag)
kron = with_out(matrices.kron)
tril = with_out(matrices.tril)
triu = with_out(matrices.triu)

# ---- norms ----

renorm = with_out(norms.renorm)

# ---- numbers ----

bitwise_left_shift = with_out(numbers.bitwise_left_shift)
bitwise_right_shift = with_out(numbers.bitwise_right_shift)
copysign = with_out(numbers.copysign)
fix = with_out(numbers.fix)
float_power = with_out(numbers.float_power)
gcd = with_out(numbers.gcd)
heaviside = with_out(numbers.heaviside)
hypot = with_out(numbers.hypot)
isneginf = with_out(numbers.isneginf)
isposinf = with_out(numbers.isposinf)
lcm = with_out(numbers.lcm)
ldexp = with_out(numbers.ldexp)
logaddexp2 = with_out(numbers.logaddexp2)
nextafter = with_out(numbers.nextafter)
signbit = with_out(numbers.signbit)

# ---- products ----

addbmm = with_out(products.addbmm)
addmv = with_out(products.addmv)
addr = with_out(products.addr)
baddbmm = with_out(products.baddbmm)
ger = with_out(products.ger)
inner = with_out(products.inner)
vdot = with_out(products.vdot)

# ---- randomness ----

bernoulli = with_out(randomness.bernoulli)
multinomial = with_out(randomness.multinomial)
normal = with_out(randomness.normal)
rand = with_out(randomness.rand)
randint = with_out(randomness.randint)
randn = with_out(randomness.randn)
randperm = with_out(randomness.randperm)

# ---- reduction ----

all = with_out(reduction.all)
amax = with_out(reduction.amax)
amin = with_out(reduction.amin)
any = with_out(reduction.any)
argmax = with_out(reduction.argmax)
argmin = with_out(reduction.argmin)
cumprod = with_out(reduction.cumprod)
cumsum = with_out(reduction.cumsum)
logsumexp = with_out(reduction.logsumexp)
max = with_out(reduction.max)
mean = with_out(reduction.mean)
min = with_out(reduction.min)
prod = with_out(reduction.prod)
std = with_out(reduction.std)
sum = with_out(reduction.sum)
var = with_out(reduction.var)

# ---- running ----

cummax = with_out(running.cummax)
cummin = with_out(running.cummin)
diff = with_out(running.diff)
logcumsumexp = with_out(running.logcumsumexp)

# ---- searching ----

bucketize = with_out(searching.bucketize)
isin = with_out(searching.isin)
searchsorted = with_out(searching.searchsorted)

# ---- shaping ----

cat = with_out(shaping.cat)
concat = with_out(shaping.concat)
concatenate = with_out(shaping.concatenate)
hstack = with_out(shaping.hstack)
stack = with_out(shaping.stack)
vstack = with_out(shaping.vstack)

# ---- softmax ----

log_softmax = with_out(probabilities.log_softmax)
softmax = with_out(probabilities.softmax)

# ---- sorting ----

sort = with_out(sorting.sort)
topk = with_out(sorting.topk)

# ---- special ----

digamma = with_out(special.digamma)
erf = with_out(special.erf)
erfc = with_out(special.erfc)
erfinv = with_out(special.erfinv)
i0 = with_out(special.i0)
igamma = with_out(special.igamma)
igammac = with_out(special.igammac)
lgamma = with_out(special.lgamma)
mvlgamma = with_out(special.mvlgamma)
polygamma = with_out(special.polygamma)
sinc = with_out(special.sinc)
xlogy = with_out(special.xlogy)

# ---- splitting ----

column_stack = with_out(splitting.column_stack)
dstack = with_out(splitting.dstack)
row_stack = with_out(splitting.row_stack)

# ---- statistics ----

kthvalue = with_out(statistics.kthvalue)
median = with_out(statistics.median)
mode = with_out(statistics.mode)
nanmean = with_out(statistics.nanmean)
nanmedian = with_out(statistics.nanmedian)
nanquantile = with_out(statistics.nanquantile)
nansum = with_out(statistics.nansum)
quantile = with_out(statistics.quantile)

# ---- writing ----

index_copy = with_out(writing.index_copy)
index_reduce = with_out(writing.index_reduce)
scatter_reduce = with_out(writing.scatter_reduce)
