"""Tensors from numbers, lists, arrays; and tensors of zeros, ones, ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core import dtypes
from fathom.core.base import TensorBase, new
from fathom.core.device import device as Device
from fathom.core.device import move
from fathom.ops.arithmetic import Cast
from fathom.ops.axes import sizes_of
from fathom.ops.movement import Copy, Transfer

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Number = bool | int | float | complex


def finished(array: np.ndarray, device: Device | str | None, requires_grad: bool) -> Tensor:
    """A tensor of the array, on its device."""
    y = new(array if device is None else move(array, Device(device)))
    return y.requires_grad_() if requires_grad else y


def tensor(
    data,
    *,
    dtype=None,
    device: Device | str | None = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of numbers, (nested) sequences of numbers or tensors, or an array: always a copy.

    Python floats become the default dtype (float32), ints int64; arrays keep theirs.

    >>> fathom.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(data, TensorBase):
        y = data.detach().clone() if dtype is None else Cast(dtypes.as_dtype(dtype))(data.detach())
        y = y if device is None else y.to(device)
        return y.requires_grad_(requires_grad)
    return finished(array_of(data, dtype), device, requires_grad)


def array_of(data, dtype=None) -> np.ndarray:
    """A new NumPy array of the data, in `dtype` or the dtype that PyTorch would give it."""
    wanted = None if dtype is None else dtypes.as_dtype(dtype).numpy
    if isinstance(data, np.ndarray | np.generic):
        dtypes.as_dtype(data.dtype if wanted is None else wanted)  # raises for dtypes fathom lacks
        return np.array(data, wanted, order="C")
    if hasattr(data, "__array__") and not isinstance(data, (list, tuple)):
        return np.array(data, wanted)
    try:
        array = np.array(plain_numbers(data), wanted)
    except ValueError as error:
        raise ValueError(
            f"tensor: the nested sequence is ragged or holds something that is no number ({error})"
        ) from None
    if array.dtype.kind not in "biufcV":
        raise TypeError(
            f"tensor: could not infer dtype of {data.__class__.__name__}: elements must be numbers"
        )
    if wanted is None:
        first = array.dtype
        default = {
            "f": dtypes.get_default_dtype(),
            "c": dtypes.default_complex(),
            "b": dtypes.bool_,
        }.get(first.kind)
        if not holds_arrays(data):
            array = (
                array.astype((default or dtypes.int64).numpy)
                if array.size
                else array.astype(dtypes.get_default_dtype().numpy)
            )
    return array


def plain_numbers(data):
    """Nested sequences with tensors inside as nested sequences of arrays."""
    if isinstance(data, TensorBase):
        return data.detach().numpy()
    if isinstance(data, (list, tuple, range)):
        return [plain_numbers(x) for x in data] if not isinstance(data, range) else list(data)
    return data


def holds_arrays(data) -> bool:
    """Whether the innermost elements carry a dtype of their own."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (TensorBase, np.ndarray, np.generic))


def as_tensor(data, dtype=None, device: Device | str | None = None) -> Tensor:
    """The data as a tensor, without a copy where it is a tensor or an array of that dtype already."""
    if isinstance(data, TensorBase):
        y = data if dtype is None else data.to(dtypes.as_dtype(dtype))
        return y if device is None else y.to(device)
    if isinstance(data, np.ndarray) and (
        dtype is None or data.dtype == dtypes.as_dtype(dtype).numpy
    ):
        y = from_numpy(data)
        return y if device is None else y.to(device)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory: writing to one writes to the other."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {ndarray.__class__.__name__})")
    if ndarray.dtype not in dtypes.BY_NUMPY:
        if ndarray.dtype.newbyteorder("=") not in dtypes.BY_NUMPY:
            dtypes.as_dtype(ndarray.dtype)
        raise ValueError(
            f"from_numpy: dtype {ndarray.dtype} is in another byte order; convert with"
            " array.astype(array.dtype.newbyteorder('='))"
        )
    return new(np.asarray(ndarray))


def from_dlpack(ext_tensor) -> Tensor:
    """A tensor that shares the memory of another library's tensor (PyTorch, JAX, CuPy), by DLPack."""
    return from_numpy(np.from_dlpack(ext_tensor))


# ---- filled tensors --------------------------------------------------------------------------------


