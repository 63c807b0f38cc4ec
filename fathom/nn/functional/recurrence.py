r"""Recurrence: a state that each step of a sequence changes, by the same formula every time.

Letters: T steps, B sequences in a batch, I inputs, H hidden units, K H gates (K = 1, 4 or 3 of them), P the
size of the state's output (H, or the size it is projected to); $\sigma$ the sigmoid, $\odot$ the product
of elements. A weight W_ih is (K H, I), a W_hh (K H, P), the biases (K H).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fathom.nn.functional.linear import linear
from fathom.ops.comparison import relu
from fathom.ops.exponential import sigmoid, tanh
from fathom.ops.shaping import cat, chunk, narrow

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


def scan(
    step: Step, inputs: Sequence[Tensor], state: State, reverse: bool = False
) -> tuple[list[Tensor], State]:
    """The steps one after the other: the output h of each, in the order of the inputs, and the last state.

    inputs: one (B_t, K H) a step, B_t never growing: row b of each belongs to sequence b, and a sequence that
    has ended is missing at the bottom. state: (B, P) and, of an LSTM, (B, H). With `reverse` the last step
    comes first, and a sequence starts with its own last element.
    """
    outputs: list[Tensor] = []
    first, ended = state, []
    for x in reversed(inputs) if reverse else inputs:
        rows, now = x.shape[0], (outputs[-1].shape[0] if outputs else first[0].shape[0])
        if reverse and not outputs:
            state = rows_of(first, 0, rows)
        elif rows > now:
            state = joined([state, rows_of(first, now, rows)])
        elif rows < now:
            ended.append(rows_of(state, rows, now))
            state = rows_of(state, 0, rows)
        state = step(x, state)
        outputs.append(state[0])
    return outputs[::-1] if reverse else outputs, joined([state, *reversed(ended)])


def rows_of(state: State, start: int, stop: int) -> State:
    """The state of the sequences start ... stop - 1."""
    if (start, stop) == (0, state[0].shape[0]):
        return state
    return tuple(narrow(s, 0, start, stop - start) for s in state)


def joined(states: Sequence[State]) -> State:
    """States of some sequences, one below the other."""
    return states[0] if len(states) == 1 else tuple(cat(parts, 0) for parts in zip(*states))


def steps_of(x: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """x (sum of sizes, *) cut into pieces of these sizes along dim 0.

    It is halved again and again, so that the gradients of T pieces are gathered in about log2 T passes over
    x, and not in T.
    """
    if len(sizes) == 1:
        return [x]
    half = len(sizes) // 2
    start = sum(sizes[:half])
    before, after = narrow(x, 0, 0, start), narrow(x, 0, start, x.shape[0] - start)
    return steps_of(before, sizes[:half]) + steps_of(after, sizes[half:])


def recur(
    step: Step,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    state: State,
    sizes: Sequence[int],
    reverse: bool,
) -> tuple[Tensor, State]:
    """One layer in one direction. x (sum of sizes, I), the rows of step after step -> (sum of sizes, P), last state."""
    from_input = linear(
        x, weight, bias
    )  # of all steps at once: one large product, not T small ones
    outputs, state = scan(step, steps_of(from_input, sizes), state, reverse)
    return cat(outputs, 0), state
