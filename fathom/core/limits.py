"""The limits of element types: `fathom.finfo(fathom.float32).eps`, `fathom.iinfo(fathom.int8).max`."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from fathom.core import dtypes


class finfo:
    """What a floating-point dtype can hold (of complex numbers, each part).

    >>> fathom.finfo(fathom.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: dtypes.dtype | None = None):
        d = dtypes.get_default_dtype() if type is None else type
        if d.kind not in ("float", "complex"):
            raise TypeError(
                f"finfo: expected a floating-point or complex dtype, got {d}; use iinfo"
            )
        part = np.empty(0, d.numpy).real.dtype if d.kind == "complex" else d.numpy
        info = ml_dtypes.finfo(part)
        self.dtype = part.name
        self.bits = info.bits
        self.eps = float(info.eps)
        self.max, self.min = float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(f"1e-{info.precision}")

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g},"
            f" smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """What a dtype of whole numbers can hold.

    >>> fathom.iinfo(fathom.int8).max
    127
    """

    def __init__(self, type: dtypes.dtype):
        if type.kind != "int":
            raise TypeError(f"iinfo: expected a dtype of whole numbers, got {type}; use finfo")
        info = np.iinfo(type.numpy)
        self.dtype = type.name
        self.bits = info.bits
        self.max, self.min = int(info.max), int(info.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
