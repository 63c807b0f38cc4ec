"""A graph of f and of its gradient, cut in two where f ends.

    both    y = f(x), dx = J^T g
    ahead   x       -> y, kept
    back    x, kept, g -> dx

`kept` is what the gradient reads of f, but for what a few elementwise steps compute again: such steps become parts of
the kernels that read them, and memory is slower than they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fathom.compiler.graph import alive, copied, shared
from fathom.core.primitive import Bilinear, Elementwise, Linear, Primitive
from fathom.core.tracing import Graph, Step, Symbol

AGAIN = 8  # elementwise steps for each element that are computed again rather than kept


@dataclass(eq=False)
class Cut:
    """The two parts, and what goes from the first to the second: the last outputs of `ahead`."""

    ahead: Graph
    back: Graph
    kept: list[Symbol]


def cut(graph: Graph, gradients: list[Symbol]) -> Cut:
    """Cut a graph whose outputs and updates are those of f, and which computes the gradients as well.

    What f writes over is kept where the gradient depends on it, even if it could be computed another way.
    """
    both = selected(graph, [*graph.outputs, *gradients], graph.updates)
    again = reads(alive(selected(both, gradients)).steps)
    both = alive(shared(both))
    outputs, gradients = both.outputs[: len(graph.outputs)], both.outputs[len(graph.outputs) :]
    ahead = alive(selected(both, outputs, both.updates))
    inside = {step.output for step in ahead.steps}
    pull = alive(selected(both, gradients)).steps
    read = reads(step for step in pull if step.output not in inside) | set(gradients)
    old = {x for x, _ in both.updates}
    kept = [x for x in given_to(both) if x in old & (again | read)]
    kept += kept_values(ahead, read, {x for x in given_to(both) if x not in old or x in kept})
    back = selected(both, gradients)
    back.steps = [step for step in both.steps if step.output not in set(kept)]
    return Cut(selected(ahead, [*outputs, *kept], both.updates), alive(back), kept)


def kept_values(ahead: Graph, read: set[Symbol], at_hand: set[Symbol]) -> list[Symbol]:
    """Of the values that are read outside of `ahead`, those that are not computed again from what is at hand."""
    exact = compared(ahead)
    read = joined(ahead, read, exact, at_hand)
    price = dict.fromkeys(at_hand, 0)
    kept = []
    for step in ahead.steps:
        again = cost_of_again(step, price)
        few = again <= AGAIN * math.prod(step.output.shape)
        if few and step.output not in read & exact:
            price[step.output] = int(again)
        elif step.output in read:
            kept.append(step.output)
            price[step.output] = 0
    return kept


def compared(ahead: Graph) -> set[Symbol]:
    """The values among which a largest one is looked for, and what they are views of."""
    found: set[Symbol] = set()
    for step in reversed(ahead.steps):
        if not is_smooth(step.primitive):
            found |= set(step.inputs)
        elif step.primitive.is_view and step.output in found:
            found.add(step.inputs[0])
    return found


def joined(
    ahead: Graph, read: set[Symbol], exact: set[Symbol], at_hand: set[Symbol]
) -> set[Symbol]:
    """The values that are read, but where several of them are a few steps from one value, and it takes less memory
    than they: that one. For windows of an image, which repeat its pixels, the image."""
    producer = {step.output: step for step in ahead.steps}
    price = dict.fromkeys(at_hand, 0)
    for step in ahead.steps:
        again = cost_of_again(step, price)
        if again <= AGAIN * math.prod(step.output.shape) and step.output not in exact:
            price[step.output] = int(again)
    made_of: dict[Symbol, list[Symbol]] = {}
    for y in [step.output for step in ahead.steps if step.output in read]:
        x = y
        for _ in range(AGAIN):
            step = producer[x]
            fixed = x in exact and not step.primitive.is_view
            x = None if fixed else only(step, price)
            if x not in producer:
                break
            made_of.setdefault(x, []).append(y)
    read = set(read)
    for step in ahead.steps:
        ys = [y for y in made_of.get(step.output, ()) if y in read]
        if sum(size(y) for y in ys) > size(step.output):
            read = read - set(ys) | {step.output}
    return read


def only(step: Step, price: dict[Symbol, int]) -> Symbol | None:
    """The one input of a step that is not at hand, if the step is elementwise or a view and there is just one."""
    missing = {x for x in step.inputs if x not in price}
    return missing.pop() if is_cheap(step) and len(missing) == 1 else None


def size(x: Symbol) -> int:
    """Its bytes."""
    return math.prod(x.shape) * x.dtype.itemsize


def is_smooth(primitive: Primitive) -> bool:
    """Whether small errors of the inputs make small errors of the output and of the gradient. A largest element is
    found by comparing: of what is computed again the last digit may differ, and none is equal to it."""
    return isinstance(primitive, (Elementwise, Linear, Bilinear))


def is_cheap(step: Step) -> bool:
    """Whether each element of the output takes at most one element of each input."""
    moves = step.primitive.is_view or not step.inputs
    return moves or isinstance(step.primitive, Elementwise)


def cost_of_again(step: Step, price: dict[Symbol, int]) -> float:
    """How many scalar operations compute the output from what has a price; infinite where it takes a sum, a product
    of matrices or what has none."""
    if not is_cheap(step) or not all(x in price for x in step.inputs):
        return math.inf
    own = math.prod(step.output.shape) if isinstance(step.primitive, Elementwise) else 0
    return own + sum(price[x] for x in set(step.inputs))


def selected(graph: Graph, outputs: Iterable[Symbol], updates: Iterable[tuple] = ()) -> Graph:
    """The graph with these outputs and updates in place of its own."""
    result = copied(graph, graph.steps, {})
    result.outputs, result.updates = list(outputs), list(updates)
    return result


def given_to(graph: Graph) -> list[Symbol]:
    """What a graph computes from."""
    return [*graph.inputs, *[symbol for symbol, _ in graph.constants]]


def reads(steps: Iterable[Step]) -> set[Symbol]:
    """What the steps read."""
    return {x for step in steps for x in step.inputs}
