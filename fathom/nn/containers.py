"""Containers of modules: in order, in lists and in dicts."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from fathom.nn.module import Module, indented


class ModuleList(Module):
    """A list of modules whose parameters are registered; it has no forward of its own.

    >>> layers = fathom.nn.ModuleList([fathom.nn.Linear(2, 2) for _ in range(3)])
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _place(self, index: int) -> str:
        """The name of the module at an index."""
        n = len(self)
        at = operator.index(index)
        if not -n <= at < n:
            raise IndexError(f"index {at} is out of range for {n} modules")
        return str(at % n)

    def _rebuild(self, modules: Iterable[Module]) -> None:
        self._modules = {str(k): module for k, module in enumerate(modules)}

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._modules[self._place(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._place(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        self._rebuild(modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at an index."""
        modules = list(self)
        modules.insert(index, module)
        self._rebuild(modules)

    def pop(self, index: int | slice) -> Any:
        """Take a module out and return it."""
        found = self[index]
        del self[index]
        return found

    def __repr__(self) -> str:
        runs: list[list] = []  # [first, last, text] of equal neighbours
        for k, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1][1] = k
            else:
                runs.append([k, k, text])
        lines = [
            f"  ({first}): {indented(text)}\n"
            if first == last
            else f"  ({first}-{last}): {last - first + 1} x {indented(text)}\n"
            for first, last, text in runs
        ]
        return f"{self._get_name()}(" + ("\n" + "".join(lines) if lines else "") + ")"


class Sequential(Module):
    """Modules one after the other: each one's output is the next one's input.

    Sequential(a, b) names them 0, 1, ...; Sequential(OrderedDict(first=a, second=b)) as the dict does.

    >>> net = fathom.nn.Sequential(fathom.nn.Flatten(), fathom.nn.Linear(4, 2))
    >>> net(fathom.ones(3, 2, 2)).shape
    fathom.Size([3, 2])
    """

    def __init__(self, *args: Any):
        super().__init__()
        named = (
            args[0].items() if len(args) == 1 and isinstance(args[0], Mapping) else enumerate(args)
        )
        for name, module in named:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        """The output of the last module."""
        for module in self._modules.values():
            input = module(input)
        return input

    def _name(self, index: int) -> str:
        n = len(self)
        at = operator.index(index)
        if not -n <= at < n:
            raise IndexError(f"index {at} is out of range for {n} modules")
        return list(self._modules)[at]

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))
        return self._modules[self._name(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        chosen = list(self._modules)[index] if isinstance(index, slice) else [self._name(index)]
        kept = {name: module for name, module in self._modules.items() if name not in chosen}
        self._renumber(kept)

    def _renumber(self, modules: dict[str, Module]) -> None:
        """Take these modules; names that are numbers become the positions."""
        numbered = all(name.isdigit() for name in modules)
        self._modules = {
            str(k) if numbered else name: m for k, (name, m) in enumerate(modules.items())
        }

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(
                f"add operator supports only objects of Sequential class, but {type(other)} is given."
            )
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        if not isinstance(other, Sequential):
            raise ValueError(
                f"add operator supports only objects of Sequential class, but {type(other)} is given."
            )
        return self.extend(list(other))

    def __mul__(self, other: int) -> Sequential:
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return Sequential(*(list(self) * other))

    __rmul__ = __mul__

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Add modules at the end."""
        for module in sequential:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at an index."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        n = len(self)
        if not -n <= index <= n:
            raise IndexError(f"Index out of range: {index} for {n} modules")
        modules = list(self)
        modules.insert(index, module)
        self._modules = {str(k): m for k, m in enumerate(modules)}
        return self

    def pop(self, key: int | slice) -> Any:
        """Take a module out and return it."""
        found = self[key]
        del self[key]
        return found


class ModuleDict(Module):
    """Modules by name, whose parameters are registered; it has no forward of its own."""

    def __init__(self, modules: Mapping[str, Module] | Iterable | None = None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take a module out and return it."""
        return self._modules.pop(key)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Module]]:
        """(name, module) for each."""
        return self._modules.items()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable) -> None:
        """Add modules, from a dict or from pairs (name, module)."""
        for name, module in pairs_of(modules, "ModuleDict"):
            self[name] = module


def pairs_of(given: Any, what: str) -> Iterable[tuple[str, Any]]:
    """The pairs (name, value) of a dict, or of an iterable of pairs."""
    if not isinstance(given, Iterable):
        raise TypeError(
            f"{what}.update should be called with an iterable of key/value pairs, but got {type(given).__name__}"
        )
    if hasattr(given, "items"):
        return given.items()
    pairs = list(given)
    for k, pair in enumerate(pairs):
        if not isinstance(pair, Iterable) or len(list(pair)) != 2:
            raise ValueError(
                f"{what} update sequence element #{k} must be a pair (name, value), got {pair!r}"
            )
    return pairs
