"""`FloatTensor`, `LongTensor` and their like: PyTorch's older names for a tensor of one dtype."""

from __future__ import annotations

from typing import Any

from fathom.core import dtypes
from fathom.core.base import new
from fathom.ops.creation import array_of, empty
from fathom.tensors import Tensor


class TypedTensor(type):
    """A class that stands for the tensors of one dtype: calling it makes one, isinstance knows one."""

    dtype: dtypes.dtype

    def __call__(cls, *data: Any) -> Tensor:
        if data and all(isinstance(n, int) for n in data):
            return empty(*data, dtype=cls.dtype)
        values = data[0] if data else []
        return new(array_of(values.detach() if isinstance(values, Tensor) else values, cls.dtype))

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, Tensor) and x.dtype is cls.dtype


def typed(name: str, d: dtypes.dtype) -> TypedTensor:
    words = f"A tensor of {d.name}: `{name}([1, 2])` of numbers, `{name}(2, 3)` of a shape."
    return TypedTensor(name, (), {"dtype": d, "__doc__": words, "__module__": "fathom"})


FloatTensor = typed("FloatTensor", dtypes.float32)
DoubleTensor = typed("DoubleTensor", dtypes.float64)
HalfTensor = typed("HalfTensor", dtypes.float16)
BFloat16Tensor = typed("BFloat16Tensor", dtypes.bfloat16)
LongTensor = typed("LongTensor", dtypes.int64)
IntTensor = typed("IntTensor", dtypes.int32)
ShortTensor = typed("ShortTensor", dtypes.int16)
CharTensor = typed("CharTensor", dtypes.int8)
ByteTensor = typed("ByteTensor", dtypes.uint8)
BoolTensor = typed("BoolTensor", dtypes.bool_)


def set_default_tensor_type(t: TypedTensor | str) -> None:
    """Choose the default dtype by the name of a floating-point tensor type."""
    known = {
        f"{module}.{kind}Tensor": d for module in ("torch", "fathom") for kind, d in KINDS.items()
    }
    if isinstance(t, str) and t not in known:
        raise TypeError(f"set_default_tensor_type: {t!r} is not one of {', '.join(known)}")
    dtypes.set_default_dtype(known[t] if isinstance(t, str) else t.dtype)


KINDS = {"Float": dtypes.float32, "Double": dtypes.float64, "Half": dtypes.float16}
