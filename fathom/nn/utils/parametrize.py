"""Parametrizations: a module's tensor computed from what is learnt, each time that it is read.

After `register_parametrization(layer, "weight", f)` the attribute layer.weight is f(original), and the
original is the parameter. Constraints (symmetric, orthogonal, of norm 1) are functions f.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from fathom.autograd import no_grad
from fathom.core.base import TensorBase
from fathom.nn.containers import ModuleDict, ModuleList
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.tensors import Tensor

_kept: dict[tuple[int, str], Tensor] = {}  # tensors already computed, while `cached()` is on
_depth = 0


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once only, however often it is read."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _kept.clear()


class ParametrizationList(ModuleList):
    """The functions of one tensor, in order, and the original that the first of them is applied to.

    A function with a method `right_inverse` gives the original for a wanted value; where that is a tuple,
    there are several originals: original0, original1, ...
    """

    def __init__(self, modules: Sequence[Module], original: Tensor):
        super().__init__(modules)
        self.count = 0  # of several originals; 0: there is one, a tensor
        wanted = self.inverted(original)
        if not isinstance(wanted, TensorBase):
            self.count = len(wanted)
        for name, value in zip(self.names(), self.as_list(wanted), strict=True):
            if isinstance(original, Parameter):
                value = Parameter(value.detach(), original.requires_grad)
                setattr(self, name, value)
            else:
                self.register_buffer(name, value)

    def names(self) -> list[str]:
        """The names of the originals."""
        return [f"original{k}" for k in range(self.count)] if self.count else ["original"]

    def as_list(self, wanted: Any) -> list[Tensor]:
        return list(wanted) if self.count else [wanted]

    def inverted(self, value: Tensor) -> Any:
        """What the functions must be applied to, so that the value comes out."""
        wanted: Any = value
        with no_grad():
            for function in reversed(list(self)):
                if hasattr(function, "right_inverse"):
                    wanted = function.right_inverse(wanted)
        return wanted

    def right_inverse(self, value: Tensor) -> None:
        """Change the originals so that the functions give this value."""
        wanted = self.inverted(value)
        with no_grad():
            for name, new in zip(self.names(), self.as_list(wanted), strict=True):
                getattr(self, name).copy_(new)

    def forward(self) -> Tensor:
        """The tensor: the functions applied to the originals."""
        functions = list(self)
        x = functions[0](*[getattr(self, name) for name in self.names()])
        for function in functions[1:]:
            x = function(x)
        return x

    def __repr__(self) -> str:
        return Module.__repr__(self)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let module.tensor_name be parametrization(original) from now on; returns the module.

    Several may be registered on one tensor: each is applied to what the one before gives. Raises
    ValueError where the tensor's shape or dtype would change, unless unsafe=True.

    >>> class Symmetric(fathom.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = fathom.nn.Linear(3, 3)
    >>> _ = fathom.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        held = module.parametrizations[tensor_name]
        if not unsafe:
            check(
                getattr(module, tensor_name),
                parametrization(getattr(module, tensor_name)),
                tensor_name,
            )
        held.append(parametrization)
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{type(module).__name__}' does not have a parameter, a buffer, or a parametrized element"
            f" with name '{tensor_name}'"
        )
    original = getattr(module, tensor_name)
    held = ParametrizationList([parametrization], original)
    if not unsafe:
        check(original, held(), tensor_name)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        name = type(module).__name__
        module.__class__ = type(f"Parametrized{name}", (type(module),), {"__module__": __name__})
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = held
    setattr(type(module), tensor_name, computed(tensor_name))
    return module


def computed(tensor_name: str) -> property:
    """The attribute that is computed when it is read, and inverted when it is set."""

    def read(self: Module) -> Tensor:
        held = self.parametrizations[tensor_name]
        if not _depth:
            return held()
        key = id(self), tensor_name
        if key not in _kept:
            _kept[key] = held()
        return _kept[key]

    def write(self: Module, value: Tensor) -> None:
        self.parametrizations[tensor_name].right_inverse(value)

    return property(read, write)


def check(before: Tensor, after: Any, tensor_name: str) -> None:
    if not isinstance(after, TensorBase):
        raise ValueError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
    if after.dtype is not before.dtype or after.shape != before.shape:
        raise ValueError(
            f"Registering a parametrization may not change the dtype or the shape of `{tensor_name}`, unless"
            f" unsafe=True: got {after.dtype} {tuple(after.shape)} for {before.dtype} {tuple(before.shape)}"
        )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the module has a parametrized tensor (of this name)."""
    held = module._modules.get("parametrizations")
    if not isinstance(held, ModuleDict):
        return False
    return len(held) > 0 if tensor_name is None else tensor_name in held


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Let the tensor be a plain parameter again: with the value it has, or (False) with its original's."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(
            f"Module {type(module).__name__} does not have a parametrization on {tensor_name}"
        )
    held = module.parametrizations[tensor_name]
    if not leave_parametrized and held.count:
        raise ValueError(
            f"cannot leave {tensor_name} unparametrized: it was made of {held.count} tensors"
        )
    with no_grad():
        value = (
            (getattr(module, tensor_name) if leave_parametrized else held.original).detach().clone()
        )
    first = getattr(held, held.names()[0])
    cls = type(module)
    delattr(cls, tensor_name)
    del module.parametrizations[tensor_name]
    if isinstance(first, Parameter):
        module.register_parameter(tensor_name, Parameter(value, first.requires_grad))
    else:
        module.register_buffer(tensor_name, value)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = cls.__bases__[0]
    return module
