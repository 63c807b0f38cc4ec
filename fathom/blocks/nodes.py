"""Nodes: one step of time of a recurrent layer, made of the same operations as every other layer.

A node is told what the input says (a, worked out for all times at once) and the state that the step
before left; it leaves a state for the next. All nodes of a layer share one matrix W_h, so its gradient
is the sum of what all the steps found. * is the product of elements, and W_h has a block for each gate.

N sequences, H hidden units, a (N, gates H), W_h (H, gates H), each part of a state (N, H).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from fathom.blocks.activations import Sigmoid, Tanh
from fathom.blocks.affine import WeightMultiply
from fathom.blocks.block import Parameter
from fathom.blocks.functions import Array

State: TypeAlias = tuple[Array, ...]  # the hidden units h first; they are the output too


class Node:
    """One step of time; it remembers what it saw, for the way back."""

    gates = 1  # how many blocks of H columns W_h has
    states = 1  # how many parts the state has

    def __init__(self, W_h: Parameter) -> None:
        self.from_state = WeightMultiply(W_h)

    def forward(self, a: Array, state: State) -> State:
        """The state after this step."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, g: State) -> tuple[Array, State]:
        """The gradients of a and of the state before, given that of the state after."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")


class RNNNode(Node):
    r"""$h' = \tanh(a + h W_h)$.

    >>> node = RNNNode(Parameter(np.array([[2.0]])))
    >>> (h,) = node.forward(np.array([[0.5]]), (np.array([[0.25]]),))
    >>> h.round(4)                            # tanh(0.5 + 0.25 x 2)
    array([[0.7616]])
    """

    def __init__(self, W_h: Parameter) -> None:
        super().__init__(W_h)
        self.tanh = Tanh()

    def forward(self, a: Array, state: State) -> State:
        (h,) = state
        return (self.tanh.forward(a + self.from_state.forward(h)),)

    def backward(self, g: State) -> tuple[Array, State]:
        ga = self.tanh.backward(g[0])
        return ga, (self.from_state.backward(ga),)


class GRUNode(Node):
    r"""The gated recurrent unit: it blends the old state with a candidate n.

        r, z = sigmoid(a_r + h W_r), sigmoid(a_z + h W_z)       reset, update
        n    = tanh(a_n + r * (h W_n))
        h'   = (1 - z) * n + z * h

    K. Cho et al.: Learning Phrase Representations using RNN Encoder-Decoder, 2014.
    """

    gates = 3

    def __init__(self, W_h: Parameter) -> None:
        super().__init__(W_h)
        self.reset, self.update, self.candidate = Sigmoid(), Sigmoid(), Tanh()

    def forward(self, a: Array, state: State) -> State:
        (self.h,) = state
        a_r, a_z, a_n = np.split(a, 3, axis=1)
        u_r, u_z, self.u_n = np.split(self.from_state.forward(self.h), 3, axis=1)
        self.r = self.reset.forward(a_r + u_r)
        self.z = self.update.forward(a_z + u_z)
        self.n = self.candidate.forward(a_n + self.r * self.u_n)
        return ((1 - self.z) * self.n + self.z * self.h,)

    def backward(self, g: State) -> tuple[Array, State]:
        (gh,) = g
        ga_n = self.candidate.backward(gh * (1 - self.z))
        ga_z = self.update.backward(gh * (self.h - self.n))
        ga_r = self.reset.backward(ga_n * self.u_n)
        gu = np.concatenate([ga_r, ga_z, ga_n * self.r], axis=1)
        gh = gh * self.z + self.from_state.backward(gu)  # h was used in the blend, and by W_h
        return np.concatenate([ga_r, ga_z, ga_n], axis=1), (gh,)


class LSTMNode(Node):
    r"""Long short-term memory: a cell c that is only added to, so that gradients live long in it.

        i, f, o = sigmoid(a_i + h W_i), sigmoid(a_f + h W_f), sigmoid(a_o + h W_o)     write, keep, show
        n  = tanh(a_n + h W_n)
        c' = f * c + i * n
        h' = o * tanh(c')

    The blocks of W_h stand in the order i, f, n, o.
    S. Hochreiter, J. Schmidhuber: Long Short-Term Memory, 1997.
    """

    gates = 4
    states = 2

    def __init__(self, W_h: Parameter) -> None:
        super().__init__(W_h)
        self.write, self.keep, self.show = Sigmoid(), Sigmoid(), Sigmoid()
        self.candidate, self.tanh = Tanh(), Tanh()

    def forward(self, a: Array, state: State) -> State:
        h, self.c = state
        a_i, a_f, a_n, a_o = np.split(a + self.from_state.forward(h), 4, axis=1)
        self.i, self.f = self.write.forward(a_i), self.keep.forward(a_f)
        self.n, self.o = self.candidate.forward(a_n), self.show.forward(a_o)
        c = self.f * self.c + self.i * self.n
        self.shown = self.tanh.forward(c)
        return self.o * self.shown, c

    def backward(self, g: State) -> tuple[Array, State]:
        gh, gc = g
        gc = gc + self.tanh.backward(gh * self.o)  # c goes on to the next step, and is shown in h'
        ga_i = self.write.backward(gc * self.n)
        ga_f = self.keep.backward(gc * self.c)
        ga_n = self.candidate.backward(gc * self.i)
        ga_o = self.show.backward(gh * self.shown)
        ga = np.concatenate([ga_i, ga_f, ga_n, ga_o], axis=1)
        return ga, (self.from_state.backward(ga), gc * self.f)
