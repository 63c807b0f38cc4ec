"""Element types, and PyTorch's rules for what two of them make together.

A dtype here is a name for a NumPy dtype (bfloat16 comes from `ml_dtypes`). Arrays and primitives
speak NumPy dtypes; users see these.
"""

from __future__ import annotations

from dataclasses import dataclass

import ml_dtypes
import numpy as np

KINDS = ("bool", "int", "float", "complex")  # each kind absorbs those before it


@dataclass(frozen=True, eq=False)
class dtype:
    """An element type, such as `fathom.float32`."""

    name: str
    kind: str
    numpy: np.dtype

    @property
    def is_floating_point(self) -> bool:
        return self.kind == "float"

    @property
    def is_complex(self) -> bool:
        return self.kind == "complex"

    @property
    def is_signed(self) -> bool:
        return self.name not in ("uint8", "bool")

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    def __repr__(self) -> str:
        return f"fathom.{self.name}"

    def __reduce__(self):  # copies and worker processes get the same object
        return BY_NAME.__getitem__, (self.name,)


def _named(name: str, kind: str, scalar: type | None = None) -> dtype:
    return dtype(name, kind, np.dtype(scalar or name))


bool_ = _named("bool", "bool")
uint8 = _named("uint8", "int")
int8 = _named("int8", "int")
int16 = _named("int16", "int")
int32 = _named("int32", "int")
int64 = _named("int64", "int")
float16 = _named("float16", "float")
bfloat16 = _named("bfloat16", "float", ml_dtypes.bfloat16)
float32 = _named("float32", "float")
float64 = _named("float64", "float")
complex64 = _named("complex64", "complex")
complex128 = _named("complex128", "complex")

ALL = (
    bool_, uint8, int8, int16, int32, int64,
    float16, bfloat16, float32, float64, complex64, complex128,
)  # fmt: skip
BY_NAME = {d.name: d for d in ALL}
BY_NUMPY = {d.numpy: d for d in ALL}
_PYTHON = {bool: bool_, int: int64}
_default = [float32]


def get_default_dtype() -> dtype:
    """The dtype of new floating-point tensors: float32 unless it was changed."""
    return _default[0]


def set_default_dtype(d: dtype) -> None:
    """Choose the dtype of new floating-point tensors, `fathom.float32` or `fathom.float64`."""
    if not as_dtype(d).is_floating_point:
        raise TypeError(f"set_default_dtype: {d} is not a floating-point dtype")
    _default[0] = as_dtype(d)


def default_complex() -> dtype:
    """The complex dtype with the default floating-point dtype as its parts."""
    return complex128 if _default[0] is float64 else complex64


def as_dtype(d: object) -> dtype:
    """A dtype from a dtype, a NumPy dtype or scalar type, or Python's bool, int, float, complex."""
    if isinstance(d, dtype):
        return d
    if d is float:
        return _default[0]
    if d is complex:
        return default_complex()
    if d in _PYTHON:
        return _PYTHON[d]
    try:
        return BY_NUMPY[np.dtype(d)]
    except (TypeError, KeyError):
        names = ", ".join(BY_NAME)
        raise TypeError(f"{d!r} is no dtype of fathom; there are {names}") from None


def of_scalar(value: object) -> dtype:
    """The dtype of a Python number."""
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return _default[0]
    if isinstance(value, complex):
        return default_complex()
    raise TypeError(f"expected a number, got {type(value).__name__}")


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest dtype that holds both kinds: the higher kind wins, then the wider dtype.

    >>> fathom.promote_types(fathom.int64, fathom.float16)
    fathom.float16
    >>> fathom.promote_types(fathom.uint8, fathom.int8)
    fathom.int16
    """
    if a is b:
        return a
    if a.kind != b.kind:
        low, high = sorted((a, b), key=lambda d: KINDS.index(d.kind))
        return complex128 if high is complex64 and low is float64 else high
    if uint8 in (a, b):  # no signed dtype of one byte holds 255
        other = b if a is uint8 else a
        return int16 if other is int8 else other
    if {a, b} == {float16, bfloat16}:
        return float32
    return a if a.itemsize > b.itemsize else b


def combine(sized: dtype | None, zero_dim: dtype | None, scalar: dtype | None) -> dtype:
    """PyTorch's result type: tensors with dims decide, 0-d tensors and then Python numbers
    count only when their *kind* is higher."""
    result: dtype | None = None
    for d in (sized, zero_dim, scalar):
        if d is None:
            continue
        if result is None:
            result = d
        elif KINDS.index(d.kind) > KINDS.index(result.kind):
            if d.kind == "complex" and result.kind == "float":
                d = (
                    complex128 if result is float64 else complex64
                )  # with parts as wide as the floats
            result = d
    assert result is not None
    return result
