"""Tracing: run a function on symbols, and write down every primitive that it applies.

A symbol has a shape and a dtype, and no values. Rules of calculus are tensor programs, so a function
that calls `backward()` is traced with its backward pass, and one that writes in place with the value
that is left in the end.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.core.base import TensorBase, at_level, levels, new
from fathom.core.inplace import alias
from fathom.core.trees import flatten, unflatten

if TYPE_CHECKING:
    from fathom.core.primitive import Primitive
    from fathom.tensors import Tensor


@dataclass(eq=False)
class Symbol:
    """A value that will be known when the graph runs; it stands in a tensor in the array's place."""

    level: int
    shape: tuple[int, ...]
    dtype: np.dtype
    graph: Graph = field(repr=False)

    def inner(self) -> None:
        """Nothing inside: a symbol has no values."""
        return None

    def adopt(self, x: Tensor) -> None:
        """Remember what x held before it came to hold a symbol of this graph."""
        self.graph.adopted.append((weakref.ref(x), x.array, x.tracked, x.node))

    def interpret(self, primitive: Primitive, inputs: Sequence[Tensor]) -> Tensor:
        """Write the primitive down; its output is a new symbol."""
        return new(self.graph.add(primitive, [self.graph.symbol_of(x) for x in inputs]))


@dataclass(frozen=True)
class Step:
    """One line of a graph: output = primitive(inputs)."""

    output: Symbol
    primitive: Primitive
    inputs: tuple[Symbol, ...]


@dataclass(eq=False)
class Graph:
    """What a function does, as a list of primitives in the order of their application.

    `constants` are the tensors that the function met and was not given; `updates` the inputs that it
    wrote to in place, with their new values.
    """

    level: int
    inputs: list[Symbol] = field(default_factory=list)
    constants: list[tuple[Symbol, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outputs: list[Symbol] = field(default_factory=list)
    updates: list[tuple[Symbol, Symbol]] = field(default_factory=list)
    adopted: list[tuple] = field(default_factory=list, repr=False)  # see Symbol.adopt
    structure: Any = None  # the nesting of the outputs (see core/trees.py)
    known: dict[Any, Symbol] = field(default_factory=dict, repr=False)  # constants, by array

    def symbol(self, shape: Sequence[int], dtype: np.dtype) -> Symbol:
        """A new symbol of this graph."""
        return Symbol(self.level, tuple(shape), dtype, self)

    def symbol_of(self, x: Tensor) -> Symbol:
        """The symbol in x, or the constant that x is."""
        array = x.array
        if at_level(x, self.level):
            return array
        if id(array) not in self.known:
            self.known[id(array)] = constant = self.symbol(array.shape, array.dtype)
            self.constants.append((constant, array))  # which also keeps the array, and so its id
        return self.known[id(array)]

    def add(self, primitive: Primitive, inputs: Sequence[Symbol]) -> Symbol:
        """Write down one application."""
        shape = primitive.shape(*[x.shape for x in inputs])
        output = self.symbol(shape, primitive.dtype(*[x.dtype for x in inputs]))
        self.steps.append(Step(output, primitive, tuple(inputs)))
        return output

    def restored(self, outputs: Sequence) -> Any:
        """Values of the outputs, nested as the function returned them."""
        return unflatten(self.structure, outputs)

    def names(self) -> dict[Symbol, str]:
        """x0, x1 ... for the inputs, c0 ... for the constants, t0 ... for what is computed."""
        groups = {
            "x": self.inputs,
            "c": [symbol for symbol, _ in self.constants],
            "t": [step.output for step in self.steps],
        }
        return {s: f"{letter}{k}" for letter, group in groups.items() for k, s in enumerate(group)}

    def __str__(self) -> str:
        """One line for each input, constant and primitive; below a loop its body, with lines of its own."""
        names = self.names()
        lines = [(f"input {names[x]}", x) for x in self.inputs]
        lines += [(f"{names[c]} = {summary(array)}", c) for c, array in self.constants]
        for step in self.steps:
            operands = " ".join(names[x] for x in step.inputs)
            lines.append(
                (f"{names[step.output]} = {step.primitive} {operands}".rstrip(), step.output)
            )
        width = min(max((len(text) for text, _ in lines), default=0), 60)
        bodies = {step.output: str(getattr(step.primitive, "body", "")) for step in self.steps}
        table = []
        for text, symbol in lines:
            table.append(f"{text:<{width}}   # {symbol.shape} {symbol.dtype}")
            table += [f"    {line}" for line in bodies.get(symbol, "").splitlines()]
        table += [f"{names[x]} <- {names[value]}" for x, value in self.updates]
        return "\n".join([*table, "return " + ", ".join(names[y] for y in self.outputs)])


@dataclass(eq=False)
class Closure(Graph):
    """A graph whose constants are inputs to come: it keeps the tensors that the function closes over, as they are."""

    # The tensor behind each constant: a leaf, or another tensor object with its history, so that nothing here
    # keeps alive what a function makes for itself and then writes to.
    tensors: list[Tensor] = field(default_factory=list)

    def symbol_of(self, x: Tensor) -> Symbol:
        """The symbol in x, or the constant that x is. A tensor and its `detach()` are two constants."""
        array = x.array
        if at_level(x, self.level):
            return array
        key = (id(array), id(x.node or x) if x.tracked else None)
        if key not in self.known:
            self.known[key] = constant = self.symbol(array.shape, array.dtype)
            self.constants.append((constant, array))
            self.tensors.append(x if x.tracked and x.node is None else alias(x))
        return self.known[key]


def summary(array: Any) -> str:
    """A constant in a few letters: its value if it is one number (or the same one everywhere)."""
    values = np.asarray(array).reshape(-1)
    if values.size and (values == values[0]).all():
        return str(values[0])
    return f"array of {values.size} numbers" if values.size else "array of no numbers"


def trace(f: Callable, *examples: Any) -> Graph:
    """The graph of f on tensors with the shapes and dtypes of the examples.

    The examples may be nested in tuples, lists and dicts, and so may the results; what is no tensor is
    handed over as it is. Reading a value inside f (`item()`, `if x > 0`) raises RuntimeError.

    >>> from fathom.core.tracing import trace
    >>> print(trace(lambda x: (2 * x).sum(1), fathom.ones(3, 4)))
    input x0                           # (3, 4) float32
    c0 = 2.0                           # (3, 4) float32
    t0 = Mul() c0 x0                   # (3, 4) float32
    t1 = Sum(axes=(1,)) t0             # (3,) float32
    return t1
    """
    graph = Graph(next(levels))
    leaves, structure = flatten(examples)
    given = [symbolic(x, graph) if isinstance(x, TensorBase) else x for x in leaves]
    tensors = [x for x in given if isinstance(x, TensorBase)]
    graph.inputs = [x.array for x in tensors]
    outputs, graph.structure = flatten(f(*unflatten(structure, given)))
    for y in outputs:
        if not isinstance(y, TensorBase):
            raise TypeError(f"trace: the function must return tensors, got {type(y).__name__}")
    graph.outputs = [graph.symbol_of(y) for y in outputs]
    graph.updates = [
        (before, graph.symbol_of(x))
        for before, x in zip(graph.inputs, tensors)
        if x.array is not before
    ]
    return graph


def symbolic(x: Tensor, graph: Graph) -> Tensor:
    """A tensor like x, tracked if x is, with a symbol in place of its numbers."""
    y = new(graph.symbol(x.array.shape, x.array.dtype))
    y.tracked = x.tracked
    return y
