r"""The backward pass, seen step by step: at each operation what arrives, the local derivative, what goes on.

It is the sweep of core/tape.py with everything kept: gradients are the same to the last bit.
Letters: g the gradient arriving at the output, gx the gradient of an input x.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np

from fathom.autograd.function import Custom
from fathom.autograd.gradients import first_gradient
from fathom.compiler.outside import CompiledFunction
from fathom.core import tape
from fathom.core.base import TensorBase, new
from fathom.core.primitive import Elementwise
from fathom.core.tape import Node
from fathom.explain import formulas
from fathom.explain.check import checked
from fathom.explain.figures import figures
from fathom.explain.formulas import Operand, bar
from fathom.explain.graph import Network
from fathom.explain.parts import Arrival, Operation, Pull, Value
from fathom.explain.record import Application

SMALL = 8  # rows and columns of a Jacobian that is shown
# Rules that have no formula: a user's own code, and native code.
OPAQUE = (Custom, CompiledFunction)


def go_backward(
    y: Any,
    gradient: Any,
    found: Network,
    applied: dict[int, Application],
    operations: Sequence[Operation],
) -> str:
    """Fill in the gradients of all values and the edges of all operations; says what it began with."""
    g = new(np.ones(y.shape, y.array.dtype)) if gradient is None else first_gradient(y, gradient)
    by_node = {applied[o.number].node: o for o in operations if applied[o.number].node is not None}
    leaves = {id(found.tensors[v.number]): v for v in found.leaves.values()}
    arrived: dict[Any, list[tuple[Operation | None, Any]]] = {tape.edge(y): [(None, g)]}
    waiting: list[tuple[int, Node]] = [(-y.node.order, y.node)] if isinstance(y.node, Node) else []
    turn = 0
    while waiting:
        node = heapq.heappop(waiting)[1]
        operation = by_node[node]
        turn += 1
        operation.turn = turn
        total = tape.hooked(node.hooks, settle(operation.output, arrived.pop(node)))
        operation.arrived = operation.output.gradient
        with tape.grad_mode(False):
            pulled = node.pull(total)
        for k, (parent, gx) in enumerate(zip(node.parents, pulled)):
            if parent is None or gx is None:
                continue
            if not isinstance(
                gx, TensorBase
            ):  # the gradients of several outputs, on their way to one function
                arrived.setdefault(parent, []).append((operation, gx))
            else:
                if tape.is_complex(gx) and not tape.is_complex(node.inputs[k]):
                    gx = gx.real
                operation.pulls.append(edge(operation, applied[operation.number], k, total, gx))
                arrived.setdefault(parent, []).append((operation, gx))
            if isinstance(parent, Node) and (-parent.order, parent) not in waiting:
                heapq.heappush(waiting, (-parent.order, parent))
    for leaf, gradients in arrived.items():
        value = leaves.get(id(leaf))
        if value is not None:
            settle(value, gradients)
    if gradient is not None:
        return "The backward pass begins with the given gradient."
    if y.array.size == 1:
        return "The backward pass begins with 1, the derivative of the result by itself."
    return (
        "The backward pass begins with 1 for every element of the result: it is that of their sum."
    )


def settle(value: Value, gradients: Sequence[tuple[Operation | None, Any]]) -> Any:
    """Add up what arrived at a value."""
    total = gradients[0][1]
    for _, g in gradients[1:]:
        total = total + g
    value.wanted = True
    if isinstance(total, TensorBase):
        value.gradient = figures(total.array)
        value.arrivals = [Arrival(maker, figures(g.array)) for maker, g in gradients]
        if len(gradients) > 1:
            value.added = addition(value.arrivals, value.gradient)
    return total


def addition(arrivals: Sequence[Arrival], total: Any) -> str:
    """0.2 + 0.3 = 0.5, of gradients of one number."""
    if total.values is None or total.values.size != 1:
        return ""
    terms = [
        formulas.number_text(float(a.figures.values.flat[0]))
        for a in arrivals
        if a.figures.values is not None
    ]
    shown = " + ".join(
        rf"\left({t}\right)" if t.startswith("-") and k else t for k, t in enumerate(terms)
    )
    return f"{shown} = {formulas.number_text(float(total.values.flat[0]))}"


def edge(operation: Operation, a: Application, k: int, g: Any, gx: Any) -> Pull:
    """The edge from an operation to its input k: the local derivative, the product, the check."""
    value, letter = operation.inputs[k], operation.letters[k]
    operands = tuple(
        Operand(tuple(x.shape), x.array.dtype, v.constant)
        for x, v in zip(a.inputs, operation.inputs)
    )
    pull = Pull(value, letter, figures(gx.array))
    if isinstance(a.primitive, OPAQUE):
        return pull
    pull.formula = formulas.pull(a.primitive, operands, k)
    pull.partial = formulas.partial(a.primitive, operands, k)
    found = local(a, k)
    if found is not None:
        pull.local, pull.local_is_jacobian = (
            figures(found),
            not isinstance(a.primitive, Elementwise),
        )
    if pull.product.values is not None and pull.formula is not None:
        at, body, constants = formulas.pull_expression(a.primitive, operands, k)
        arrays = {name: np.asarray(x.array) for name, x in zip(operation.letters, a.inputs)}
        arrays |= {bar("y"): np.asarray(g.array), "y": np.asarray(a.output.array), **constants}
        pull.worked = formulas.worked(bar(letter), at, body, arrays, np.asarray(gx.array))
    pull.check = checked(a.primitive, [x.array for x in a.inputs], k, g.array, gx.array)
    return pull


def local(a: Application, k: int) -> np.ndarray | None:
    """The numbers of the local derivative: one for each element, or a small Jacobian matrix."""
    y = new(a.output.array)
    wanted = [position == k for position in range(len(a.inputs))]
    size, columns = a.output.array.size, a.inputs[k].array.size

    def pulled(g: np.ndarray) -> np.ndarray:
        with tape.grad_mode(False):
            return np.asarray(a.primitive.vjp(wanted, new(np.asarray(g)), y, *a.inputs)[k].array)

    if isinstance(a.primitive, Elementwise):
        return pulled(np.ones(a.output.array.shape, a.output.array.dtype))
    if not 0 < size <= SMALL or not 0 < columns <= SMALL:
        return None
    rows = np.eye(size, dtype=a.output.array.dtype).reshape((size, *a.output.array.shape))
    return np.stack([pulled(row).reshape(-1) for row in rows])
