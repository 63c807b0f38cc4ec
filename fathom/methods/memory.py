"""Where a tensor's numbers lie, and what kind they are: PyTorch's questions, and the plain answers here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.core import inplace
from fathom.core.base import TensorBase, new
from fathom.core.device import CPU
from fathom.core.layout import strided
from fathom.ops import creation, making

if TYPE_CHECKING:
    from fathom.tensors import Tensor


class Memory(TensorBase):
    """Questions about memory and layout, and what changes them."""

    layout = strided
    is_sparse = is_quantized = is_meta = is_mps = is_nested = False

    @property
    def is_cpu(self) -> bool:
        """Whether the numbers lie in the CPU's memory."""
        return self.device == CPU

    def get_device(self) -> int:
        """The number of the CUDA device, or -1 for the CPU."""
        return -1 if self.device == CPU else self.device.index or 0

    def storage_offset(self) -> int:
        """How many elements lie before the first one in the memory that this is a view of."""
        array = self.array
        if getattr(array, "base", None) is None or not isinstance(array.base, np.ndarray):
            return 0
        start = array.base.__array_interface__["data"][0]
        return (array.__array_interface__["data"][0] - start) // array.itemsize

    def pin_memory(self: Tensor, device: Any = None) -> Tensor:
        """The tensor itself: memory is not pinned here."""
        return self

    def is_pinned(self, device: Any = None) -> bool:
        """False: memory is not pinned here."""
        return False

    def share_memory_(self: Tensor) -> Tensor:
        """The tensor itself: worker processes get copies."""
        return self

    def is_shared(self) -> bool:
        """False: worker processes get copies."""
        return False

    def is_inference(self) -> bool:
        """False: what `inference_mode` makes is an ordinary tensor here."""
        return False

    def is_conj(self) -> bool:
        """False: a conjugate is computed at once."""
        return False

    is_neg = is_conj

    def resolve_conj(self: Tensor) -> Tensor:
        """The tensor itself: a conjugate is computed at once."""
        return self

    resolve_neg = resolve_conj

    def type_as(self: Tensor, other: Tensor) -> Tensor:
        """The tensor in the other's dtype."""
        return self.to(other.dtype)

    def new(self: Tensor, *data: Any) -> Tensor:
        """A tensor of the data, or of the sizes, with this one's dtype and device."""
        if data and all(isinstance(n, int) for n in data):
            return creation.new_empty(self, *data)
        return creation.new_tensor(self, data[0] if data else [])

    def new_empty_strided(self: Tensor, size: Any, stride: Any, **options: Any) -> Tensor:
        """`empty_strided` with this one's dtype and device."""
        kind = {"dtype": self.dtype, "device": self.device} | options
        return making.empty_strided(size, stride, **kind)

    def resize_(self: Tensor, *sizes: Any) -> Tensor:
        """Give the tensor another shape: its elements in order, cut off or followed by zeros."""
        if self.requires_grad:
            raise RuntimeError("resize_: cannot resize variables that require grad")
        to = tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
        whole = np.zeros(int(np.prod(to)), self.array.dtype)
        kept = self.array.reshape(-1)[: whole.size]
        whole[: kept.size] = kept
        self.data = new(whole.reshape(to))
        return self

    def resize_as_(self: Tensor, the_template: Tensor) -> Tensor:
        """`resize_` to another tensor's shape."""
        return self.resize_(*the_template.shape)

    def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
        """Write the result of a Python function of each element: slow, and without gradients."""
        flat = [callable(x) for x in self.detach().reshape(-1).tolist()]
        return inplace.assign(self, creation.new_tensor(self, flat).reshape(self.shape))

    def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Write the result of a Python function of each element and the other tensor's."""
        pairs = zip(
            self.reshape(-1).tolist(), tensor.expand_as(self).reshape(-1).tolist(), strict=True
        )
        flat = [callable(a, b) for a, b in pairs]
        return inplace.assign(self, creation.new_tensor(self, flat).reshape(self.shape))

    def __reversed__(self: Tensor) -> Tensor:
        return self.flip(0) if self.ndim else self
