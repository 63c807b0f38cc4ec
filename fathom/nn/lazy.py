"""Lazy modules: sizes that are not given are taken from the first input."""

from __future__ import annotations

from typing import Any

from fathom.autograd import no_grad
from fathom.nn.module import Module
from fathom.nn.parameter import is_lazy


class LazyModuleMixin(Module):
    """A module with uninitialized parameters or buffers, until its first forward pass.

    A lazy layer derives from this and from the layer it will be (`cls_to_become`), makes the tensors of
    unknown size UninitializedParameter or UninitializedBuffer, and defines `initialize_parameters`, which
    is called with the arguments of the first forward and gives them their sizes and values.
    """

    cls_to_become: type[Module] | None = None

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give sizes and values to all that has none, from the arguments of forward."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module, not of its children, has no size yet."""
        return any(is_lazy(x) for x in [*self._parameters.values(), *self._buffers.values()])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with no_grad():
            self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise RuntimeError(
                f"{type(self).__name__} is not fully initialized: initialize_parameters left a parameter or"
                " buffer without a size"
            )
        if self.cls_to_become is not None:
            self.__class__ = (
                self.cls_to_become
            )  # the object stays: it is registered with its parents
        return Module.__call__(self, *args, **kwargs)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: Any) -> None:
        """Take sizes that are not known yet from the state dict."""
        for name, tensor in {**self._parameters, **self._buffers}.items():
            given = state_dict.get(prefix + name)
            if is_lazy(tensor) and given is not None and not is_lazy(given):
                tensor.materialize(given.shape)
        super()._load_from_state_dict(state_dict, prefix, *rest)
