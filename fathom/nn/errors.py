"""An error inside a network says where: the path of the module whose input did not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom.core.errors import DtypeError, ShapeError

if TYPE_CHECKING:
    from fathom.nn.module import Module

LOCATED = (ShapeError, DtypeError, IndexError)


def locate(error: Any, module: Module) -> None:
    """Let the error's message begin with the path and the text of the innermost module.

    Called by each module that the error passes on its way out, so that the path grows from the inside:
    "matmul: ..." -> "Linear(...): ..." -> "3 Linear(...): ..." -> "net.3 Linear(...): ...".
    """
    if not hasattr(error, "innermost"):
        if len(error.args) != 1 or not isinstance(error.args[0], str):
            return
        error.innermost, error.path = module, ""
        who, _, complaint = error.args[0].partition(": ")
        # "MaxPool2d(...): max_pool2d: got x" would say it twice
        twice = who.replace("_", "") == type(module).__name__.lower()
        error.complaint = complaint if twice else error.args[0]
    else:
        inner = next((name for name, found in module.named_modules() if found is error.nearest), "")
        error.path = ".".join(part for part in (inner, error.path) if part)
    error.nearest = module
    where = f"{error.path} " if error.path else ""
    error.args = (f"{where}{summary(error.innermost)}: {error.complaint}",)


def summary(module: Module) -> str:
    """The module on one line, without what is inside it: Linear(in_features=2, out_features=3, bias=True)."""
    return f"{module._get_name()}({module.extra_repr()})"
