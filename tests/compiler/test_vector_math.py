"""The native functions agree with float64 to a few units in the last place, on vectors and on tails."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import fathom
from fathom.compiler.program import Program
from fathom.core.tracing import trace


def native(f, x: np.ndarray, width: int | None = None) -> np.ndarray:
    tensor = fathom.from_numpy(x)
    return Program(trace(f, tensor), width=width).run([x])[0]


def ulps(found: np.ndarray, exact: np.ndarray) -> float:
    """The largest error, in units in the last place of float32."""
    finite = np.isfinite(exact.astype(np.float32))
    unit = np.spacing(np.maximum(np.abs(exact[finite].astype(np.float32)), np.float32(1.2e-38)))
    return float(np.max(np.abs(found[finite].astype(np.float64) - exact[finite]) / unit))


RANGES = {
    "exp": np.linspace(-103, 88.7, 200_003),
    "log": np.concatenate([np.geomspace(1e-44, 3e38, 200_003), np.linspace(0.5, 2, 100_001)]),
    "tanh": np.concatenate([np.linspace(-12, 12, 200_003), np.geomspace(1e-30, 1, 1001)]),
    "erf": np.concatenate([np.linspace(-6, 6, 200_003), np.geomspace(1e-30, 1, 1001)]),
}
EXACT = {"exp": np.exp, "log": np.log, "tanh": np.tanh, "erf": scipy.special.erf}


@pytest.mark.parametrize("width", [16, 8])
@pytest.mark.parametrize("name", RANGES)
def test_error_is_at_most_three_units_in_the_last_place(name, width):
    x = RANGES[name].astype(np.float32)
    x = x[np.abs(x) >= np.float32(1.2e-38)] if name == "log" else x
    found = native(getattr(fathom, name), x, width)
    exact = EXACT[name](x.astype(np.float64))
    normal = np.abs(exact) > 1.2e-38  # below, float32 has fewer digits
    assert ulps(found[normal], exact[normal]) <= 3


@pytest.mark.parametrize("width", [16, 8])
def test_sigmoid_is_right_to_three_units_from_end_to_end(width):
    x = np.linspace(-87, 89, 200_003).astype(np.float32)
    found = native(fathom.sigmoid, x, width)
    assert ulps(found, scipy.special.expit(x.astype(np.float64))) <= 3
    ends = np.array([-np.inf, -1000, -104, 104, 1000, np.inf, np.nan], np.float32)
    np.testing.assert_array_equal(
        native(fathom.sigmoid, ends, width), np.array([0, 0, 0, 1, 1, 1, np.nan], np.float32)
    )


@pytest.mark.parametrize(
    "name", ["exp", "log", "tanh", "sqrt", "sin", "cos", "log1p", "expm1", "erf"]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values_are_those_of_eager(name, dtype):
    x = np.array(
        [0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40, 200.0, -200.0, np.inf, -np.inf, np.nan, 88.72, -87.4],
        dtype,
    )
    x = np.tile(x, 3)  # whole vectors, and a tail
    with np.errstate(all="ignore"):
        eager = getattr(fathom, name)(fathom.from_numpy(x)).numpy()
    rtol = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(native(getattr(fathom, name), x), eager, rtol=rtol, atol=1e-37)
