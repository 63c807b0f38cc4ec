"""Recurrent layers: the same node at every step of time.

N sequences of T steps, F features in, H hidden units.
"""

from __future__ import annotations

import numpy as np

from fathom.blocks.affine import BiasAdd, WeightMultiply
from fathom.blocks.block import Parameter
from fathom.blocks.functions import Array
from fathom.blocks.initial import glorot
from fathom.blocks.layer import Layer
from fathom.blocks.nodes import GRUNode, LSTMNode, Node, RNNNode, State
from fathom.blocks.operation import Operation


class Recurrence(Operation):
    """Nodes in a row, one for each step: a (N, T, gates H) -> every step's h (N, T, H).

    Forward goes through time, backward goes back through it. The state begins with zeros.
    """

    def __init__(self, node: type[Node], W_h: Array) -> None:
        self.node = node
        self.parameter = Parameter(W_h)

    def output(self, a: Array) -> Array:
        hidden, columns = self.parameter.value.shape
        if a.ndim != 3 or a.shape[2] != columns:
            raise ValueError(f"Recurrence: a must be (N, T, {columns}), got {a.shape}")
        N, T, _ = a.shape
        state: State = (np.zeros((N, hidden), a.dtype),) * self.node.states
        self.nodes = [self.node(self.parameter) for _ in range(T)]
        y = np.empty((N, T, hidden), a.dtype)
        for t, node in enumerate(self.nodes):
            state = node.forward(a[:, t], state)
            y[:, t] = state[0]
        return y

    def input_gradient(self, g: Array) -> Array:
        ga = np.empty(self.x.shape, g.dtype)
        g_state: State = (np.zeros_like(g[:, 0]),) * self.node.states
        for t in reversed(range(len(self.nodes))):
            gh, *others = g_state
            # h was shown at this step, and handed to the next: two gradients meet
            ga[:, t], g_state = self.nodes[t].backward((gh + g[:, t], *others))
        return ga

    def parameters(self) -> list[Parameter]:
        return [self.parameter]


class RecurrentLayer(Layer):
    """A node at every step: x (N, T, F) -> (N, T, H), with `inputs` F and `hidden` H."""

    node: type[Node]

    def __init__(
        self, inputs: int, hidden: int, generator: np.random.Generator | int | None = None
    ) -> None:
        generator = np.random.default_rng(generator)
        columns = self.node.gates * hidden
        W_x = glorot((inputs, columns), inputs, hidden, generator)
        W_h = glorot((hidden, columns), hidden, hidden, generator)
        super().__init__(
            WeightMultiply(W_x), BiasAdd(np.zeros(columns)), Recurrence(self.node, W_h)
        )


class RNNLayer(RecurrentLayer):
    """The plain recurrent layer: it sees what came before, and forgets it within ten steps or so.

    >>> RNNLayer(3, 8, generator=0).forward(np.ones((2, 5, 3))).shape
    (2, 5, 8)
    """

    node = RNNNode


class GRULayer(RecurrentLayer):
    """A layer of gated recurrent units."""

    node = GRUNode


class LSTMLayer(RecurrentLayer):
    """A layer of long short-term memory."""

    node = LSTMNode
