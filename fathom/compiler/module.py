"""A compiled module: it is called as a native program, and is the module in everything else."""

from __future__ import annotations

import copy
import functools
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fathom.compiler.compiled import Compiled


class CompiledModule:
    """A module whose call is compiled. Its parameters, buffers, modes and layers are those of the module, read and
    written through it; a method that returns the module (`train`, `to`, ...) returns this.

    Unlike PyTorch's, its `state_dict` has the module's own names, with no `_orig_mod.` before them.

    >>> model = fathom.compile(fathom.nn.Linear(2, 1))
    >>> model.eval() is model, model.training, list(model.state_dict())
    (True, False, ['weight', 'bias'])
    """

    def __init__(self, module: Any, compiled: Compiled):
        object.__setattr__(self, "_orig_mod", module)
        object.__setattr__(self, "_compiled", compiled)

    @property
    def __class__(self):  # type: ignore[override]
        """The module's class: `isinstance` says what it is, so that it may be a layer of another module."""
        return type(self._orig_mod)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiled(*args, **kwargs)

    def show(self, what: str = "graph") -> None:
        """Print a stage of the newest program."""
        self._compiled.show(what)

    @property
    def recompiles(self) -> list[str]:
        """Why each program after the first was made."""
        return self._compiled.recompiles

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_orig_mod" not in vars(self):
            raise AttributeError(name)
        value = getattr(self._orig_mod, name)
        if not isinstance(value, types.MethodType):
            return value

        @functools.wraps(value)
        def method(*args: Any, **kwargs: Any) -> Any:
            result = value(*args, **kwargs)
            return self if result is self._orig_mod else result

        return method

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._orig_mod, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._orig_mod, name)

    def __deepcopy__(self, memo: dict) -> CompiledModule:
        module, compiled = copy.deepcopy(self._orig_mod, memo), self._compiled
        return CompiledModule(module, type(compiled)(module, compiled.fullgraph, compiled.accept))

    def __repr__(self) -> str:
        return repr(self._orig_mod)