def full(
    size: Sequence[int], fill_value: Number, *, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """Every element is `fill_value`."""
    d = dtypes.of_scalar(fill_value) if dtype is None else dtypes.as_dtype(dtype)
    return finished(np.full(sizes_of((size,)), fill_value, d.numpy), device, requires_grad)


def zeros(*size, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """Every element is 0.

    >>> fathom.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return filled(np.zeros, size, dtype, device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """Every element is 1."""
    return filled(np.ones, size, dtype, device, requires_grad)


def empty(*size, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """Elements of no particular value (here 0: a program must not depend on it)."""
    return filled(np.zeros, size, dtype, device, requires_grad)


def filled(make, size: tuple, dtype, device, requires_grad: bool) -> Tensor:
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    shape = sizes_of(size)
    if min(shape, default=0) < 0:
        raise RuntimeError(f"a tensor cannot have a negative size, got {shape}")
    return finished(make(shape, d.numpy), device, requires_grad)


def like(make, input: Tensor, dtype, device, requires_grad: bool) -> Tensor:
    d = input.dtype if dtype is None else dtypes.as_dtype(dtype)
    return finished(
        make(tuple(input.shape), d.numpy), input.device if device is None else device, requires_grad
    )


def zeros_like(input: Tensor, *, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """Zeros in the input's shape, dtype and device."""
    return like(np.zeros, input, dtype, device, requires_grad)


def ones_like(input: Tensor, *, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """Ones in the input's shape, dtype and device."""
    return like(np.ones, input, dtype, device, requires_grad)


def empty_like(input: Tensor, *, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """A tensor of no particular values in the input's shape, dtype and device."""
    return like(np.zeros, input, dtype, device, requires_grad)


def full_like(
    input: Tensor, fill_value: Number, *, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """`fill_value` everywhere, in the input's shape, dtype and device."""
    return like(lambda shape, d: np.full(shape, fill_value, d), input, dtype, device, requires_grad)


def arange(
    start: Number = 0,
    end: Number | None = None,
    step: Number = 1,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below end. Whole numbers give int64, others the default dtype.

    >>> fathom.arange(3)
    tensor([0, 1, 2])
    """
    if end is None:
        start, end = 0, start
    start, end, step = (x.item() if isinstance(x, TensorBase) else x for x in (start, end, step))
    if step == 0 or (end - start) * step < 0:
        raise RuntimeError(f"arange: step {step} does not lead from {start} to {end}")
    whole = all(isinstance(x, int) for x in (start, end, step))
    d = (
        (dtypes.int64 if whole else dtypes.get_default_dtype())
        if dtype is None
        else dtypes.as_dtype(dtype)
    )
    count = math.ceil((end - start) / step)
    exact = np.arange(count, dtype=np.int64 if whole else np.float64) * step + start
    return finished(exact.astype(d.numpy), device, requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers from start to end, both included, at equal distances."""
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return finished(np.linspace(start, end, steps).astype(d.numpy), device, requires_grad)


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    """base ** linspace(start, end, steps)."""
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return finished(
        np.logspace(start, end, steps, base=base).astype(d.numpy), device, requires_grad
    )


def eye(
    n: int, m: int | None = None, *, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """The identity matrix (n, m): 1 on the diagonal, 0 elsewhere."""
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return finished(np.eye(n, m, dtype=d.numpy), device, requires_grad)


def clone(input: Tensor, *, memory_format=None) -> Tensor:
    """A copy in memory of its own; gradients flow through it."""
    return Copy()(input)


def new_tensor(
    input: Tensor, data, *, dtype=None, device=None, requires_grad: bool = False
) -> Tensor:
    """A tensor of the data with the input's dtype and device."""
    d = input.dtype if dtype is None and not isinstance(data, np.ndarray) else dtype
    return tensor(
        data,
        dtype=d,
        device=input.device if device is None else device,
        requires_grad=requires_grad,
    )


def new_zeros(input: Tensor, *size, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """Zeros with the input's dtype and device."""
    d = input.dtype if dtype is None else dtype
    return filled(np.zeros, size, d, input.device if device is None else device, requires_grad)


def new_ones(input: Tensor, *size, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """Ones with the input's dtype and device."""
    d = input.dtype if dtype is None else dtype
    return filled(np.ones, size, d, input.device if device is None else device, requires_grad)


def new_full(
    input: Tensor,
    size: Sequence[int],
    fill_value: Number,
    *,
    dtype=None,
    device=None,
    requires_grad: bool = False,
) -> Tensor:
    """`fill_value` everywhere, with the input's dtype and device."""
    d = input.dtype if dtype is None else dtype
    return full(
        size,
        fill_value,
        dtype=d,
        device=input.device if device is None else device,
        requires_grad=requires_grad,
    )


def new_empty(input: Tensor, *size, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """A tensor of no particular values with the input's dtype and device."""
    return new_zeros(input, *size, dtype=dtype, device=device, requires_grad=requires_grad)


# ---- other dtype, other device ---------------------------------------------------------------------


def to(
    input: Tensor,
    *args,
    dtype=None,
    device=None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format=None,
) -> Tensor:
    """The tensor in another dtype and on another device: to(dtype), to(device), to(device, dtype), to(other).

    Returns the tensor itself where nothing changes and no copy is asked for.
    """
    for arg in args:
        if isinstance(arg, dtypes.dtype):
            dtype = arg
        elif isinstance(arg, TensorBase):
            dtype, device = arg.dtype, arg.device
        elif isinstance(arg, (str, Device)):
            device = arg
        elif isinstance(arg, bool):
            copy = copy or (arg and arg is args[-1] and len(args) > 2)
        elif arg is not None:
            dtype = dtypes.as_dtype(arg)
    y = input
    if dtype is not None and dtypes.as_dtype(dtype).numpy != input.array.dtype:
        y = Cast(dtypes.as_dtype(dtype))(y)
    if device is not None and Device(device) != y.device:
        y = Transfer(Device(device))(y)
    return clone(y) if copy and y is input else y


def type(input: Tensor, dtype=None):
    """The tensor in another dtype; without one, the name of the tensor's type.

    dtype: a dtype, or PyTorch's older names: "torch.DoubleTensor", fathom.DoubleTensor.

    >>> fathom.ones(2).type(fathom.int64).type()
    'fathom.LongTensor'
    """
    if dtype is None:
        return f"fathom.{TYPE_NAMES[input.dtype.name]}Tensor"
    if isinstance(dtype, str) and dtype.endswith("Tensor"):
        kind = dtype.rpartition(".")[2].removesuffix("Tensor")
        found = [name for name, known in TYPE_NAMES.items() if known == kind]
        if not found:
            raise ValueError(
                f"type: invalid type {dtype!r}; there are {', '.join(TYPE_NAMES.values())}"
            )
        dtype = found[0]
    elif isinstance(getattr(dtype, "dtype", None), dtypes.dtype):
        dtype = dtype.dtype  # LongTensor and its like
    return to(input, dtypes.as_dtype(dtype))


TYPE_NAMES = {
    "float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16", "int64": "Long",
    "int32": "Int", "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip
