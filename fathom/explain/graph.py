"""The computation behind some tensors: the applications that led to them, joined into values.

What was recorded tells the user's lines and the operations without a gradient; the tape tells the
rest, such as users' own functions, and all of it where nothing was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fathom.compiler.unfold import unfold
from fathom.core.base import new
from fathom.core.tape import Node
from fathom.explain.figures import figures, short
from fathom.explain.parts import Figures, Value
from fathom.explain.record import Application, Record

Names = dict[int, tuple[str, str]]  # identity of a tensor -> its name and role


@dataclass(eq=False)
class Network:
    """Applications in order, with the value that each of them reads and makes."""

    applications: list[Application]
    values: list[Value] = field(default_factory=list)
    made: dict[int, Value] = field(default_factory=dict)  # by identity of the application
    leaves: dict[Any, Value] = field(default_factory=dict)  # by identity of the tensor
    tensors: dict[int, Any] = field(default_factory=dict)  # of the leaves, by number of the value
    by_node: dict[Node, Application] = field(default_factory=dict)
    by_tensor: dict[int, Application] = field(default_factory=dict)

    def maker(self, x: Any, source: Node | None, written: int) -> Application | None:
        """The application that made x, as x was when it had been written to so often."""
        if source is not None:
            return self.by_node.get(source)
        found = self.by_tensor.get(id(x))
        return found if found is not None and found.written == written else None

    def value_of(
        self, x: Any, source: Node | None, written: int, names: Names, seen: Figures
    ) -> Value:
        """The value that x is: of an operation, or known before."""
        maker = self.maker(x, source, written)
        if maker is not None and id(maker) in self.made:
            return self.made[id(maker)]
        key = (
            id(x) if x.tracked or not written else (id(x), written)
        )  # written since: another value
        if key not in self.leaves:
            name, role = names.get(id(x), ("", "input" if x.tracked else "constant"))
            leaf = Value(0, name, role, seen)
            if (
                role == "constant"
                and not name
                and is_uniform(x.array)
                and x.array.dtype.kind in "fiub"
            ):
                leaf.constant = np.asarray(x.array).flat[0].item()
            self.leaves[key] = self.add(leaf)
            self.tensors[leaf.number] = x
        return self.leaves[key]

    def add(self, value: Value) -> Value:
        value.number = len(self.values)
        self.values.append(value)
        if not value.name and value.role != "result":
            number = value.constant
            value.name = f"{value.role} {value.number}" if number is None else short(number)
        return value


def network(outputs: Sequence[Any], record: Record) -> Network:
    """The applications from which the outputs were computed."""
    by_node = {a.node: a for a in record.applications if a.node is not None}
    by_tensor = {id(a.output): a for a in record.applications}
    found = Network([], by_node=by_node, by_tensor=by_tensor)
    waiting = [
        from_tape(y.node, record, by_node) if y.tracked and y.node else by_tensor.get(id(y))
        for y in outputs
    ]
    needed: dict[int, Application] = {}
    while waiting:
        a = waiting.pop()
        if a is None or id(a) in needed:
            continue
        needed[id(a)] = a
        for x, source, written in zip(a.inputs, a.sources, a.versions):
            waiting.append(
                found.maker(x, source, written)
                if source is None
                else from_tape(source, record, by_node)
            )
    turns, last = {}, -1
    for position, a in enumerate(record.applications):
        last = a.node.order if a.node is not None else last
        turns[id(a)] = (last, position)
    found.applications = sorted(
        needed.values(), key=lambda a: turns.get(id(a)) or (a.node.order if a.node else 0, -1)
    )
    return found


def from_tape(node: Node, record: Record, by_node: dict[Node, Application]) -> Application:
    """The application that a node of the tape stands for."""
    if node not in by_node:
        unfold(node)
        if node.inputs is None:
            raise RuntimeError(
                f"explain: the tape behind {node.name} was freed by backward(); explain before backward(), or"
                " pass retain_graph=True to it"
            )
        y = new(node.array)
        by_node[node] = Application(
            node.primitive, tuple(node.inputs), y, node, figures(node.array),
            [record.figures_of(x) for x in node.inputs],
            [parent if isinstance(parent, Node) else None for parent in node.parents],
            list(node.counts), 0,
        )  # fmt: skip
    return by_node[node]


def is_uniform(array: Any) -> bool:
    """Whether an array is one number repeated: its memory holds one element, or it is one."""
    if not isinstance(array, np.ndarray) or not array.size:
        return False
    return all(step == 0 or size == 1 for step, size in zip(array.strides, array.shape))
