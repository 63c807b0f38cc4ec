"""Short-time Fourier transforms: PyTorch's values, the way back, wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import fathom

SETTINGS = [
    {"n_fft": 12},
    {"n_fft": 13, "hop_length": 4},
    {"n_fft": 16, "win_length": 12, "normalized": True},
    {"n_fft": 12, "onesided": False, "pad_mode": "constant"},
    {"n_fft": 12, "pad_mode": "circular", "hop_length": 4},
    {"n_fft": 12, "pad_mode": "replicate", "hop_length": 5},
]


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_values_are_pytorchs_and_the_way_back_gives_the_signal(options):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((2, 48))
    window = np.hanning(options.get("win_length", options["n_fft"])) + 0.1
    y = fathom.stft(fathom.tensor(x), window=fathom.tensor(window), return_complex=True, **options)
    t = torch.stft(torch.tensor(x), window=torch.tensor(window), return_complex=True, **options)
    np.testing.assert_allclose(y.numpy(), t.numpy(), atol=1e-10)
    back = {k: v for k, v in options.items() if k != "pad_mode"}
    again = fathom.istft(y, window=fathom.tensor(window), length=48, **back)
    wanted = torch.istft(t, window=torch.tensor(window), length=48, **back)
    np.testing.assert_allclose(again.numpy(), wanted.numpy(), atol=1e-10)
    np.testing.assert_allclose(again.numpy()[:, :36], x[:, :36], atol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: fathom.stft(x, 8), "return_complex must be given"),
        (
            lambda x: fathom.stft(x, 40, center=False, return_complex=True),
            r"0 < n_fft <= 20, but got n_fft=40",
        ),
        (lambda x: fathom.stft(x, 8, win_length=9, return_complex=True), "not above the first"),
        (lambda x: fathom.stft(x, 8, win_length=4, return_complex=True), "needs a window"),
        (
            lambda x: fathom.stft(x, 8, window=fathom.ones(5), return_complex=True),
            "window of 8 weights",
        ),
        (lambda x: fathom.stft(x, 60, return_complex=True), "padding of 30 must be less"),
        (lambda x: fathom.istft(x + 0j, 8), "expected complex"),
        (
            lambda x: fathom.istft(fathom.ones(4, 3) + 0j, 8),
            "expected 8 frequencies|expected 5 frequencies",
        ),
        (
            lambda x: fathom.istft(fathom.ones(5, 3) + 0j, 8, 8, window=fathom.hann_window(8)),
            "leave samples out",
        ),
    ],
)
def test_wrong_calls_say_what_is_wrong(call, message):
    with pytest.raises(RuntimeError, match=message):
        call(fathom.ones(20))


def test_an_unknown_continuation_names_those_that_exist():
    with pytest.raises(
        NotImplementedError, match="there are constant, reflect, replicate, circular"
    ):
        fathom.stft(fathom.ones(20), 8, pad_mode="mirror", return_complex=True)
