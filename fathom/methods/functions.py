"""The other functions that are methods too: a method *is* a function, named here once.

`y.sum()` is `fathom.sum(y)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fathom.core import dtypes
from fathom.core.base import TensorBase
from fathom.ops import (
    contraction,
    counting,
    creation,
    eigen,
    grids,
    indexing,
    linalg,
    making,
    matrices,
    norms,
    products,
    randomness,
    reduction,
    running,
    searching,
    shaping,
    sorting,
    spectrogram,
    splitting,
    statistics,
    writing,
)  # fmt: skip

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def converter(d: dtypes.dtype) -> Callable[..., Tensor]:
    """The method that gives the tensor in one dtype: `x.long()`."""

    def method(self: Tensor) -> Tensor:
        return self.to(d)

    method.__doc__ = f"The tensor in {d.name}."
    return method


class Functions(TensorBase):
    """The methods that give a new tensor, of another shape as a rule."""

    # ---- contraction ----

    dot = contraction.dot
    mv = contraction.mv
    mm = contraction.mm
    bmm = contraction.bmm
    matmul = contraction.matmul
    addmm = contraction.addmm
    outer = contraction.outer

    # ---- creation ----

    clone = creation.clone
    new_tensor = creation.new_tensor
    new_zeros = creation.new_zeros
    new_ones = creation.new_ones
    new_full = creation.new_full
    new_empty = creation.new_empty
    to = creation.to
    type = creation.type

    # ---- indexing ----

    gather = indexing.gather
    take_along_dim = indexing.take_along_dim
    scatter_add = indexing.scatter_add
    scatter = indexing.scatter
    index_select = indexing.index_select
    index_add = indexing.index_add
    masked_select = indexing.masked_select
    take = indexing.take
    nonzero = indexing.nonzero

    # ---- reduction ----

    sum = reduction.sum
    mean = reduction.mean
    var = reduction.var
    std = reduction.std
    prod = reduction.prod
    cumsum = reduction.cumsum
    cumprod = reduction.cumprod
    amax = reduction.amax
    amin = reduction.amin
    argmax = reduction.argmax
    argmin = reduction.argmin
    max = reduction.max
    min = reduction.min
    all = reduction.all
    any = reduction.any
    logsumexp = reduction.logsumexp

    # ---- shaping ----

    reshape = shaping.reshape
    view = shaping.view
    view_as = shaping.view_as
    reshape_as = shaping.reshape_as
    flatten = shaping.flatten
    unflatten = shaping.unflatten
    ravel = shaping.ravel
    permute = shaping.permute
    transpose = shaping.transpose
    t = shaping.t
    movedim = shaping.movedim
    moveaxis = shaping.moveaxis
    unsqueeze = shaping.unsqueeze
    squeeze = shaping.squeeze
    expand = shaping.expand
    expand_as = shaping.expand_as
    broadcast_to = shaping.broadcast_to
    repeat = shaping.repeat
    tile = shaping.tile
    narrow = shaping.narrow
    split = shaping.split
    split_with_sizes = splitting.split_with_sizes
    chunk = shaping.chunk
    unbind = shaping.unbind
    flip = shaping.flip
    roll = shaping.roll
    swapaxes = shaping.swapaxes
    swapdims = shaping.swapdims

    # ---- sorting ----

    argsort = sorting.argsort
    sort = sorting.sort
    topk = sorting.topk

    # ---- counting ----

    bincount = counting.bincount
    count_nonzero = counting.count_nonzero
    histc = counting.histc
    histogram = counting.histogram
    unique = counting.unique
    unique_consecutive = counting.unique_consecutive

    # ---- grids ----

    repeat_interleave = grids.repeat_interleave

    # ---- linear algebra ----

    cholesky = linalg.cholesky_positional
    cholesky_inverse = linalg.cholesky_inverse
    cholesky_solve = linalg.cholesky_solve
    cross = linalg.cross_first
    adjoint = matrices.adjoint
    lu_solve = linalg.lu_solve_swapped
    det = linalg.det
    inverse = linalg.inv
    logdet = linalg.logdet
    matrix_exp = linalg.matrix_exp
    matrix_power = linalg.matrix_power
    norm = eigen.norm_of_all
    pinverse = eigen.pinv
    qr = eigen.qr_some
    slogdet = linalg.slogdet
    svd = eigen.svd_some

    # ---- making ----

    is_nonzero = making.is_nonzero
    is_same_size = making.is_same_size
    is_signed = making.is_signed

    # ---- matrices ----

    diag = matrices.diag
    diag_embed = matrices.diag_embed
    diagflat = matrices.diagflat
    diagonal = matrices.diagonal
    diagonal_scatter = matrices.diagonal_scatter
    fliplr = matrices.fliplr
    flipud = matrices.flipud
    kron = matrices.kron
    rot90 = matrices.rot90
    trace = matrices.trace
    tril = matrices.tril
    triu = matrices.triu

    # ---- norms ----

    dist = norms.dist
    renorm = norms.renorm

    # ---- products ----

    addbmm = products.addbmm
    addmv = products.addmv
    addr = products.addr
    baddbmm = products.baddbmm
    ger = products.ger
    inner = products.inner
    vdot = products.vdot

    # ---- randomness ----

    bernoulli = randomness.bernoulli
    multinomial = randomness.multinomial

    # ---- running ----

    cummax = running.cummax
    cummin = running.cummin
    diff = running.diff
    logcumsumexp = running.logcumsumexp

    # ---- searching ----

    argwhere = searching.argwhere

    # ---- spectrogram ----

    stft = spectrogram.stft
    istft = spectrogram.istft

    # ---- splitting ----

    as_strided = splitting.as_strided
    dsplit = splitting.dsplit
    hsplit = splitting.hsplit
    sum_to_size = splitting.sum_to_size
    tensor_split = splitting.tensor_split
    unfold = splitting.unfold
    vsplit = splitting.vsplit

    # ---- statistics ----

    msort = statistics.msort
    aminmax = statistics.aminmax
    corrcoef = statistics.corrcoef
    cov = statistics.cov
    kthvalue = statistics.kthvalue
    median = statistics.median
    mode = statistics.mode
    nanmean = statistics.nanmean
    nanmedian = statistics.nanmedian
    nanquantile = statistics.nanquantile
    nansum = statistics.nansum
    quantile = statistics.quantile

    # ---- writing ----

    index_copy = writing.index_copy
    index_fill = writing.index_fill
    index_put = writing.index_put
    index_reduce = writing.index_reduce
    masked_scatter = writing.masked_scatter
    put = writing.put
    scatter_reduce = writing.scatter_reduce
    select = writing.select
    select_scatter = writing.select_scatter
    slice_scatter = writing.slice_scatter

    # ---- other dtypes ----

    float = converter(dtypes.float32)
    double = converter(dtypes.float64)
    half = converter(dtypes.float16)
    bfloat16 = converter(dtypes.bfloat16)
    long = converter(dtypes.int64)
    int = converter(dtypes.int32)
    short = converter(dtypes.int16)
    char = converter(dtypes.int8)
    byte = converter(dtypes.uint8)
    bool = converter(dtypes.bool_)
    cfloat = converter(dtypes.complex64)
    cdouble = converter(dtypes.complex128)
