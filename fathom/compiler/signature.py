"""What the programs of one function depend on: the arguments of a call, and what is around the function.

Around it are its modules (modes, numbers, which parameters there are and which want a gradient), its optimizers
(options, state), tensors that it closes over, the precision of products, and `no_grad`. A call has to look at all of
it; most times nothing has changed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import chain
from typing import Any

from fathom.compiler.capture import Option
from fathom.compiler.precision import in_halves
from fathom.compiler.reach import modules_of, optimizers_of, surroundings, variables_of
from fathom.core import tape
from fathom.core.base import TensorBase

# Options of optimizers that schedulers change from step to step: inputs from the start.
INPUTS = frozenset({"lr", "betas", "momentum"})


class Signature:
    """Makes the key of a call: calls with equal keys may share a program."""

    def __init__(self, f: Callable):
        self.f = f
        self.varying = set(INPUTS)  # options of the optimizers that are inputs
        self.fixed: set[str] = set()  # options whose value decides what is computed
        self.seen: dict[tuple[int, str], Any] = {}
        self.modules = modules_of(f)
        self.variables = variables_of(f)
        self.optimizers = optimizers_of(f)
        self.reads_gradients = bool(self.optimizers)  # whether it matters which .grad there are
        self.held: list[dict] = []  # what the facts are read from
        self.owned: list[Any] = []  # the parameters of each module
        self.leaves: list[Any] = []  # the tensors whose `.grad` the function may read
        self.around = Remembered(self.look, self.read)
        self.settings = Remembered(self.look_at_options, self.read_options)

    def key(self, leaves: list, structure: Any) -> tuple:
        """What a program depends on."""
        arguments = tuple(
            [
                (x.array.shape, x.dtype, x.tracked)
                if isinstance(x, TensorBase)
                else (type(x), x if is_value(x) else id(x))
                for x in leaves
            ]
        )
        settings = self.settings.now()
        modules, begun = self.around.now()
        named = [x for x in surroundings(self.f) if isinstance(x, TensorBase)]
        wanted = tuple([(id(x), x.tracked) for x in [*named, *self.variables]])
        enabled = tape.mode.enabled
        around = (begun, wanted, in_halves(), self.present(), enabled)
        return str(structure), arguments, modules, settings, *around

    def present(self) -> tuple[bool, ...]:
        """Which tensors have a gradient, where that matters."""
        return tuple([x.grad is not None for x in self.leaves]) if self.reads_gradients else ()

    def look(self) -> list:
        """The names and the objects that the facts about modules and states are made of."""
        return [
            *chain.from_iterable(self.held),
            *chain.from_iterable(map(dict.values, self.held)),
            *[optimizer.state for optimizer in self.optimizers],
            *chain.from_iterable([group["params"] for group in self.groups()]),
            *[x.tracked for x in self.owned],
        ]

    def read(self) -> tuple[tuple, tuple]:
        """The facts about each module, and which tensors the optimizers keep."""
        modules = [m for module in self.modules for m in module.modules()]
        states = [optimizer.state for optimizer in self.optimizers]
        begun = [held for state in states for held in state.values()]
        parameters = [vars(m)["_parameters"] for m in modules]
        children = [vars(m)["_modules"] for m in modules]
        self.held = [*[vars(m) for m in modules], *parameters, *children, *states, *begun]
        self.owned = [x for own in parameters for x in own.values() if x is not None]
        grouped = [group["params"] for group in self.groups()]
        leaves = chain(self.variables, self.owned, *grouped)
        self.leaves = list({id(x): x for x in leaves}.values())
        state = tuple(id(value) for held in begun for value in held.values())
        return tuple(map(facts, modules)), state

    # ---- the options of the optimizers ----

    def groups(self) -> list[dict]:
        """The groups of parameters of all optimizers."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def look_at_options(self) -> list:
        """The names and the objects that the settings are made of."""
        groups = self.groups()
        return [*chain.from_iterable(groups), *chain.from_iterable(map(dict.values, groups))]

    def read_options(self) -> tuple:
        """The options that decide what is computed. A number that has changed becomes an input of the next program."""
        for k, group in enumerate(self.groups()):
            for name, value in group.items():
                before = self.seen.setdefault((k, name), value)
                if name not in self.fixed and before != value and is_numeric(value):
                    self.varying.add(name)
                self.seen[k, name] = value
        return tuple(
            (k, name, value if is_value(value) else id(value))
            for k, group in enumerate(self.groups())
            for name, value in group.items()
            if name != "params" and not (name in self.varying and is_input(name, value))
        )

    def fix(self) -> bool:
        """Let options that were found to change decide what is computed, in place of being inputs; False where there
        are none."""
        if self.varying <= INPUTS:
            return False
        self.fixed |= self.varying - INPUTS
        self.varying = set(INPUTS)
        self.settings.forget()
        return True

    def options(self) -> list[Option]:
        """The numbers of the optimizers that are inputs of a program."""
        found = []
        for group in self.groups():
            for name in sorted(self.varying & group.keys()):
                if isinstance(group[name], tuple) and is_numeric(group[name]):
                    found += [Option(group, name, place) for place in range(len(group[name]))]
                elif is_input(name, group[name]):
                    found.append(Option(group, name))
        return found


