"""Contractions: every order of letters and of memory, and windows spelled out part by part."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.ops import contraction
from fathom.ops.contraction import Contract
from fathom.ops.windows import Windows

SIZES = dict(zip("ncoigjk", (3, 4, 5, 6, 2, 7, 8), strict=True))


@pytest.mark.parametrize("a, b, out", [
    ("nci", "oc", "noi"), ("nci", "oc", "oin"), ("gnc", "gco", "ngo"), ("ij", "jk", "ki"), ("i", "j", "ji"),
    ("nci", "noi", "co"), ("nci", "noi", "oc"), ("c", "c", ""), ("gc", "gc", "g"),
])  # fmt: skip
def test_every_order_of_letters_agrees_with_einsum(a, b, out):
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal([SIZES[c] for c in letters]) for letters in (a, b))
    expected = np.einsum(f"{a},{b}->{out}", x, y)
    for u in (x, np.asfortranarray(x)):
        for v in (y, np.asfortranarray(y)):
            got = Contract(a, b, out)(fathom.from_numpy(u), fathom.from_numpy(v)).numpy()
            np.testing.assert_allclose(got, expected, atol=1e-12)


def test_a_long_inner_size_gives_the_result_in_the_order_of_its_letters():
    rng = np.random.default_rng(0)
    for a, b in (("ki", "kj"), ("ik", "jk")):
        x, y = (
            rng.standard_normal([{"i": 3, "j": 5, "k": 200}[c] for c in letters])
            for letters in (a, b)
        )
        for out in ("ij", "ji"):
            got = Contract(a, b, out)(fathom.from_numpy(x), fathom.from_numpy(y)).numpy()
            np.testing.assert_allclose(got, np.einsum(f"{a},{b}->{out}", x, y), atol=1e-12)
            assert got.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("part", [64, 1000])
def test_windows_spelled_out_part_by_part_give_the_same(monkeypatch, part, stride, dtype):
    rng = np.random.default_rng(0)
    x = fathom.from_numpy(rng.standard_normal((4, 3, 9, 8)).astype(dtype))
    w = fathom.from_numpy(rng.standard_normal((5, 3, 3, 2)).astype(dtype))
    windows = Windows((3, 2), (stride, stride), (1, 1))(x)
    g = fathom.from_numpy(rng.standard_normal((4, 5, *windows.shape[2:4])).astype(dtype))
    forth, back = Contract("ncijpq", "ocpq", "noij"), Contract("ncijpq", "noij", "ocpq")
    whole = forth(windows, w).numpy(), back(windows, g).numpy()
    monkeypatch.setattr(contraction, "PART", part)
    parts = forth(windows, w).numpy(), back(windows, g).numpy()
    turned = Contract("ocpq", "ncijpq", "noij")(w, windows).numpy()
    for a, b in ((whole[0], parts[0]), (whole[1], parts[1]), (whole[0], turned)):
        np.testing.assert_allclose(a, b, rtol=1e-5 if dtype is np.float32 else 1e-12, atol=1e-5)
