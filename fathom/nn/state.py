"""The state of a module as a flat dict, path -> tensor, with PyTorch's keys and shapes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fathom import autograd
from fathom.autograd import RemovableHandle
from fathom.core.base import TensorBase
from fathom.nn.parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from fathom.tensors import Tensor

EXTRA = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` found missing, and what it did not expect."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Stateful:
    """Saving to a state dict, and loading from one."""

    _version = 1  # of the layout of a class's own state
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _state_dict_pre_hooks: dict[int, Callable]
    _state_dict_hooks: dict[int, Callable]
    _load_state_dict_pre_hooks: dict[int, Callable]
    _load_state_dict_post_hooks: dict[int, Callable]

    # ---- saving ----

    def state_dict(
        self, *, destination: dict | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers, by path. They share memory with the module's own.

        >>> list(fathom.nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            replaced = hook(self, destination, prefix, metadata)
            destination = destination if replaced is None else replaced
        return destination

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        """Put this module's own state, not its children's, into `destination`."""
        for name, tensor in self._own_state().items():
            destination[prefix + name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
        if type(self).get_extra_state is not Stateful.get_extra_state:
            destination[prefix + EXTRA] = self.get_extra_state()

    def _own_state(self) -> dict[str, Any]:
        """This module's parameters and persistent buffers, by name."""
        buffers = {
            k: v for k, v in self._buffers.items() if k not in self._non_persistent_buffers_set
        }
        return {k: v for k, v in {**self._parameters, **buffers}.items() if v is not None}

    def get_extra_state(self) -> Any:
        """What else belongs to the state; a subclass that defines it defines `set_extra_state` too."""
        raise RuntimeError(
            f"{type(self).__name__} has no get_extra_state, but the state dict asks for it"
        )

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave."""
        raise RuntimeError(
            f"{type(self).__name__} has no set_extra_state, but the state dict holds extra state"
        )

    # ---- loading ----

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy the tensors of a state dict into the module; raises RuntimeError naming all that does not fit.

        strict=False lets keys be missing or unexpected (sizes must fit all the same); assign=True puts
        the given tensors in the place of the module's, instead of copying their values.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        copy = OrderedDict(state_dict)  # hooks may rename its keys
        if metadata is not None:
            copy._metadata = metadata  # type: ignore[attr-defined]

        def load(module: Any, state: dict, prefix: str) -> None:
            local = {} if metadata is None else metadata.get(prefix[:-1], {})
            if assign:
                local = {**local, "assign_to_params_buffers": True}
            module._load_from_state_dict(state, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    load(child, {k: v for k, v in state.items() if k.startswith(below)}, below)
            for hook in module._load_state_dict_post_hooks.values():
                hook(module, IncompatibleKeys(missing, unexpected))

        load(self, copy, "")
        if strict and unexpected:
            errors.insert(0, f"Unexpected key(s) in state_dict: {quoted(unexpected)}. ")
        if strict and missing:
            errors.insert(0, f"Missing key(s) in state_dict: {quoted(missing)}. ")
        if errors:
            listed = "\n\t".join(errors)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}"
            )
        return IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self,
        state_dict: dict,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Take this module's own state, not its children's; note what is missing, unexpected or wrong."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                self,
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        own = self._own_state()
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                error = self._load_one(name, tensor, state_dict[key], key, local_metadata)
                error_msgs.extend([] if error is None else [error])
            elif strict:
                missing_keys.append(key)
        extra = type(self).set_extra_state is not Stateful.set_extra_state
        if prefix + EXTRA in state_dict and extra:
            self.set_extra_state(state_dict[prefix + EXTRA])
        elif extra and strict:
            missing_keys.append(prefix + EXTRA)
        if strict:
            for key in state_dict:
                name, *below = key[len(prefix) :].split(".", 1)
                known = name in self._modules if below else name in own or (name == EXTRA and extra)
                if key.startswith(prefix) and not known:
                    unexpected_keys.append(key)

    def _load_one(
        self, name: str, tensor: Tensor, given: Any, key: str, metadata: dict
    ) -> str | None:
        """Take one tensor; returns what is wrong with it, if something is."""
        if not isinstance(given, TensorBase):
            return f'While copying the parameter named "{key}", expected a fathom tensor but got {type(given).__name__}'
        if is_lazy(tensor) or is_lazy(
            given
        ):  # the mixin sizes it before; nothing to copy otherwise
            return None
        if tuple(tensor.shape) == () and tuple(given.shape) == (1,):
            given = given[0]  # older files hold scalars so
        if tensor.shape != given.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {tuple(given.shape)} from checkpoint,"
                f" the shape in current model is {tuple(tensor.shape)}."
            )
        if metadata.get("assign_to_params_buffers"):
            if isinstance(tensor, Parameter):
                given = given if isinstance(given, Parameter) else Parameter(given, tensor.tracked)
            setattr(self, name, given)
            return None
        with autograd.no_grad():
            tensor.copy_(given)
        return None

    # ---- hooks ----

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, prefix, keep_vars) before the state is saved."""
        return RemovableHandle(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata) after the state was saved; it may change the dict."""
        return RemovableHandle(self._state_dict_hooks, hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors) before loading."""
        return RemovableHandle(self._load_state_dict_pre_hooks, hook)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable, with_module: bool = False
    ) -> RemovableHandle:
        """PyTorch's older form: the hook is called without the module unless with_module is set."""

        def without_module(module: Any, *args: Any) -> None:
            hook(*args)

        return self.register_load_state_dict_pre_hook(hook if with_module else without_module)

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, incompatible_keys) after loading."""
        return RemovableHandle(self._load_state_dict_post_hooks, hook)


def quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
