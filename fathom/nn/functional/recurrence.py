r"""Recurrence: a state that each step of a sequence changes, by the same formula every time.

Letters: T steps, B sequences in a batch, I inputs, H hidden units, K H gates (K = 1, 4 or 3 of them), P the
size of the state's output (H, or the size it is projected to); $\sigma$ the sigmoid, $\odot$ the product
of elements. A weight W_ih is (K H, I), a W_hh (K H, P), the biases (K H).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.base import new
from fathom.core.composite import sized_composite
from fathom.nn.functional.linear import linear
from fathom.nn.utils.rnn import PackedSequence, pad_packed_sequence
from fathom.ops.comparison import relu, where
from fathom.ops.exponential import sigmoid, tanh
from fathom.ops.loops import scan
from fathom.ops.shaping import chunk

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    State = tuple[Tensor, ...]  # (h,), or (h, c) of an LSTM
    # the input's share of the gates (B, K H), the state -> the next state
    Step = Callable[[Tensor, State], State]


def rnn_step(weight: Tensor, bias: Tensor | None, nonlinearity: str = "tanh") -> Step:
    r"""$h' = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$, or relu in the place of tanh."""
    bend = {"tanh": tanh, "relu": relu}[nonlinearity]
    across = weight.t()

    def step(from_input: Tensor, state: State) -> State:
        gates = from_input + state[0] @ across
        return (bend(gates if bias is None else gates + bias),)

    return step


def lstm_step(weight: Tensor, bias: Tensor | None, projection: Tensor | None = None) -> Step:
    r"""Long short-term memory (Hochreiter and Schmidhuber 1997): the cell c is kept, or forgotten, gate by gate.

    $i, f, o = \sigma(\dots)$, $g = \tanh(\dots)$ of $W_{ih} x + b_{ih} + W_{hh} h + b_{hh}$, in the order i f g o;
    $c' = f \odot c + i \odot g$; $h' = o \odot \tanh c'$, times the projection (P, H) if there is one.
    """
    across = weight.t()
    out = None if projection is None else projection.t()

    def step(from_input: Tensor, state: State) -> State:
        h, c = state
        gates = from_input + h @ across
        i, f, g, o = chunk(gates if bias is None else gates + bias, 4, 1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        return (h if out is None else h @ out), c

    return step


def gru_step(weight: Tensor, bias: Tensor | None) -> Step:
    r"""Gated recurrent unit (Cho et al. 2014): the new state is a mixture of the old one and a candidate n.

    $r = \sigma(W_{ir} x + b_{ir} + W_{hr} h + b_{hr})$, $z$ likewise, in the order r z n;
    $n = \tanh(W_{in} x + b_{in} + r \odot (W_{hn} h + b_{hn}))$; $h' = (1 - z) \odot n + z \odot h$.
    """
    across = weight.t()

    def step(from_input: Tensor, state: State) -> State:
        (h,) = state
        from_state = h @ across
        xr, xz, xn = chunk(from_input, 3, 1)
        hr, hz, hn = chunk(from_state if bias is None else from_state + bias, 3, 1)
        z = sigmoid(xz + hz)
        n = tanh(xn + sigmoid(xr + hr) * hn)
        return (n + z * (h - n),)

    return step


def recur(
    make: Callable[..., Step],
    own: tuple,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    state: State,
    sizes: Sequence[int],
    reverse: bool,
) -> tuple[Tensor, State]:
    """One layer in one direction. x (sum of sizes, I), the rows of step after step -> (sum of sizes, P), last state.

    The step is make(*own). sizes: how many sequences each step has, never growing: row b of each step belongs to
    sequence b, and a sequence that has ended is missing at the bottom. With `reverse` a sequence starts with its own
    last element.
    """
    if sizes[0] == sizes[-1]:
        return walk(x, weight, bias, state, make, own, len(sizes), reverse)
    return walk_in_part(make(*own), linear(x, weight, bias), state, sizes, reverse)


def gate_count(x: Tensor, weight: Tensor, *_: object) -> int:
    """How many gates all steps have."""
    return x.array.shape[0] * weight.array.shape[0]


@sized_composite(gate_count)
def walk(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    state: State,
    make: Callable[..., Step],
    own: tuple,
    length: int,
    reverse: bool,
) -> tuple[Tensor, State]:
    """`recur` where all sequences have the same length; x (T B, I)."""
    step = make(*own)
    x = linear(x, weight, bias)  # of all steps at once: one large product

    def advance(state: State, x: Tensor) -> tuple[State, Tensor]:
        state = step(x, state)
        return state, state[0]

    steps = x.reshape((length, x.shape[0] // length, x.shape[1]))  # (T, B, K H)
    last, y = scan(advance, state, steps, reverse=reverse)
    return y.reshape((x.shape[0], y.shape[2])), last


def walk_in_part(
    step: Step, x: Tensor, state: State, sizes: Sequence[int], reverse: bool
) -> tuple[Tensor, State]:
    """`recur` where some sequences end before others: a state stays what it is where its sequence has no element."""

    def advance(state: State, inputs: tuple[Tensor, Tensor]) -> tuple[State, Tensor]:
        x, going = inputs
        state = tuple(where(going, s, before) for s, before in zip(step(x, state), state))
        return state, state[0]

    going = np.arange(sizes[0]) < np.array(sizes)[:, None]  # (T, B)
    padded, _ = pad_packed_sequence(PackedSequence(x, new(np.array(sizes))))  # (T, B, K H)
    last, y = scan(advance, state, (padded, x.new_tensor(going[:, :, None])), reverse=reverse)
    rows = y.reshape((going.size, y.shape[2]))
    return rows.index_select(0, x.new_tensor(np.flatnonzero(going))), last
