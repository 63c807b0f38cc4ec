"""What a function can reach by itself: the modules, optimizers and tensors around it, and their gradients."""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fathom.core.base import TensorBase

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def surroundings(f: Callable) -> Iterator[Any]:
    """The objects that a function can reach by itself: its owner, its closure, the globals it names."""
    if isinstance(f, types.MethodType):
        yield f.__self__
        f = f.__func__
    f = getattr(f, "__wrapped__", f)
    if not isinstance(f, types.FunctionType):
        yield f
        return
    for cell in f.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue
    for name in global_names(f.__code__):
        if name in f.__globals__:
            yield f.__globals__[name]
    yield from f.__defaults__ or ()


@functools.cache
def global_names(code: types.CodeType) -> list[str]:
    """The globals that the code and the functions in it read. (`co_names` has names of attributes, too.)"""
    read = [i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"]
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return list(dict.fromkeys([*read, *[name for part in inner for name in global_names(part)]]))


def reachable(f: Callable) -> Iterator[Any]:
    """The surroundings, and theirs where they are functions, and what lists and dicts among them hold."""
    seen: set[int] = set()
    waiting = list(surroundings(f))
    while waiting:
        x = waiting.pop()
        if id(x) in seen or isinstance(x, (types.ModuleType, type, str, int, float)):
            continue
        seen.add(id(x))
        yield x
        if isinstance(x, (list, tuple)):
            waiting += x
        elif isinstance(x, dict):
            waiting += x.values()
        elif (
            isinstance(x, (types.FunctionType, types.MethodType))
            and getattr(x, "__module__", "").split(".")[0] != "fathom"
        ):
            waiting += surroundings(x)
        elif (
            not hasattr(x, "parameters")
            and not hasattr(x, "param_groups")
            and not isinstance(x, TensorBase)
        ):
            waiting += [
                v
                for v in getattr(x, "__dict__", {}).values()
                if hasattr(v, "parameters")
                or hasattr(v, "param_groups")
                or isinstance(v, TensorBase)
            ]


def modules_of(f: Callable) -> list[Any]:
    """The modules that f can reach."""
    return [x for x in reachable(f) if hasattr(x, "named_modules")]


def optimizers_of(f: Callable) -> list[Any]:
    """The optimizers that f can reach."""
    return [x for x in reachable(f) if hasattr(x, "param_groups")]


def variables_of(f: Callable) -> list[Tensor]:
    """The tensors that f can reach and that no module or optimizer holds."""
    return [x for x in reachable(f) if isinstance(x, TensorBase)]


def tensors_of(f: Callable) -> Iterator[Tensor]:
    """The tensors that f can reach: its own, its modules', its optimizers', and their gradients."""
    seen: set[int] = set()

    def each() -> Iterator[Any]:
        for x in reachable(f):
            if isinstance(x, TensorBase):
                yield x
            elif hasattr(x, "named_modules"):
                yield from x.parameters()
                yield from x.buffers()
            elif hasattr(x, "param_groups"):
                for group in x.param_groups:
                    yield from group["params"]
                for state in x.state.values():
                    yield from (v for v in state.values() if isinstance(v, TensorBase))

    for x in each():
        for t in (x, x.grad):
            if isinstance(t, TensorBase) and id(t) not in seen:
                seen.add(id(t))
                yield t
