"""Operations: the smallest blocks. Each states its output and its gradients, two or three lines of math.

`Operation` and `ParamOperation` do what is common to all: they remember what the gradient will need,
and hold every shape to its promise, forward and backward.
"""

from __future__ import annotations

from fathom.blocks.block import Block, Parameter
from fathom.blocks.functions import Array


class Operation(Block):
    """y = f(x). A subclass writes `output` and `input_gradient`."""

    x: Array
    y: Array
    training = False

    def output(self, x: Array) -> Array:
        """The formula."""
        raise NotImplementedError(f"{type(self).__name__} has no output")

    def input_gradient(self, g: Array) -> Array:
        """dL/dx, given g = dL/dy; self.x and self.y are at hand."""
        raise NotImplementedError(f"{type(self).__name__} has no input_gradient")

    def forward(self, x: Array, training: bool = False) -> Array:
        self.x, self.training = x, training
        self.y = self.output(x)
        return self.y

    def backward(self, g: Array) -> Array:
        name = type(self).__name__
        if not hasattr(self, "y"):
            raise RuntimeError(f"{name}: there is nothing to go back through; call forward first")
        if g.shape != self.y.shape:
            raise ValueError(
                f"{name}: the output was {self.y.shape}, so its gradient must be too; got {g.shape}"
            )
        gx = self.input_gradient(g)
        assert gx.shape == self.x.shape, f"{name}: gradient {gx.shape} of an input {self.x.shape}"
        return gx


class ParamOperation(Operation):
    """y = f(x, p), with a parameter p that is learnt. A subclass writes `parameter_gradient` as well.

    Give an array, and the parameter is this operation's own; give a Parameter, and it is shared.
    """

    def __init__(self, value: Array | Parameter) -> None:
        self.parameter = value if isinstance(value, Parameter) else Parameter(value)

    def parameter_gradient(self, g: Array) -> Array:
        """dL/dp, given g = dL/dy."""
        raise NotImplementedError(f"{type(self).__name__} has no parameter_gradient")

    def backward(self, g: Array) -> Array:
        gx = super().backward(g)
        self.parameter.add_gradient(self.parameter_gradient(g))
        return gx

    def parameters(self) -> list[Parameter]:
        return [self.parameter]
