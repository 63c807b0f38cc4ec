"""assert_close: two tensors, or structures of them, are equal up to rounding; else it says how not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fathom.core import dtypes
from fathom.core.base import TensorBase

# Relative and absolute, as in PyTorch; everything that is not here must be equal exactly.
TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    r"""Raise AssertionError unless $|a_i - e_i| \le \mathrm{atol} + \mathrm{rtol}\,|e_i|$ for all elements.

    actual and expected are tensors, arrays, numbers, or sequences and mappings of them; shapes and
    dtypes must be equal too. Without rtol and atol the dtype decides: 1.3e-6 and 1e-5 for float32, 1e-7
    and 1e-7 for float64, and integers must be equal exactly. allow_subclasses and check_layout are
    accepted for PyTorch's sake: here a tensor has one layout.

    >>> fathom.testing.assert_close(fathom.tensor([1., 2.]), fathom.tensor([1., 2.000001]))
    >>> fathom.testing.assert_close(fathom.tensor([1, 2]), fathom.tensor([1, 4]))
    Traceback (most recent call last):
    AssertionError: Tensor-likes are not equal!
    <BLANKLINE>
    Mismatched elements: 1 / 2 (50.0%)
    Greatest absolute difference: 2 at index (1,)
    Greatest relative difference: 0.5 at index (1,)
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"rtol and atol must both be given, or neither; got {rtol=} and {atol=}")
    try:
        for where, a, e in pairs(actual, expected, ""):
            check_like(a, e, where, check_device, check_dtype, check_stride)
            check_values(numbers(a), numbers(e), where, rtol, atol, equal_nan, check_dtype)
    except AssertionError as error:
        if msg is None:
            raise
        raise AssertionError(msg(str(error)) if callable(msg) else msg) from None


def pairs(actual: Any, expected: Any, where: str) -> list[tuple[str, Any, Any]]:
    """The single values of two equal structures, side by side, and where they stand."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if set(actual) != set(expected):
            raise AssertionError(
                f"The keys{where} are not equal: {sorted(actual)} and {sorted(expected)}"
            )
        return [p for key in actual for p in pairs(actual[key], expected[key], f"{where}[{key!r}]")]
    if is_sequence(actual) and is_sequence(expected):
        if len(actual) != len(expected):
            raise AssertionError(
                f"The lengths{where} are not equal: {len(actual)} and {len(expected)}"
            )
        both = zip(actual, expected)
        return [p for k, (a, e) in enumerate(both) for p in pairs(a, e, f"{where}[{k}]")]
    for x in (actual, expected):
        if not isinstance(x, (TensorBase, np.ndarray, np.generic, bool, int, float, complex)):
            raise TypeError(f"assert_close{where}: cannot compare {type(x).__name__} with numbers")
    return [(where, actual, expected)]


def is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def check_like(a: Any, e: Any, where: str, device: bool, dtype: bool, stride: bool) -> None:
    """Type, shape, device, dtype and strides."""
    if isinstance(a, TensorBase) != isinstance(e, TensorBase):
        raise AssertionError(
            f"The types{where} are not equal: {type(a).__name__} and {type(e).__name__}"
        )
    if np.shape(numbers(a)) != np.shape(numbers(e)):
        shapes = f"{np.shape(numbers(a))} and {np.shape(numbers(e))}"
        raise AssertionError(f"The values for attribute 'shape'{where} do not match: {shapes}")
    asked = {"device": device, "dtype": dtype}
    names = [name for name, on in asked.items() if on and hasattr(a, name) and hasattr(e, name)]
    found = {name: (getattr(a, name), getattr(e, name)) for name in names}
    if stride and isinstance(a, TensorBase):
        found["stride()"] = a.stride(), e.stride()
    for name, (of_a, of_e) in found.items():
        if of_a != of_e:
            raise AssertionError(
                f"The values for attribute {name!r}{where} do not match: {of_a} and {of_e}"
            )


def numbers(x: Any) -> np.ndarray:
    """The values in an array."""
    return x.detach().cpu().numpy() if isinstance(x, TensorBase) else np.asarray(x)


def check_values(
    a: np.ndarray,
    e: np.ndarray,
    where: str,
    rtol: float | None,
    atol: float | None,
    equal_nan: bool,
    check_dtype: bool,
) -> None:
    if rtol is None or atol is None:
        given = [TOLERANCES.get(dtypes.as_dtype(x.dtype).name, (0.0, 0.0)) for x in (a, e)]
        rtol, atol = (max(both) for both in zip(*given))
    wide = wide_dtype(a, e)
    x, y = a.astype(wide), e.astype(wide)
    with np.errstate(all="ignore"):
        difference = abs(x - y)
        near = (x == y) | (np.isfinite(y) & (difference <= atol + rtol * abs(y)))
        if equal_nan:
            near |= np.isnan(x) & np.isnan(y)
        if near.all():
            return
        relative = difference / abs(y)
    exact = not rtol and not atol
    lines = [f"Tensor-likes{where} are not {'equal' if exact else 'close'}!", ""]
    if a.ndim:
        wrong = near.size - int(near.sum())
        lines.append(f"Mismatched elements: {wrong} / {near.size} ({100 * wrong / near.size:.1f}%)")
    for name, values, allowed in (("absolute", difference, atol), ("relative", relative, rtol)):
        values = np.where(near, -1, values)
        at = np.unravel_index(np.argmax(np.where(np.isnan(values), np.inf, values)), a.shape)
        place = f" at index {tuple(map(int, at))}" if a.ndim else ""
        limit = "" if exact else f" (up to {allowed} allowed)"
        lines.append(f"Greatest {name} difference: {values[at]}{place}{limit}")
    raise AssertionError("\n".join(lines))


def wide_dtype(a: np.ndarray, e: np.ndarray) -> type:
    """The dtype in which two values are subtracted: exact for integers, wide for the rest."""
    kinds = a.dtype.kind + e.dtype.kind
    if "c" in kinds:
        return np.complex128
    return np.int64 if set(kinds) <= set("biu") else np.float64
