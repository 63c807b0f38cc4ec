"""Short-time Fourier transforms: which frequencies a signal has, and when.

Letters: B signals of N samples each; T pieces of n_fft samples, hop_length apart; F frequencies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fathom.core.base import is_plain
from fathom.core.errors import ShapeError
from fathom.ops.complexes import view_as_real
from fathom.ops.fft import Fft, Irfft, Rfft, numbers
from fathom.ops.shaping import zero_pad
from fathom.ops.splitting import unfold
from fathom.ops.windows import Fold

if TYPE_CHECKING:
    from fathom.tensors import Tensor

PAD_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
) -> Tensor:
    r"""The transform of each piece of a signal, $y_{ft} = \sum_k w_k\, x_{k + t h}\, e^{-2 \pi i f k / n}$.

    x (N) or (B, N) -> (F, T) or (B, F, T), complex. hop_length h: a quarter of n_fft by default. window: w,
    win_length weights, filled up with zeros on both sides. center: the signal is continued on both
    sides (by `pad_mode`), so that piece t is centred at t h. onesided: of a real signal only the
    frequencies 0 ... n/2, the default. normalized: divided by $\sqrt n$. Raises RuntimeError where
    return_complex is not given for a real signal, as PyTorch does.

    >>> x = (fathom.arange(64.) * 2 * fathom.pi / 8).sin()           # a period of 8 samples
    >>> fathom.stft(x, 16, window=fathom.hann_window(16), return_complex=True).abs()[:, 4].argmax()
    tensor(2)
    """
    if input.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a signal (N) or signals (B, N), got {tuple(input.shape)}")
    real = not input.dtype.is_complex
    if real and return_complex is None:
        raise RuntimeError(
            "stft: return_complex must be given for a real signal; pass return_complex=True"
        )
    hop, w = settings("stft", n_fft, hop_length, win_length, window)
    x = input if input.ndim == 2 else input.unsqueeze(0)
    if center:
        x = continued(x, n_fft // 2, pad_mode)
    if x.shape[-1] < n_fft:
        raise RuntimeError(f"stft: expected 0 < n_fft <= {x.shape[-1]}, but got n_fft={n_fft}")
    pieces = unfold(numbers("stft", x, real), -1, n_fft, hop)  # (B, T, n_fft)
    pieces = pieces if w is None else pieces * w
    norm = "ortho" if normalized else "backward"
    half = real if onesided is None else onesided
    if real and half:
        y = Rfft(2, norm)(pieces)
    else:
        y = Fft((2,), False, norm)(numbers("stft", pieces, False))
    y = y.transpose(1, 2)  # (B, F, T)
    y = y if input.ndim == 2 else y.squeeze(0)
    return y if return_complex is not False or not real else view_as_real(y)


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The inverse of `stft`: the pieces laid over each other again, divided by what the windows add up to.

    (F, T) or (B, F, T) complex -> (N) or (B, N). length: the size of the signal, where the pieces do not tell.
    Raises RuntimeError where the windows leave a sample out.
    """
    if input.ndim not in (2, 3) or not input.dtype.is_complex:
        raise ShapeError(
            f"istft: expected complex (F, T) or (B, F, T), got {input.dtype} {tuple(input.shape)}"
        )
    hop, w = settings("istft", n_fft, hop_length, win_length, window)
    y = (input if input.ndim == 3 else input.unsqueeze(0)).transpose(1, 2)  # (B, T, F)
    half = y.shape[-1] == n_fft // 2 + 1 if onesided is None else onesided
    size = n_fft // 2 + 1 if half else n_fft
    if y.shape[-1] != size:
        raise ShapeError(f"istft: expected {size} frequencies for n_fft={n_fft}, got {y.shape[-1]}")
    norm = "ortho" if normalized else "backward"
    pieces = Irfft(2, n_fft, norm)(y) if half else Fft((2,), True, norm)(y)
    pieces = pieces if return_complex or half else pieces.real
    weights = pieces.new_ones((n_fft,)).real if w is None else w
    whole = n_fft + hop * (y.shape[1] - 1)
    laid = Fold((whole,), (n_fft,), (hop,), (1,))
    added = laid(pieces * weights)  # (B, whole)
    total = laid((weights * weights).expand((y.shape[1], n_fft)))
    start = n_fft // 2 if center else 0
    stop = whole - start if length is None else min(start + length, whole)
    total = total[start:stop]
    if is_plain(total) and bool((total.abs() < 1e-11).any()):
        raise RuntimeError(
            "istft: the windows leave samples out: their squares must not add up to 0 anywhere"
        )
    x = added[:, start:stop] / total
    if length is not None and x.shape[1] < length:
        x = zero_pad(x, [(0, 0), (0, length - x.shape[1])])
    return x if input.ndim == 3 else x.squeeze(0)


def settings(name: str, n_fft: int, hop_length, win_length, window) -> tuple[int, Tensor | None]:
    """The hop, and the window filled up to n_fft weights."""
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if n_fft <= 0 or hop <= 0 or not 0 < width <= n_fft:
        raise RuntimeError(
            f"{name}: n_fft={n_fft}, hop_length={hop} and win_length={width} must be above 0, and the last"
            " not above the first"
        )
    if window is None:
        if width == n_fft:
            return hop, None
        raise RuntimeError(f"{name}: a win_length below n_fft needs a window")
    if tuple(window.shape) != (width,):
        raise ShapeError(f"{name}: expected a window of {width} weights, got {tuple(window.shape)}")
    left = (n_fft - width) // 2
    return hop, zero_pad(window, [(left, n_fft - width - left)])


def continued(x: Tensor, width: int, mode: str) -> Tensor:
    """Signals (B, N) with `width` more samples on both sides."""
    if mode == "constant":
        return zero_pad(x, [(0, 0), (width, width)])
    if mode not in PAD_MODES:
        raise NotImplementedError(
            f"stft: pad_mode {mode!r}; there are constant, {', '.join(PAD_MODES)}"
        )
    n = x.shape[1]
    if n == 0 or (mode == "reflect" and width >= n):
        raise RuntimeError(f"stft: padding of {width} must be less than the signal's {n} samples")
    return x[:, np.pad(np.arange(n), width, mode=PAD_MODES[mode])]  # type: ignore[call-overload]
