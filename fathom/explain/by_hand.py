"""Explaining `fathom.blocks`: a network whose backward pass was written by hand, drawn as boxes, both ways.

A copy of the network goes forward and backward, box by box, and everything that passes is kept. The numbers are the
network's own; formulas come from by_hand_rules.py; every gradient is held against a finite difference.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom.blocks import Block, Chain, Loss, Parameter, Recurrence
from fathom.core.latex import equation, latex
from fathom.core.loop import Array, Index
from fathom.explain import formulas
from fathom.explain.backward import addition
from fathom.explain.by_hand_rules import Values, rule_of
from fathom.explain.check import LARGEST, STEP, compared
from fathom.explain.figures import figures
from fathom.explain.formulas import bar
from fathom.explain.parts import Arrival, Check, Explanation, Group, Operation, Pull, Value
from fathom.explain.source import definition

LETTERS = {"WeightMultiply": "W", "BiasAdd": "b", "Convolution": "w", "Recurrence": "W_h"}


@dataclass(eq=False)
class Box:
    """One operation of the row as it ran: what it was before, what went in and came out.

    others  what it read besides x: the values of its parameters, or a loss's target
    """

    block: Any
    before: Any  # a copy from before the run: it draws the same random numbers again
    x: np.ndarray
    y: np.ndarray
    others: list[np.ndarray]
    part: Operation


def explain_block(
    block: Block, x: Any, target: Any = None, loss: Loss | None = None, gradient: Any = None
) -> Explanation:
    """The boxes of a block, its gradients, and, with a target, its loss.

    block     an Operation, a Layer, any Chain, or a NeuralNetwork, which brings its own loss
    gradient  what the way back begins with; without it 1 for the loss, and else 1 for every element
    """
    block, loss = copy.deepcopy((block, loss or getattr(block, "loss", None)))
    title = type(block).__name__
    e = Explanation(title, "", Group(title, "", ""), [], [], [], definition(type(block)))
    e.about = (type(block).__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
    run = Run(e, block.parameters())
    x = np.asarray(x)
    y = run.through(block, run.add(Value(0, "x", "input", figures(x))), x, e.root)
    if not run.boxes:
        raise ValueError(f"explain: this {title} holds no blocks; there is nothing to draw")
    if target is not None and loss is None:
        raise TypeError(f"explain: {title} has no loss to compare with the target; give loss=")
    if target is not None and loss is not None:
        y = run.compare(loss, y, np.asarray(target))
    if gradient is None:
        e.seed = "The way back begins with 1" + (
            " for every element of the result." if y.size > 1 else "."
        )
    g = np.ones(y.shape) if gradient is None else np.asarray(gradient, float)
    run.back(g)
    e.outputs = [run.boxes[-1].part.output]
    return e


class Run:
    """A row of boxes, gone through forward and then backward."""

    def __init__(self, e: Explanation, parameters: Sequence[Parameter]):
        self.e = e
        self.boxes: list[Box] = []
        self.values: dict[int, Value] = {}  # of the parameters, by identity
        self.given: dict[int, np.ndarray] = {}  # their gradients so far, by identity
        for parameter in parameters:
            parameter.clear_gradient()

    def add(self, value: Value) -> Value:
        value.number = len(self.e.values)
        self.e.values.append(value)
        return value

    # ---- forward ---------------------------------------------------------------------------------

    def through(
        self, block: Any, value: Value, x: np.ndarray, group: Group, path: str = ""
    ) -> np.ndarray:
        """What comes out of a block; of a row of blocks, each layer's boxes stand in a group of their own."""
        if not is_row(block):
            return self.step(block, value, x, group, path)
        for k, part in enumerate(block.blocks):
            inner, below = group, path
            if is_row(part):
                below = f"{path}.{k}".lstrip(".")
                inner = Group(type(part).__name__, "module", below, place=definition(type(part)))
                inner.parameters = sum(p.value.size for p in part.parameters())
                group.children.append(inner)
            x = self.through(part, value, x, inner, below)
            value = self.boxes[-1].part.output
        return x

    def step(self, block: Any, value: Value, x: np.ndarray, group: Group, path: str) -> np.ndarray:
        """One box."""
        before = copy.deepcopy(block)
        y = np.asarray(block.forward(x, True))
        parameters = block.parameters()
        letters = ["x", *letters_of(block)]
        names = [f"{path}.{letter}".lstrip(".") for letter in letters[1:]]
        inputs = [value, *map(self.parameter, parameters, names)]
        part = self.part(block, letters, inputs, y, group)
        self.close(Box(block, before, x, y, [p.value for p in parameters], part))
        return y

    def close(self, box: Box) -> None:
        """A box that has run: its formula, and the first elements of its result with the numbers in place."""
        rule = rule_of(box.block)
        if rule is not None:
            at = [Index(size) for size in box.y.shape]
            body = rule.output(tuple(at), values_of(box))
            box.part.formula = equation("y", at, body)
            box.part.worked = formulas.worked("y", at, body, arrays_of(box, box.y), box.y)
        self.boxes.append(box)

    def parameter(self, parameter: Parameter, name: str) -> Value:
        if id(parameter) not in self.values:
            same = sum(v.name.split(" ")[0] == name for v in self.values.values())
            name = f"{name} {same + 1}" if same else name
            value = Value(0, name, "parameter", figures(parameter.value))
            self.values[id(parameter)] = self.add(value)
        return self.values[id(parameter)]

    def part(
        self, block: Any, letters: list[str], inputs: list[Value], y: np.ndarray, group: Group
    ) -> Operation:
        """The part of one box in the tree."""
        number = len(self.boxes) + 1
        name = type(block).__name__
        output = self.add(Value(0, f"{name} {number}", "result", figures(y)))
        kind = (
            block.node if isinstance(block, Recurrence) else type(block)
        )  # the node says what it does
        part = Operation(number, name, repr(block), letters, inputs, output, group=group)
        part.definition = definition(kind)
        part.about, part.formula = sentence_and_formula(kind)
        output.maker = part
        for value in inputs:
            value.readers.append(part)
        group.children.append(part)
        self.e.operations.append(part)
        return part

    def compare(self, loss: Loss, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The loss as the last box."""
        value = self.boxes[-1].part.output
        wanted = self.add(Value(0, "target", "constant", figures(target)))
        before = copy.deepcopy(loss)
        result = np.asarray(loss.forward(y, target))
        part = self.part(loss, ["x", "t"], [value, wanted], result, self.e.root)
        part.primitive = type(loss).__name__
        self.close(Box(loss, before, y, result, [target], part))
        return result

    # ---- backward --------------------------------------------------------------------------------

    def back(self, g: np.ndarray) -> None:
        """All the way back, from the gradient of what came out."""
        came_from = None
        for turn, box in enumerate(reversed(self.boxes), 1):
            part = box.part
            part.turn = turn
            part.output.wanted = True
            part.arrived = part.output.gradient = figures(g)
            part.output.arrivals = [Arrival(came_from, part.arrived)]
            if isinstance(box.block, Loss):
                gx = box.block.backward() * g
            else:
                gx = box.block.backward(g)
                self.parameter_back(box, g)
            part.pulls.insert(0, self.pull(box, 0, g, gx))
            g, came_from = gx, part
        first = self.boxes[0].part.inputs[0]
        first.wanted, first.gradient = True, figures(g)
        first.arrivals = [Arrival(came_from, first.gradient)]

    def parameter_back(self, box: Box, g: np.ndarray) -> None:
        """What a box gave to its parameter; what several give adds up."""
        for k, parameter in enumerate(box.block.parameters(), 1):
            value = box.part.inputs[k]
            mine = parameter.gradient - self.given.get(id(parameter), 0.0)
            self.given[id(parameter)] = parameter.gradient.copy()
            box.part.pulls.append(self.pull(box, k, g, mine))
            value.wanted, value.gradient = True, figures(parameter.gradient)
            value.arrivals.append(Arrival(box.part, figures(mine)))
            if len(value.arrivals) > 1:
                value.added = addition(value.arrivals, value.gradient)

    def pull(self, box: Box, k: int, g: np.ndarray, gx: np.ndarray) -> Pull:
        """One edge of the way back: to the input (k = 0) or to a parameter (k = 1, ...)."""
        part = box.part
        pull = Pull(part.inputs[k], part.letters[k], figures(gx))
        rule = rule_of(box.block)
        name = bar(part.letters[k])
        if rule is not None:
            wanted = rule.input_gradient if k == 0 else rule.parameter_gradient
            if wanted is not None:
                at = [Index(size) for size in gx.shape]
                body = wanted(tuple(at), values_of(box))
                pull.formula = equation(name, at, body)
                pull.worked = formulas.worked(name, at, body, arrays_of(box, g), gx)
            if k == 0 and rule.slope is not None:
                here = values_of(box)
                x, y = (Array(a.name, (), a.dtype)[()] for a in (here.x, here.y))
                slope = latex(rule.slope(x, y), bracket=True)
                pull.partial = rf"\frac{{\partial y}}{{\partial x}} = {slope}"
        pull.check = checked(box, k, g, gx)
        return pull


def is_row(block: Any) -> bool:
    """Whether a block is nothing but its blocks in a row."""
    return isinstance(block, Chain) and type(block).forward is Chain.forward


def letters_of(block: Any) -> list[str]:
    """What the parameters of an operation are called: W, b, ... of ours, p or p_1, p_2, ... of a user's."""
    count = len(block.parameters())
    if count == 1:
        return [LETTERS.get(type(block).__name__, "p")]
    return [f"p_{k + 1}" for k in range(count)]


def values_of(box: Box) -> Values:
    """Input, parameter, output and gradient as the rules need them."""
    p = None
    if box.others:
        p = Array(box.part.letters[1], box.others[0].shape, box.others[0].dtype)
    y = Array("y", box.y.shape, box.y.dtype)
    return Values(
        Array("x", box.x.shape, box.x.dtype),
        p,
        y,
        Array(bar("y"), box.y.shape, box.y.dtype),
        box.block,
    )


def arrays_of(box: Box, g: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of the letters."""
    return {"x": box.x, "y": box.y, bar("y"): g, **dict(zip(box.part.letters[1:], box.others))}


def sentence_and_formula(kind: type) -> tuple[str, str | None]:
    """What an operation's docstring says of it, and the formula that it begins with."""
    sentence = (kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    found = re.search(r"\$([^$]+=[^$]+)\$", sentence)
    return " ".join(sentence.split()), found[1] if found else None


def checked(box: Box, k: int, g: np.ndarray, gx: np.ndarray) -> Check | None:
    """A gradient against a central difference along a random direction; None where that takes long."""
    whole = [box.x, *box.others][k]
    if whole.dtype.kind != "f" or not 0 < whole.size <= LARGEST or box.y.size > LARGEST:
        return None
    direction = np.random.default_rng(k).standard_normal(whole.shape)

    def along(step: float) -> float:
        block, x = copy.deepcopy(box.before), box.x.astype(np.float64)
        if k == 0:
            x = x + step * direction
        else:
            parameter = block.parameters()[k - 1]
            parameter.value = parameter.value + step * direction
        return float(np.sum(output_of(block, x, box) * g))

    size = max(float(np.linalg.norm(gx)), 1e-2 * float(np.linalg.norm(g))) or 1.0
    step = STEP * max(1.0, float(np.abs(whole).max()))
    return compared(along, float(np.sum(gx * direction)), step, size)


def output_of(block: Any, x: np.ndarray, box: Box) -> np.ndarray:
    """What comes out of a block, or of a loss beside the same target."""
    if isinstance(block, Loss):
        return np.asarray(block.forward(x, box.others[0]))
    return block.forward(x, True)
