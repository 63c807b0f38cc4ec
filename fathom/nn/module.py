"""Module: parameters and child modules under one name, and `forward`, the formula that uses them.

registry.py   what it is made of          state.py    saving and loading
hooks.py      who listens to its calls    errors.py   saying where something went wrong
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Self

from fathom.core import dtypes
from fathom.core.base import TensorBase
from fathom.nn.errors import LOCATED, locate
from fathom.nn.hooks import Hooked
from fathom.nn.parameter import is_lazy
from fathom.nn.registry import Registry
from fathom.nn.state import Stateful
from fathom.ops import creation
from fathom.tensors import Tensor


class Module(Registry, Stateful, Hooked):
    """The base class of all networks and layers: `__init__` makes parameters, `forward` is the formula.

    >>> class Affine(fathom.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.weight = fathom.nn.Parameter(fathom.tensor([2.]))
    ...     def forward(self, x):
    ...         return self.weight * x
    >>> Affine()(fathom.tensor([3.]))
    tensor([6.], grad_fn=<MulBackward>)
    """

    training: bool

    def __init__(self) -> None:
        own = self.__dict__  # plain attributes: nothing can be registered before these exist
        own["training"] = True
        own["_parameters"] = {}
        own["_buffers"] = {}
        own["_non_persistent_buffers_set"] = set()
        own["_modules"] = {}
        own["_forward_pre_hooks"] = OrderedDict()
        own["_forward_pre_hooks_with_kwargs"] = {}
        own["_forward_hooks"] = OrderedDict()
        own["_forward_hooks_with_kwargs"] = {}
        own["_forward_hooks_always_called"] = {}
        own["_backward_pre_hooks"] = OrderedDict()
        own["_backward_hooks"] = OrderedDict()
        own["_state_dict_pre_hooks"] = OrderedDict()
        own["_state_dict_hooks"] = OrderedDict()
        own["_load_state_dict_pre_hooks"] = OrderedDict()
        own["_load_state_dict_post_hooks"] = OrderedDict()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The output for these inputs. Call the module itself, not this: `net(x)` runs the hooks too."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if (
                self._forward_hooks
                or self._forward_pre_hooks
                or self._backward_hooks
                or self._backward_pre_hooks
            ):
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except LOCATED as error:
            locate(error, self)
            raise

    # ---- modes ----

    def train(self, mode: bool = True) -> Self:
        """Training mode on (or off) here and below: it tells layers such as Dropout and BatchNorm what to do."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, got {type(mode).__name__}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Learn all parameters, or freeze them."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; set_to_none=False fills them with 0 instead."""
        for p in self.parameters():
            if p.grad is None:
                continue
            p.grad = None if set_to_none else p.grad.detach().zero_()

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call fn on every module below, children first, and on this one.

        >>> net = fathom.nn.Sequential(fathom.nn.Linear(2, 1), fathom.nn.ReLU())
        >>> _ = net.apply(lambda module: print(type(module).__name__))
        Linear
        ReLU
        Sequential
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # ---- dtype and device ----

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace every parameter's, gradient's and buffer's values by fn of them; the parameters stay."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for p in self._parameters.values():
            if is_lazy(p):
                p.converted(fn)
            elif p is not None:
                p.data = fn(p.data)
                if p.grad is not None:
                    p.grad = fn(p.grad.detach())
        for name, buffer in self._buffers.items():
            if is_lazy(buffer):
                buffer.converted(fn)
            elif buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Self:
        """Move and convert parameters and buffers, in place: to(device), to(dtype), to(device, dtype), to(tensor).

        A dtype applies to floating-point (and complex) tensors only: counters stay integers.
        """
        for arg in args:
            if isinstance(arg, TensorBase):
                dtype, device = arg.dtype, arg.device
            elif isinstance(arg, dtypes.dtype):
                dtype = arg
            elif not isinstance(arg, bool):
                device = arg
        if dtype is not None and dtypes.as_dtype(dtype).kind not in ("float", "complex"):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )

        def moved(x: Tensor) -> Tensor:
            wanted = dtype if x.dtype.kind in ("float", "complex") else None
            return creation.to(x, dtype=wanted, device=device)

        return self._apply(moved)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move to a device without the values."""
        return self._apply(lambda x: x.new_empty(x.shape, device=device), recurse)

    def cpu(self) -> Self:
        """Move to the CPU."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """Move to a CUDA device."""
        return self.to("cuda" if device is None else device)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype."""
        return self._apply(lambda x: x.type(dst_type))

    def float(self) -> Self:
        """Convert to float32."""
        return self.to(dtypes.float32)

    def double(self) -> Self:
        """Convert to float64."""
        return self.to(dtypes.float64)

    def half(self) -> Self:
        """Convert to float16."""
        return self.to(dtypes.float16)

    def bfloat16(self) -> Self:
        """Convert to bfloat16."""
        return self.to(dtypes.bfloat16)

    # ---- printing ----

    def extra_repr(self) -> str:
        """What a layer prints of itself between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        children = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        return laid_out(self._get_name(), extra.split("\n") if extra else [], children)


def laid_out(name: str, extra: list[str], children: list[str]) -> str:
    """Name(extra) on one line, or, with children, a line for each."""
    if not children and len(extra) <= 1:
        return f"{name}({''.join(extra)})"
    return f"{name}(\n" + "".join(f"  {line}\n" for line in extra + children) + ")"


def indented(text: str) -> str:
    """All lines but the first two columns to the right."""
    return text.replace("\n", "\n  ")