class Remembered:
    """What `read` finds, read again only where the objects that `look` lists are not those of the last time. They are
    compared one by one for being the same, so they must be such as do not change in themselves."""

    def __init__(self, look: Callable[[], list], read: Callable[[], tuple]):
        self.look, self.read = look, read
        self.looked: list | None = None
        self.known: tuple = ()

    def now(self) -> tuple:
        """What there is to know now."""
        if self.looked is None or not same(self.look(), self.looked):
            self.known = self.read()
            self.looked = self.look()
        return self.known

    def forget(self) -> None:
        """Read at the next time, whatever there is."""
        self.looked = None


def same(objects: list, others: list) -> bool:
    """Whether two lists hold the same objects."""
    return len(objects) == len(others) and all(map(operator.is_, objects, others))


def facts(module: Any) -> tuple:
    """What a program takes from a module for good: its numbers and modes, and which parameters it has."""
    numbers = [(name, v) for name, v in vars(module).items() if isinstance(v, (int, float, str))]
    owned = [(id(p), p.tracked) for p in vars(module)["_parameters"].values() if p is not None]
    return type(module).__name__, *numbers, *owned


def is_input(name: str, value: Any) -> bool:
    """Whether an option may be an input: a float (a momentum of 0 leaves a part of the equations out)."""
    return is_numeric(value) and (name == "lr" or value != 0)


def is_numeric(x: Any) -> bool:
    """Whether x is a float, or a tuple of floats."""
    return isinstance(x, float) or (isinstance(x, tuple) and all(isinstance(v, float) for v in x))


def is_value(x: Any) -> bool:
    """Whether x is compared by what it is worth."""
    return isinstance(x, (int, float, complex, str, bytes, tuple, frozenset, type(None)))


def difference(old: tuple, new: tuple) -> str:
    """What changed between two signatures, in words."""
    names = (
        "the nesting of the arguments",
        "an argument",
        "a module: train() or eval(), a number, or a parameter",
        "an optimizer's options",
        "an optimizer's state",
        "a tensor that it closes over, or requires_grad of one,",
        "set_float32_matmul_precision",
        "which tensors have a gradient",
        "no_grad",
    )
    for name, a, b in zip(names, old, new, strict=True):
        if a != b:
            changed = (
                [f"{x} -> {y}" for x, y in zip(a, b, strict=False) if x != y]
                if isinstance(a, tuple)
                else []
            )
            return f"{name} changed" + (f": {'; '.join(changed[:3])}" if changed else "")
    return "the signature is the same"
