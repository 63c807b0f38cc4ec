r"""What the operations of `fathom.blocks` do, element by element: for formulas, and for formulas with numbers.

blocks are NumPy code, from which no formula can be read; so their formulas stand here, in the scalar language, and the
tests compute each against what the operation itself gives. The letters: x the input, p the parameter, y the output,
g the gradient that arrives at it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fathom import blocks
from fathom.core import loop
from fathom.core.loop import Array, Const, Expr, Index

At = tuple[Index, ...]


@dataclass(frozen=True)
class Values:
    """What an operation knows on its way back: its input, parameter and output, and the gradient that arrived."""

    x: Array
    p: Any  # an Array; None without a parameter
    y: Array
    g: Array
    block: Any


@dataclass(frozen=True)
class Rule:
    """y at an index, and the gradients of input and parameter at an index of theirs; None: the code says it better.

    slope  dy/dx, of an operation that works on each element by itself
    """

    output: Callable[[At, Values], Expr]
    input_gradient: Callable[[At, Values], Expr] | None = None
    parameter_gradient: Callable[[At, Values], Expr] | None = None
    slope: Callable[[Expr, Expr], Expr] | None = None


def rule_of(block: Any) -> Rule | None:
    """The rule of an operation or a loss; None where there is none, as for a class of the user's own."""
    return RULES.get(type(block))


def elementwise(output: Callable[[Expr], Expr], slope: Callable[[Expr, Expr], Expr]) -> Rule:
    """y = output(x) and dy/dx = slope(x, y), for each element."""
    return Rule(
        lambda at, v: output(v.x[at]),
        lambda at, v: v.g[at] * slope(v.x[at], v.y[at]),
        slope=slope,
    )


def total(over: list[Index], body: Expr) -> Expr:
    return loop.reduce("+", over, body)


# ---- affine --------------------------------------------------------------------------------------


def product(at: At, v: Values) -> Expr:
    k = Index(v.p.shape[0])
    return total([k], v.x[(*at[:-1], k)] * v.p[k, at[-1]])


def product_input(at: At, v: Values) -> Expr:
    k = Index(v.p.shape[1])
    return total([k], v.g[(*at[:-1], k)] * v.p[at[-1], k])


def product_parameter(at: At, v: Values) -> Expr:
    examples = [Index(size) for size in v.x.shape[:-1]]
    return total(examples, v.x[(*examples, at[0])] * v.g[(*examples, at[1])])


def with_bias(at: At, v: Values) -> Expr:
    shared = at[len(at) - len(v.p.shape) :]
    return v.x[at] + v.p[tuple(i if size > 1 else Const(0) for i, size in zip(shared, v.p.shape))]


def bias_parameter(at: At, v: Values) -> Expr:
    lead = len(v.g.shape) - len(at)
    whole: list[Any] = [Index(size) for size in v.g.shape]
    for k, size in enumerate(v.p.shape):
        if size > 1:
            whole[lead + k] = at[k]
    return total([i for i in whole if i not in at], v.g[tuple(whole)])


# ---- images --------------------------------------------------------------------------------------


def convolved(at: At, v: Values) -> Expr:
    n, o, i, j = at
    c, p, q = (Index(size) for size in v.p.shape[1:])
    return total([c, p, q], pixel(v, n, c, i, j, p, q) * v.p[o, c, p, q])


def convolved_parameter(at: At, v: Values) -> Expr:
    o, c, p, q = at
    n, _, i, j = (Index(size) for size in v.g.shape)
    return total([n, i, j], v.g[n, o, i, j] * pixel(v, n, c, i, j, p, q))


def pixel(v: Values, n: Any, c: Any, i: Any, j: Any, p: Any, q: Any) -> Expr:
    """The pixel that a filter sees at (p, q) when it stands at (i, j): 0 on the border around the image."""
    row, column = i * v.block.stride + p - v.block.padding, j * v.block.stride + q - v.block.padding
    here = v.x[n, c, row, column]
    if not v.block.padding:
        return here
    _, _, H, W = v.x.shape
    return loop.where(loop.every([*loop.inside(row, H), *loop.inside(column, W)]), here, 0.0)


def pooled(name: str) -> Callable[[At, Values], Expr]:
    def at_place(at: At, v: Values) -> Expr:
        n, c, i, j = at
        p, q = Index(v.block.size), Index(v.block.size)
        window = loop.reduce(
            name, [p, q], v.x[n, c, i * v.block.stride + p, j * v.block.stride + q]
        )
        return window if name == "max" else window / float(v.block.size**2)

    return at_place


# ---- rows and losses -----------------------------------------------------------------------------


def softmax(at: At, v: Values) -> Expr:
    k = Index(v.x.shape[-1])
    return loop.exp(v.x[at]) / total([k], loop.exp(v.x[(*at[:-1], k)]))


def softmax_input(at: At, v: Values) -> Expr:
    k = Index(v.y.shape[-1])
    row = (*at[:-1], k)
    return v.y[at] * (v.g[at] - total([k], v.g[row] * v.y[row]))


def squared_error(at: At, v: Values) -> Expr:
    every = [Index(size) for size in v.x.shape]
    difference = v.x[tuple(every)] - v.p[tuple(every)]
    return shared(total(every, loop.power(difference, 2)), v)


def squared_error_input(at: At, v: Values) -> Expr:
    return shared(Const(2.0) * (v.x[at] - v.p[at]), v)


def cross_entropy(at: At, v: Values) -> Expr:
    examples = [Index(size) for size in v.p.shape]
    k = Index(v.x.shape[-1])
    true = loop.exp(v.x[(*examples, v.p[tuple(examples)])])
    share = true / total([k], loop.exp(v.x[(*examples, k)]))
    return shared(-total(examples, loop.log(share)), v)


def cross_entropy_input(at: At, v: Values) -> Expr:
    k = Index(v.x.shape[-1])
    share = loop.exp(v.x[at]) / total([k], loop.exp(v.x[(*at[:-1], k)]))
    truth = loop.where(loop.equal(at[-1], v.p[at[:-1]]), 1.0, 0.0)
    return shared(share - truth, v)


def shared(sum_of_all: Expr, v: Values) -> Expr:
    """A sum over the targets as their mean."""
    count = v.block.target.size
    return sum_of_all if count == 1 else sum_of_all / float(count)


RULES = {
    blocks.WeightMultiply: Rule(product, product_input, product_parameter),
    blocks.BiasAdd: Rule(with_bias, lambda at, v: v.g[at], bias_parameter),
    blocks.Linear: Rule(lambda at, v: v.x[at], lambda at, v: v.g[at]),
    blocks.Sigmoid: elementwise(lambda x: 1.0 / (1.0 + loop.exp(-x)), lambda x, y: y * (1.0 - y)),
    blocks.Tanh: elementwise(loop.tanh, lambda x, y: 1.0 - loop.power(y, 2)),
    blocks.ReLU: elementwise(
        lambda x: loop.maximum(x, 0.0), lambda x, y: loop.where(loop.less(0.0, x), 1.0, 0.0)
    ),
    blocks.Softmax: Rule(softmax, softmax_input),
    blocks.Convolution: Rule(convolved, None, convolved_parameter),
    blocks.MaxPool2D: Rule(pooled("max")),
    blocks.AveragePool2D: Rule(pooled("+")),
    blocks.MeanSquaredError: Rule(squared_error, squared_error_input),
    blocks.SoftmaxCrossEntropy: Rule(cross_entropy, cross_entropy_input),
}
