"""class Tensor: what Python, NumPy and autograd ask of a tensor. The operations are in `methods`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fathom import autograd, printing
from fathom.core import dtypes, inplace, tape
from fathom.core.base import TensorBase, is_plain, new
from fathom.core.device import CPU, move
from fathom.methods import Methods
from fathom.ops import creation, indexing, movement, shaping

# What a deep copy does not share with the tensor that it is a copy of.
OF_ONE_TENSOR = ("array", "grad", "version", "origin", "hooks", "after_hooks")


class Tensor(Methods):
    """A multi-dimensional array of one dtype that knows how it was computed.

    Make one with `fathom.tensor(...)`, `fathom.zeros(...)`, `fathom.randn(...)` or `fathom.from_numpy(...)`.
    """

    __array_priority__ = 1000  # ndarray + Tensor is a Tensor

    def __init__(self, *data: Any, dtype: Any = None):
        """Tensor(2, 3): no particular values of that shape. Tensor([1, 2]): these numbers."""
        if data and all(isinstance(n, int) for n in data):
            self.array = np.zeros(data, dtypes.get_default_dtype().numpy)
        else:
            values = data[0] if data else []
            wanted = (
                dtype
                if dtype is not None or hasattr(values, "dtype")
                else dtypes.get_default_dtype()
            )
            self.array = creation.array_of(
                values.detach() if isinstance(values, TensorBase) else values, wanted
            )

    # ---- what it is ----

    def dim(self) -> int:
        """The number of dims."""
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size along one dim."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """The number of elements."""
        return self.shape.numel()

    nelement = numel
    ndimension = dim

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.numel() * self.dtype.itemsize

    @property
    def is_cuda(self) -> bool:
        """Whether the numbers live on a CUDA device."""
        return self.device.type == "cuda"

    def stride(self, dim: int | None = None) -> Any:
        """The step in memory, in elements, along each dim."""
        steps = tuple(s // self.array.itemsize for s in self.array.strides)
        return steps if dim is None else steps[dim]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        return bool(self.array.flags.c_contiguous)

    def contiguous(self, memory_format: Any = None) -> Tensor:
        """The tensor itself if it is contiguous, else a copy that is."""
        return self if not is_plain(self) or self.is_contiguous() else creation.clone(self)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.array.__array_interface__["data"][0]

    # ---- history ----

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for this tensor."""
        tape.refreshed(self)
        return self.tracked

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Track this tensor (or stop): its gradient will be in `.grad` after `backward()`."""
        if requires_grad and self.dtype.kind not in ("float", "complex"):
            raise RuntimeError(
                f"only Tensors of floating point and complex dtype can require gradients, got {self.dtype}"
            )
        if not requires_grad and self.node is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables; use .detach()"
            )
        self.tracked = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was not computed from tracked tensors."""
        return self.grad_fn is None

    @property
    def grad_fn(self) -> tape.Node | None:
        """The recorded operation that made it, or None for a leaf."""
        tape.refreshed(self)
        return self.node if self.tracked else None

    @property
    def data(self) -> Tensor:
        """The same memory, seen by no gradient: writing to it is not noticed by autograd."""
        y = new(self.array)
        if not is_plain(self):
            y.origin = (self, movement.StopGradient())
        return y

    @data.setter
    def data(self, value: Tensor) -> None:
        self.array, self.version = value.array, None

    _version = property(lambda self: 0 if self.version is None else self.version[0])

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add to `.grad` of every tracked leaf the gradient of this tensor (times `gradient`).

        >>> x = fathom.tensor([1., 2.], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
        """
        autograd.backward(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Callable) -> autograd.RemovableHandle:
        """Call `hook(gradient)` when this tensor's gradient is known; it may return another in its place."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        owner = self if self.node is None else self.node
        if owner.hooks is None:
            owner.hooks = {}
        return autograd.RemovableHandle(owner.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable) -> autograd.RemovableHandle:
        """Call `hook(leaf)` each time after a gradient was added to this leaf's `.grad`."""
        if not self.requires_grad or not self.is_leaf:
            raise RuntimeError("post accumulate grad hooks are for leaf tensors that require grad")
        if self.after_hooks is None:
            self.after_hooks = {}
        return autograd.RemovableHandle(self.after_hooks, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `.grad`."""
        if self.node is not None:
            self.register_hook(
                lambda g: setattr(self, "grad", g if self.grad is None else self.grad + g)
            )

    def detach_(self) -> Tensor:
        """Cut this tensor off from its history."""
        self.node, self.tracked = None, False
        return self

    detach = shaping.detach

    # ---- whole-tensor views and copies ----

    @property
    def T(self) -> Tensor:
        """The dims in reverse order."""
        return self.permute(*reversed(range(self.ndim)))

    @property
    def mT(self) -> Tensor:
        """The last two dims exchanged."""
        return self.transpose(-2, -1)

    @property
    def H(self) -> Tensor:
        """The conjugate transpose of a matrix."""
        return self.t().conj()

    mH = property(lambda self: self.mT.conj())

    def cpu(self) -> Tensor:
        """The tensor in the CPU's memory."""
        return self.to(CPU)

    def cuda(self, device: Any = None) -> Tensor:
        """The tensor on a CUDA device."""
        return self.to("cuda" if device is None else device)

    def copy_(self, src: Tensor, non_blocking: bool = False) -> Tensor:
        """Write src (broadcast, converted) into this tensor."""
        return inplace.assign(self, src.to(self.dtype).to(self.device).expand(self.shape))

    def fill_(self, value: Any) -> Tensor:
        """Write one value everywhere."""
        return inplace.assign(
            self,
            self.new_tensor(float(value) if self.dtype.kind == "float" else value).expand(
                self.shape
            ),
        )

    def zero_(self) -> Tensor:
        """Write 0 everywhere."""
        return self.fill_(0)

    # ---- leaving for Python and NumPy ----

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The numbers as a NumPy array that shares memory (on the CPU). Raises where a gradient is tracked."""
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        if self.device != CPU and not force:
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() first."
            )
        return move(self.plain("numpy()"), CPU)

    def plain(self, what: str) -> Any:
        """The array, where it can be read now."""
        if not is_plain(self):
            raise RuntimeError(
                f"{what}: the values are not known inside {type(self.array).__name__.lower()} (vmap, jvp or tracing);"
                " compute with tensor operations instead, such as where()"
            )
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return (
            array.astype(dtype)
            if dtype is not None and array.dtype != dtype
            else array.copy()
            if copy
            else array
        )

    def __array_wrap__(
        self, array: np.ndarray, context: Any = None, return_scalar: bool = False
    ) -> Tensor:
        return creation.from_numpy(np.asarray(array))

    def __dlpack__(self, **options: Any) -> Any:
        return self.detach().plain("DLPack").__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.plain("DLPack").__dlpack_device__()

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.numel() != 1:
            raise RuntimeError(
                f"a Tensor with {self.numel()} elements cannot be converted to Scalar"
            )
        value = self.plain("item()").item()
        return float(value) if self.dtype.kind == "float" else value

    def tolist(self) -> Any:
        """The elements as (nested lists of) Python numbers."""
        array = move(self.plain("tolist()"), CPU)
        return (array.astype(np.float32) if self.dtype is dtypes.bfloat16 else array).tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in ("int", "bool") or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {self.numel()} values is ambiguous; use .any() or .all()"
            )
        return bool(self.item())

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter([indexing.row(self, k) for k in range(self.shape[0])])

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return printing.text(self)

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec) if self.ndim else format(self.item(), spec)

    def __deepcopy__(self, memo: dict) -> Tensor:
        if self.node is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user support the deepcopy protocol at the moment;"
                " use .detach().clone()"
            )
        y = object.__new__(type(self))
        memo[id(self)] = y
        y.__dict__.update({k: v for k, v in self.__dict__.items() if k not in OF_ONE_TENSOR})
        y.array = self.array.copy()
        if self.grad is not None:
            y.grad = self.grad.detach().clone()
        return y

    def __reduce__(self) -> Any:
        if self.node is not None:
            raise RuntimeError(
                "a tensor with a history cannot be sent to another process; send x.detach()"
            )
        return _rebuilt, (type(self), move(self.plain("copying"), CPU), self.tracked)


def _rebuilt(kind: type, array: np.ndarray, tracked: bool) -> Tensor:
    y = object.__new__(kind)
    y.array, y.tracked = array, tracked
    return y


TensorBase.kind = Tensor
