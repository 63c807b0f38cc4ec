r"""Convolution: every window of the input times one kernel, which is one contraction.

Letters: N batch, C channels of the input, O of the output, g groups; D H W sizes of the input, I J ... of
the output, P Q ... of the kernel; s stride, p padding, d dilation.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from fathom.core.composite import sized_composite
from fathom.core.errors import ShapeError
from fathom.nn.functional.sizes import on_batch, per_axis
from fathom.ops.contraction import Contract, checked
from fathom.ops.shaping import zero_pad
from fathom.ops.windows import Fold, Windows

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Sizes = int | Sequence[int]

AT = "ijk"  # letters of a position in the output
TAP = "pqr"  # letters of a position in the kernel


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    r"""Cross-correlation along one axis, $y_{noi} = b_o + \sum_{cp} x_{n,c,\,si+dp}\; w_{ocp}$.

    input (N, C, W) or (C, W), weight (O, C/groups, P), bias (O) -> (N, O, I) or (O, I). `padding` zeros
    stand at both ends; "valid" is 0, and "same" makes I = W (stride 1 only).

    >>> fathom.nn.functional.conv1d(fathom.tensor([[[1., 2., 4.]]]), fathom.tensor([[[-1., 1.]]]))
    tensor([[[1., 2.]]])
    """
    return convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    r"""Cross-correlation, $y_{noij} = b_o + \sum_{cpq} x_{n,c,\,si+dp,\,sj+dq}\; w_{ocpq}$.

    input (N, C, H, W) or (C, H, W), weight (O, C/groups, P, Q), bias (O) -> (N, O, I, J) or (O, I, J), with
    $I = \lfloor (H + 2p - d(P-1) - 1)/s \rfloor + 1$. `padding` zeros stand on each side; "valid" is 0, and
    "same" makes I = H and J = W (stride 1 only). With groups, output channel o sees the channels of its
    group only. Raises ShapeError where the channels or sizes do not fit.

    >>> fathom.nn.functional.conv2d(fathom.ones(1, 1, 3, 3), fathom.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None,
    stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    r"""Cross-correlation over volumes, $y_{noijk} = b_o + \sum_{cpqr} x_{n,c,\,si+dp,\,sj+dq,\,sk+dr}\; w_{ocpqr}$.

    input (N, C, D, H, W) or (C, D, H, W), weight (O, C/groups, P, Q, R), bias (O) -> (N, O, I, J, K).

    >>> fathom.nn.functional.conv3d(fathom.ones(1, 1, 2, 2, 2), fathom.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return convolution("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def convolution(
    name: str, n: int, x: Tensor, weight: Tensor, bias: Tensor | None,
    stride: Sizes, padding: Sizes | str, dilation: Sizes, groups: int,
) -> Tensor:  # fmt: skip
    """Cross-correlation over n axes. x (N, C, *H) or (C, *H), weight (O, C/groups, *P), bias (O) -> (N, O, *I)."""
    stride = per_axis(name, "stride", stride, n)
    dilation = per_axis(name, "dilation", dilation, n)
    check_weight(name, n, x, weight)
    if weight.shape[1] * groups != x.shape[-n - 1] or weight.shape[0] % groups:
        raise misfit(name, n, x, weight, groups)
    check_bias(name, weight.shape[0], bias)
    before, after = margins(name, padding, weight.shape[2:], stride, dilation)
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation)]
    padded = [a + size + b for a, size, b in zip(before, x.shape[-n:], after)]
    if any(size < k for size, k in zip(padded, reach)):
        raise ShapeError(
            f"{name}: the kernel reaches over {tuple(reach)}, which is more than the padded input"
            f" {tuple(padded)}; use a smaller kernel or dilation, or more padding"
        )
    widths = ((0, 0), (0, 0), *zip(before, after))

    def apply(x: Tensor) -> Tensor:
        return correlate(x, weight, bias, stride, widths, dilation, groups)

    return on_batch(name, n, apply, x)


def windows_read(x: Tensor, weight: Tensor, *_: object) -> int:
    """How many elements all windows have; none where they are single elements, and need not be copied."""
    taps = prod(weight.array.shape[2:])
    return x.array.size * taps if taps > 1 else 0


@sized_composite(windows_read)
def correlate(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    widths: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
) -> Tensor:
    """x (N, C, *H), padded by the widths -> (N, O, *I)."""
    n = weight.ndim - 2
    x = zero_pad(batch_last(x), widths)
    x = x.reshape((x.shape[0], groups, weight.shape[1], *x.shape[2:]))
    w = weight.reshape((groups, weight.shape[0] // groups, *weight.shape[1:]))
    windows = Windows(tuple(weight.shape[2:]), stride, dilation)(x)  # (N, g, C, *I, *P)
    at, tap = AT[:n], TAP[:n]
    y = Contract(f"ngc{at}{tap}", f"goc{tap}", f"ngo{at}")(windows, w)
    return with_bias(y.reshape((x.shape[0], weight.shape[0], *y.shape[3:])), bias)


def batch_last(x: Tensor) -> Tensor:
    """x (N, C, *sizes), the same to its reader, with the batch innermost in memory.

    A row of windows of the whole batch is then one run of memory, so that copying windows into a matrix,
    adding them up and pooling all go as fast as memory does, for any kernel; and what is computed from x
    keeps this order.
    """
    if x.ndim < 3 or x.shape[0] == 1:
        return x
    first = (*range(1, x.ndim), 0)
    return x.permute(first).contiguous().permute((x.ndim - 1, *range(x.ndim - 1)))


def margins(
    name: str,
    padding: Sizes | str,
    size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The zeros before and after, along each axis."""
    n = len(size)
    if not isinstance(padding, str):
        both = per_axis(name, "padding", padding, n, least=0)
        return both, both
    if padding == "valid":
        return (0,) * n, (0,) * n
    if padding != "same":
        raise ValueError(
            f"{name}: padding must be 'same', 'valid' or whole numbers, got {padding!r}"
        )
    if any(s != 1 for s in stride):
        raise RuntimeError(
            f"{name}: padding='same' needs stride 1, got {tuple(stride)}; give the padding in numbers"
        )
    wide = [d * (k - 1) for k, d in zip(size, dilation)]
    return tuple(k // 2 for k in wide), tuple(k - k // 2 for k in wide)


def with_bias(y: Tensor, bias: Tensor | None) -> Tensor:
    """y (N, O, *I) plus one number for each of its O channels."""
    return y if bias is None else y + bias.reshape((1, -1, *(1 for _ in y.shape[2:])))


# ---- the transpose ---------------------------------------------------------------------------------


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0,
    output_padding: Sizes = 0, groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    r"""The adjoint of conv1d: each element writes the kernel, $y_{o,\,si+dp} \mathrel{+}= x_{ci}\, w_{cop}$.

    input (N, C, I) or (C, I), weight (C, O/groups, P), bias (O) -> (N, O, W),
    $W = (I - 1)s - 2p + d(P - 1) + 1$ + output_padding.

    >>> fathom.nn.functional.conv_transpose1d(fathom.tensor([[[1., 2.]]]), fathom.tensor([[[1., 10.]]]))
    tensor([[[ 1., 12., 20.]]])
    """
    return transposed(
        "conv_transpose1d",
        1,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0,
    output_padding: Sizes = 0, groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    r"""The adjoint of conv2d, $y_{n,o,\,si+dp,\,sj+dq} \mathrel{+}= x_{ncij}\, w_{copq}$, which makes images larger.

    input (N, C, I, J) or (C, I, J), weight (C, O/groups, P, Q), bias (O) -> (N, O, H, W), with
    $H = (I - 1)s - 2p + d(P - 1) + 1$ + output_padding.

    >>> y = fathom.nn.functional.conv_transpose2d(fathom.ones(1, 1, 2, 2), fathom.ones(1, 1, 2, 2), stride=2)
    >>> y.shape
    fathom.Size([1, 1, 4, 4])
    """
    return transposed(
        "conv_transpose2d",
        2,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0,
    output_padding: Sizes = 0, groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    r"""The adjoint of conv3d. input (N, C, I, J, K), weight (C, O/groups, P, Q, R), bias (O) -> (N, O, D, H, W).

    >>> x, w = fathom.ones(1, 1, 1, 1, 1), fathom.ones(1, 1, 2, 2, 2)
    >>> fathom.nn.functional.conv_transpose3d(x, w).sum().item()
    8.0
    """
    return transposed(
        "conv_transpose3d",
        3,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def transposed(
    name: str, n: int, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Sizes, padding: Sizes,
    output_padding: Sizes, groups: int, dilation: Sizes,
) -> Tensor:  # fmt: skip
    """The adjoint of `convolution`. x (N, C, *I) or (C, *I), weight (C, O/groups, *P), bias (O) -> (N, O, *H)."""
    stride = per_axis(name, "stride", stride, n)
    dilation = per_axis(name, "dilation", dilation, n)
    cut = per_axis(name, "padding", padding, n, least=0)
    more = per_axis(name, "output_padding", output_padding, n, least=0)
    check_weight(name, n, x, weight)
    channels, size = weight.shape[0], tuple(weight.shape[2:])
    if channels != x.shape[-n - 1] or channels % groups:
        raise misfit(name, n, x, weight, groups)
    check_bias(name, weight.shape[1] * groups, bias)
    for extra, s, d in zip(more, stride, dilation):
        if extra >= max(s, d):
            raise RuntimeError(
                f"{name}: output_padding {more} must be smaller than either stride {stride} or dilation {dilation}"
            )

    counts = tuple(x.shape[-n:])
    whole = tuple(
        (i - 1) * s + d * (k - 1) + 1 for i, s, k, d in zip(counts, stride, size, dilation)
    )
    edges = [(-p, m - p) for p, m in zip(cut, more)]
    if any(h + a + b < 1 for h, (a, b) in zip(whole, edges)):
        raise ShapeError(
            f"{name}: padding {cut} leaves nothing of the output {whole}; use less padding"
        )
    widths = ((0, 0), (0, 0), *edges)

    def apply(x: Tensor) -> Tensor:
        return spread(x, weight, bias, stride, widths, dilation, groups, whole)

    return on_batch(name, n, apply, x)


@sized_composite(windows_read)
def spread(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    widths: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
    whole: Sequence[int],
) -> Tensor:
    """x (N, C, *I) -> (N, O, *whole), cut at its edges by the widths."""
    n, channels, size = weight.ndim - 2, weight.shape[0], tuple(weight.shape[2:])
    counts, at, tap = tuple(x.shape[2:]), AT[:n], TAP[:n]
    x = batch_last(x).reshape((x.shape[0], groups, channels // groups, *counts))
    w = weight.reshape((groups, channels // groups, *weight.shape[1:]))
    windows = Contract(f"ngc{at}", f"gco{tap}", f"ngo{at}{tap}")(x, w)
    y = Fold(whole, size, stride, dilation)(windows)  # (N, g, O, *H)
    y = y.reshape((x.shape[0], groups * weight.shape[1], *whole))
    return with_bias(zero_pad(y, widths), bias)


# ---- checks ----------------------------------------------------------------------------------------


def check_weight(name: str, n: int, x: Tensor, weight: Tensor) -> None:
    """A weight of n + 2 dims, for an x with or without batch dim, of one dtype."""
    if weight.ndim != n + 2:
        raise ShapeError(
            f"{name}: expected a weight of {n + 2} dims, got {weight.ndim}-d {tuple(weight.shape)}"
        )
    on_batch(name, n, lambda x: x, x)
    checked(name, x, weight)


def check_bias(name: str, channels: int, bias: Tensor | None) -> None:
    if bias is not None and tuple(bias.shape) != (channels,):
        raise ShapeError(
            f"{name}: bias must have one number for each of {channels} output channels, got {tuple(bias.shape)}"
        )


def misfit(name: str, n: int, x: Tensor, weight: Tensor, groups: int) -> ShapeError:
    """What is wrong between the channels of x and the weight, and the way out."""
    found, sizes = x.shape[-n - 1], tuple(weight.shape)
    axis, wanted = (0, sizes[0]) if name.startswith("conv_transpose") else (1, sizes[1] * groups)
    if found == wanted:
        return ShapeError(f"{name}: {sizes[0]} channels cannot be split into {groups} equal groups")
    times = f" times groups {groups}" if axis and groups > 1 else ""
    way_out = f"x's dim {x.ndim - n - 1} must equal weight's dim {axis}{times}"
    if x.shape[-1] == wanted:
        order = (*range(x.ndim - n - 1), x.ndim - 1, *range(x.ndim - n - 1, x.ndim - 1))
        way_out = f"its channels come last; bring them forward with x.permute{order}"
    elif wanted == 1 and x.ndim == n + 1:
        way_out = "if dim 0 is the batch, x.unsqueeze(1) adds the one channel"
    return ShapeError(
        f"{name}: got x {tuple(x.shape)} with {found} channels, but weight {sizes} reads {wanted}: {way_out}"
    )
