r"""Explaining `blocks.chain(f, g)`: functions in a row as boxes, and the chain rule at the point where they stand.

Forward each box hands on u_k = f_k(u_{k-1}). Backward each multiplies what arrives by its own slope there, a central
difference, for these are functions of which nothing else is known.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fathom.blocks import chain, derivative
from fathom.core import loop
from fathom.core.latex import equation
from fathom.core.loop import Array, Expr, Index
from fathom.explain import formulas
from fathom.explain.figures import figures
from fathom.explain.formulas import bar, number_text
from fathom.explain.parts import Arrival, Check, Explanation, Group, Operation, Pull, Value
from fathom.explain.source import definition

CHAINED = chain().__code__

# Functions of NumPy that have a formula; of others the name is shown.
KNOWN: dict[Any, Callable[[Expr], Expr]] = {
    np.square: lambda x: loop.power(x, 2), np.exp: loop.exp, np.log: loop.log, np.sqrt: loop.sqrt,
    np.sin: loop.sin, np.cos: loop.cos, np.tan: loop.tan, np.tanh: loop.tanh, np.abs: loop.absolute,
    np.negative: lambda x: -x, np.reciprocal: lambda x: 1.0 / x,
}  # fmt: skip


def functions_of(subject: Any) -> tuple[Callable, ...]:
    """The functions that `blocks.chain` put in a row; none of anything else."""
    if getattr(subject, "__code__", None) is not CHAINED:
        return ()
    return inspect.getclosurevars(subject).nonlocals["functions"]


def explain_chain(functions: tuple[Callable, ...], x: Any) -> Explanation:
    """The boxes of a chain at x, and the product of their slopes.

    >>> import numpy as np
    >>> from fathom.blocks import chain
    >>> e = fathom.explain(chain(np.square, np.exp), 0.5)
    >>> round(float(e.value("x").gradient.values), 4)                     # 2 x 0.5 x e^0.25
    1.284
    """
    u = np.asarray(x, np.float64)
    root = Group("chain", "", "")
    e = Explanation(
        "chain", "", root, [Value(0, "x", "input", figures(u))], [], [], definition(chain)
    )
    e.about = f"{' → '.join(name_of(f) for f in functions)}: boxes in a row are a box again."
    points = [u]
    for f in functions:
        add_box(e, f, points[-1], np.asarray(f(points[-1])))
        points.append(np.asarray(f(points[-1])))
    e.outputs = [e.values[-1]]
    e.seed = "The way back begins with 1, the derivative of the result by itself."
    slopes = [derivative(f, u) for f, u in zip(functions, points)]
    g = np.ones_like(points[-1])
    came_from: Operation | None = None
    for turn, (operation, slope) in enumerate(zip(reversed(e.operations), reversed(slopes)), 1):
        value = operation.output
        value.wanted, value.gradient = True, figures(g)
        value.arrivals = [Arrival(came_from, value.gradient)]
        operation.turn, operation.arrived = turn, value.gradient
        operation.pulls = [pull(operation, slope, g)]
        g, came_from = g * slope, operation
    first = e.values[0]
    first.wanted, first.gradient, first.arrivals = (
        True,
        figures(g),
        [Arrival(came_from, figures(g))],
    )
    whole = derivative(chain(*functions), u)
    error = float(np.max(np.abs(g - whole) / np.maximum(np.abs(whole), 1e-12), initial=0.0))
    e.operations[0].pulls[0].check = Check(error, kink=False)
    if u.size == 1:
        factors = r" \times ".join(bracketed(number_text(float(s.flat[0]))) for s in slopes)
        e.formula = rf"\frac{{dy}}{{dx}} = {factors} = {number_text(float(g.flat[0]))}"
    return e


def add_box(e: Explanation, f: Callable, x: np.ndarray, y: np.ndarray) -> None:
    """One box of the row."""
    number = len(e.operations) + 1
    name = name_of(f)
    output = Value(number, f"{name} {number}", "result", figures(y))
    source = e.values[-1]
    operation = Operation(number, name, name, ["x"], [source], output, group=e.root)
    operation.formula = rf"y = \operatorname{{{name.replace('_', ' ')}}}\left(x\right)"
    operation.definition = definition(f)
    if f in KNOWN:
        at = [Index(size) for size in x.shape]
        body = KNOWN[f](Array("x", x.shape, x.dtype)[at])
        operation.formula = equation("y", at, body)
        operation.worked = formulas.worked("y", at, body, {"x": x}, y)
    output.maker = operation
    source.readers.append(operation)
    e.values.append(output)
    e.operations.append(operation)
    e.root.children.append(operation)


def pull(operation: Operation, slope: np.ndarray, g: np.ndarray) -> Pull:
    """What arrives, times the slope of the box where it stands."""
    gx = g * slope
    made = Pull(operation.inputs[0], "x", figures(gx))
    made.partial = (
        r"\frac{\partial y}{\partial x} = \frac{y\left(x + h\right) - y\left(x - h\right)}{2\,h}"
    )
    at = [Index(size) for size in gx.shape]
    letters = {bar("y"): g, "d": slope}
    body = Array(bar("y"), g.shape, g.dtype)[at] * Array("d", g.shape, g.dtype)[at]
    made.formula = rf"{bar('x')} = {bar('y')}\,\frac{{\partial y}}{{\partial x}}"
    made.local = figures(slope)
    made.worked = formulas.worked(bar("x"), at, body, letters, gx)
    return made


def name_of(f: Callable) -> str:
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else name


def bracketed(number: str) -> str:
    return rf"\left({number}\right)" if number.startswith("-") else number
