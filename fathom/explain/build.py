"""From a recorded run to the tree of parts: groups, operations with their math, values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fathom.core.primitive import Primitive
from fathom.explain import formulas
from fathom.explain.backward import go_backward
from fathom.explain.formulas import Operand
from fathom.explain.graph import Names, Network, is_uniform, network
from fathom.explain.parts import Explanation, Group, Operation, Value
from fathom.explain.record import Application, Record
from fathom.explain.source import Call, definition, paths_of
from fathom.nn.module import Module


def build(
    title: str,
    outputs: Sequence[Any],
    record: Record,
    names: Names,
    module: Module | None,
    gradient: Any,
    backward: bool = True,
) -> Explanation:
    """The explanation of how the outputs came to be, and of the gradients of the first of them.

    names   what tensors are called, by identity
    module  the network whose paths name the groups
    gradient  what the backward pass begins with; None for ones
    """
    found = network(outputs, record)
    root = Group(title, "", "")
    grower = Grower(root, module)
    operations: list[Operation] = []
    applied: dict[int, Application] = {}
    for a in found.applications:
        operation = operation_of(a, found, names, len(operations) + 1)
        if operation is not None:
            operations.append(operation)
            applied[operation.number] = a
            grower.add(operation, a)
    simplified(root)
    only = root.children[0] if len(root.children) == 1 else None
    if isinstance(only, Group) and only.kind == "function" and only.name == title:
        root.children = only.children
    for operation in operations:
        operation.output.name = f"{operation.name} {operation.number}"
    ends = [value for y in outputs if (value := value_at(y, found)) is not None]
    explanation = Explanation(title, "", root, found.values, operations, ends)
    if backward and ends and outputs[0].tracked:
        explanation.seed = go_backward(outputs[0], gradient, found, applied, operations)
    return explanation


def operation_of(a: Application, found: Network, names: Names, number: int) -> Operation | None:
    """The operation of an application; None where it only spreads a constant number to a shape."""
    inputs = [
        found.value_of(x, source, written, names, seen)
        for x, source, written, seen in zip(a.inputs, a.sources, a.versions, a.read)
    ]
    constant = all(value.constant is not None for value in inputs) and is_uniform(a.output.array)
    if inputs and constant and a.node is None:
        number_everywhere = np.asarray(a.output.array).flat[0].item()
        found.made[id(a)] = found.add(
            Value(0, "", "constant", a.figures, constant=number_everywhere)
        )
        return None
    output = found.made[id(a)] = found.add(Value(0, "", "result", a.figures))
    kind = type(a.primitive)
    operation = Operation(
        number,
        kind.__name__,
        said(a.primitive),
        formulas.letters(len(inputs)),
        inputs,
        output,
        about=(kind.__doc__ or "").strip().split("\n")[0],
        line=a.line,
        definition=definition(kind),
    )
    output.maker = operation
    for value in dict.fromkeys(inputs):
        value.readers.append(operation)
    operands = operands_of(a, inputs)
    operation.formula = formulas.forward(a.primitive, operands)
    at, body = formulas.forward_expression(a.primitive, operands)
    arrays = {letter: np.asarray(x.array) for letter, x in zip(operation.letters, a.inputs)}
    if a.figures.values is not None and not is_written_since(a):
        operation.worked = formulas.worked("y", at, body, arrays, np.asarray(a.output.array))
    return operation


def said(primitive: Primitive) -> str:
    """A primitive as it is written; of a user's own function, its name."""
    function = getattr(primitive, "function", None)
    return (
        f"{type(primitive).__name__}({function.__name__})"
        if isinstance(function, type)
        else repr(primitive)
    )


def operands_of(a: Application, inputs: Sequence[Value]) -> tuple[Operand, ...]:
    """The inputs as a formula needs them."""
    return tuple(
        Operand(tuple(x.shape), x.array.dtype, v.constant) for x, v in zip(a.inputs, inputs)
    )


def is_written_since(a: Application) -> bool:
    """Whether the memory of an input or of the output was written to after the operation."""
    counts = [0 if x.version is None else x.version[0] for x in (*a.inputs, a.output)]
    return counts != [*a.versions, a.written]


def value_at(y: Any, found: Network) -> Value | None:
    """The value of a tensor that came out."""
    source = y.node if y.tracked else None
    maker = found.by_node.get(source) if source is not None else found.by_tensor.get(id(y))
    return found.made.get(id(maker)) if maker is not None else found.leaves.get(id(y))


# ---- groups --------------------------------------------------------------------------------------


class Grower:
    """Puts each operation into the group of the innermost call that it was made by."""

    def __init__(self, root: Group, module: Module | None):
        self.root = root
        self.module = module
        self.paths = paths_of(module) if module is not None else {}
        self.open: list[tuple[int, Group]] = []  # the calls that go on, by key

    def add(self, operation: Operation, a: Application) -> None:
        """Put one operation into its place."""
        depth = 0
        for (key, _), call in zip(self.open, a.calls):
            if key != call.key:
                break
            depth += 1
        del self.open[depth:]
        for call in a.calls[depth:]:
            group = self.group_of(call)
            self.inner().children.append(group)
            self.open.append((call.key, group))
        operation.group = self.inner()
        operation.group.children.append(operation)

    def inner(self) -> Group:
        return self.open[-1][1] if self.open else self.root

    def group_of(self, call: Call) -> Group:
        """A new group for a call."""
        if call.module is None:
            return Group(call.name, "function", "", place=definition(call.code), line=call.line)
        if (
            id(call.module) not in self.paths
        ):  # a network inside a function: its paths begin at itself
            self.paths |= {
                key: path for key, path in paths_of(call.module).items() if key not in self.paths
            }
        path = self.paths[id(call.module)]
        count = sum(p.numel() for p in call.module.parameters())
        place = definition(type(call.module).forward)
        return Group(call.name, "module", path, place=place, line=call.line, parameters=count)


def simplified(group: Group) -> None:
    """Leave out calls of functions that hold nothing but one thing; an operation takes the name."""
    for k, child in enumerate(group.children):
        if isinstance(child, Group):
            simplified(child)
            inner = child.children[0]
            if child.kind == "function" and len(child.children) == 1:
                inner.name = child.name
                inner.line = inner.line or child.line
                group.children[k] = inner
                if isinstance(inner, Operation):
                    inner.group = group
    inside = group.children[0] if len(group.children) == 1 else None
    if group.kind == "module" and isinstance(inside, Group) and inside.kind == "function":
        group.children = inside.children
        for child in group.children:
            if isinstance(child, Operation):
                child.group = group
