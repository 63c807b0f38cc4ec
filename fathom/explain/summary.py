"""`summary`: the layers of a network in a table, with what each costs: parameters, multiply-adds, memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import prod
from typing import Any

import numpy as np

from fathom.core import tape
from fathom.core.base import TensorBase
from fathom.core.random import default_generator
from fathom.explain.figures import sizes
from fathom.explain.record import Application, recorded
from fathom.explain.source import paths_of
from fathom.explain.subjects import unchanged
from fathom.nn.module import Module
from fathom.ops.contraction import Contract
from fathom.ops.creation import zeros

COLUMNS = ("layer", "kind", "output", "parameters", "multiply-adds", "activations")
NUMBERS = 3  # the columns from here on stand flush right


@dataclass
class Layer:
    """One module: what it computes itself, without the modules inside it. Activations are in bytes."""

    path: str
    kind: str
    output: tuple[int, ...] = ()
    parameters: int = 0
    multiply_adds: int = 0
    activations: int = 0


@dataclass(frozen=True)
class Summary:
    """The table that `summary` makes; print it. Memory is in bytes."""

    title: str
    layers: tuple[Layer, ...]
    parameters: int
    trainable: int
    multiply_adds: int
    parameter_bytes: int
    gradient_bytes: int
    activation_bytes: int

    @property
    def total_bytes(self) -> int:
        """What a training step holds at once: parameters, their gradients, and what backward needs."""
        return self.parameter_bytes + self.gradient_bytes + self.activation_bytes

    def rows(self) -> list[tuple[str, ...]]:
        """The table's rows, without its head."""
        return [
            (
                layer.path or self.title, layer.kind, sizes(layer.output) if layer.output else "",
                f"{layer.parameters:,}", f"{layer.multiply_adds:,}", amount(layer.activations),
            )
            for layer in self.layers
        ]  # fmt: skip

    def foot(self) -> list[str]:
        """The sums, in words."""
        learnt = (
            "" if self.trainable == self.parameters else f", {self.trainable:,} of them trainable"
        )
        return [
            f"{self.parameters:,} parameters{learnt} · {self.multiply_adds:,} multiply-adds",
            f"memory: parameters {amount(self.parameter_bytes)} + gradients {amount(self.gradient_bytes)}"
            f" + activations {amount(self.activation_bytes)} = {amount(self.total_bytes)}",
        ]

    def __repr__(self) -> str:
        rows = [COLUMNS, *self.rows()]
        wide = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
        lines = [
            "  ".join(
                f"{cell:<{w}}" if k < NUMBERS else f"{cell:>{w}}"
                for k, (cell, w) in enumerate(zip(row, wide))
            )
            for row in rows
        ]
        rule = "─" * len(lines[0])
        return "\n".join(
            [lines[0], rule, *(line.rstrip() for line in lines[1:]), rule, *self.foot()]
        )

    def _repr_html_(self) -> str:
        sides = [' style="text-align: right"' if k >= NUMBERS else "" for k in range(len(COLUMNS))]
        head = "".join(f"<th{side}>{name}</th>" for side, name in zip(sides, COLUMNS))
        body = "".join(
            f"<tr>{''.join(f'<td{side}>{escape(cell)}</td>' for side, cell in zip(sides, row))}</tr>"
            for row in self.rows()
        )
        foot = "<br>".join(map(escape, self.foot()))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{foot}</p>"


def summary(module: Module, input_size: Any) -> Summary:
    """The layers of a network with their costs, found by one forward pass on zeros.

    input_size: the shape of the input, its batch included; or the input itself, or a list of either
    where forward takes several. Multiply-adds are those of the matrix products and convolutions of one forward
    pass. Activations are the results that the tape keeps for a backward pass: views share memory and count once.
    The network is left as it was.

    >>> fathom.summary(fathom.nn.Sequential(fathom.nn.Linear(4, 2), fathom.nn.ReLU()), (1, 4)).multiply_adds
    8
    """
    inputs = inputs_of(input_size)
    state = default_generator.get_state()
    try:
        with unchanged(module), tape.grad_mode(True):
            _, record = recorded(module, *inputs)
    finally:
        default_generator.set_state(state)
    layers = layers_of(module, record.applications)
    parameters = list(module.parameters())
    trainable = [p for p in parameters if p.requires_grad]
    return Summary(
        type(module).__name__,
        tuple(layers),
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in trainable),
        sum(layer.multiply_adds for layer in layers),
        sum(p.nbytes for p in parameters),
        sum(p.nbytes for p in trainable),
        sum(layer.activations for layer in layers),
    )


def inputs_of(input_size: Any) -> list[Any]:
    """The tensors to run on."""
    if isinstance(input_size, TensorBase):
        return [input_size]
    if (
        isinstance(input_size, Sequence)
        and input_size
        and all(isinstance(n, int) for n in input_size)
    ):
        return [zeros(*input_size)]
    if isinstance(input_size, Sequence) and input_size:
        return [x for given in input_size for x in inputs_of(given)]
    raise TypeError(
        f"summary: expected a shape such as (1, 3, 32, 32), a tensor, or a list of them, got {input_size!r}"
    )


def layers_of(module: Module, applications: Sequence[Application]) -> list[Layer]:
    """A layer for each module that computes something itself, in the order of their first results."""
    paths = paths_of(module)
    found: dict[str, Layer] = {}
    counted: set[int] = set()
    kept = {id(x) for a in applications if a.node is not None for x in (a.output, *a.inputs)}
    for a in applications:
        modules = [call.module for call in a.calls if call.module is not None]
        if not modules or id(modules[-1]) not in paths:
            continue
        inner = modules[-1]
        path = paths[id(inner)]
        if path not in found:
            own = [p for p in inner.parameters(recurse=False) if id(p) not in counted]
            counted |= {id(p) for p in own}
            found[path] = Layer(path, type(inner).__name__, parameters=sum(p.numel() for p in own))
        layer = found[path]
        layer.output = tuple(a.output.shape)
        layer.multiply_adds += multiply_adds(a)
        is_view = a.primitive.is_view and np.may_share_memory(a.output.array, a.inputs[0].array)
        if id(a.output) in kept and not is_view:
            layer.activations += a.output.array.nbytes
    return list(found.values())


def multiply_adds(a: Application) -> int:
    """Of a contraction: one for each combination of all its letters."""
    if not isinstance(a.primitive, Contract):
        return 0
    return prod(a.primitive.sizes(*[x.shape for x in a.inputs]).values())


def amount(count: int) -> str:
    """Bytes in words: 1.5 MB.

    >>> amount(1_500_000), amount(640)
    ('1.5 MB', '640 B')
    """
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.3g} {units[0]}"
