"""Recurrent networks over whole sequences: RNN, LSTM, GRU. One step of each is in cells.py.

Letters: T steps, B sequences, I inputs, H hidden units, P output units (H, or an LSTM's proj_size), L layers,
D directions (1, or 2 where a second network reads backwards). The formulas are in functional/recurrence.py.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from fathom.core.errors import ShapeError
from fathom.nn import init
from fathom.nn.functional.dropout import dropout
from fathom.nn.functional.recurrence import gru_step, lstm_step, recur, rnn_step
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.nn.utils.rnn import PackedSequence
from fathom.ops import creation
from fathom.ops.shaping import cat, stack
from fathom.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


class RNNBase(Module):
    """What RNN, LSTM and GRU share: their parameters, and the walk through layers and directions.

    Layer l has weight_ih_l{l} (K H, I), of later layers (K H, D P), weight_hh_l{l} (K H, P), bias_ih_l{l} and
    bias_hh_l{l} (K H), and with proj_size weight_hr_l{l} (P, H); the second direction's end in _reverse. All
    start uniform on +-1 / sqrt(H).
    """

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        if mode not in GATES:
            raise ValueError(
                f"{type(self).__name__}: unrecognised mode {mode!r}; use one of {', '.join(GATES)}"
            )
        if input_size <= 0 or hidden_size <= 0 or num_layers <= 0:
            raise ValueError(
                f"{type(self).__name__}: input_size, hidden_size and num_layers must be greater than zero, got"
                f" {input_size}, {hidden_size} and {num_layers}"
            )
        if not 0 <= dropout <= 1:
            raise ValueError(
                f"{type(self).__name__}: dropout should be a probability in [0, 1], got {dropout}"
            )
        if not 0 <= proj_size < hidden_size:
            raise ValueError(
                f"{type(self).__name__}: proj_size must be from 0 to hidden_size - 1, got {proj_size}"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                f"dropout={dropout} has no effect with num_layers=1: it stands between layers",
                stacklevel=3,
            )
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights: list[list[str]] = []
        directions = 2 if bidirectional else 1
        rows, out = GATES[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            for suffix in [f"l{layer}", f"l{layer}_reverse"][:directions]:
                sizes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (rows, input_size if layer == 0 else directions * out),
                    "weight_hh": (rows, out),
                }
                if bias:
                    sizes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    sizes["weight_hr"] = (proj_size, hidden_size)
                names = [f"{name}_{suffix}" for name in sizes]
                for name, size in zip(names, sizes.values(), strict=True):
                    setattr(self, name, Parameter(creation.empty(size, device=device, dtype=dtype)))
                self._all_weights.append(names)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Tensor]:
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters, one list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Does nothing: there is no other layout of the parameters that would be faster here."""

    def step(self, weights: dict[str, Tensor], bias: Tensor | None) -> tuple[Callable, tuple]:
        """The formula of a step, and what a layer with these weights gives it."""
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """(output of the last layer at every step, last state of every layer and direction)."""
        if isinstance(input, PackedSequence):
            return self.packed(input, hx)
        self.check_input(input, (2, 3))
        batched = input.ndim == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)  # (T, B, I)
        state = None if hx is None else self.states(hx, input.ndim)
        if state is not None and not batched:
            state = tuple(s.unsqueeze(1) for s in state)
        steps, batch = x.shape[:2]
        if not steps:
            raise RuntimeError(
                f"{self._get_name()}: expected a sequence of at least one step, got x {tuple(input.shape)}"
            )
        state = self.initial(x, batch, state)
        y, state = self.layers(x.reshape((steps * batch, self.input_size)), state, [batch] * steps)
        y = y.reshape((steps, batch, y.shape[1]))
        if not batched:
            return y.squeeze(1), self.released(tuple(s.squeeze(1) for s in state))
        return (y.transpose(0, 1) if self.batch_first else y), self.released(state)

    def packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """`forward` of packed sequences, whose states are given and returned in the order before sorting."""
        self.check_input(input.data, (2,))
        sizes = input.batch_sizes.tolist()
        state = None if hx is None else self.states(hx, 3)
        if state is not None and input.sorted_indices is not None:
            state = tuple(s.index_select(1, input.sorted_indices) for s in state)
        y, state = self.layers(input.data, self.initial(input.data, sizes[0], state), sizes)
        if input.unsorted_indices is not None:
            state = tuple(s.index_select(1, input.unsorted_indices) for s in state)
        return input._replace(data=y), self.released(state)

    def layers(
        self, x: Tensor, state: tuple[Tensor, ...], sizes: list[int]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """x (sum of sizes, I), states (L D, B, .) -> the last layer's output (sum of sizes, D P), the last states."""
        directions = 2 if self.bidirectional else 1
        starts = list(zip(*[s.unbind(0) for s in state]))
        ends = []
        for k, names in enumerate(self._all_weights):
            layer, backwards = divmod(k, directions)
            if not backwards:
                if layer and self.dropout and self.training:
                    x = dropout(x, self.dropout)
                outputs = []
            weights = {name.rsplit("_l", 1)[0]: getattr(self, name) for name in names}
            bias, own = weights.get("bias_ih"), weights.get("bias_hh")
            if (
                bias is not None and own is not None and self.mode != "GRU"
            ):  # both are added at one place
                bias, own = bias + own, None
            make, given = self.step(weights, own)
            y, end = recur(
                make,
                given,
                x,
                weights["weight_ih"],
                bias,
                starts[k],
                sizes,
                bool(backwards),
            )
            outputs.append(y)
            ends.append(end)
            if len(outputs) == directions:
                x = cat(outputs, 1) if directions > 1 else y
        return x, tuple(stack(parts, 0) for parts in zip(*ends))

    # ---- the state, given and returned ----

    def state_sizes(self) -> tuple[int, ...]:
        """The last size of each tensor of the state."""
        return (self.hidden_size,)

    def states(self, hx: Any, ndim: int) -> tuple[Tensor, ...]:
        """The given state as a tuple of tensors; checks its number of dims."""
        state = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        for s in state:
            if s.ndim != ndim:
                raise ShapeError(
                    f"for a {'batched' if ndim == 3 else 'unbatched'} input hx should be {ndim}-d,"
                    f" got {s.ndim}-d {tuple(s.shape)}"
                )
        return state

    def initial(
        self, x: Tensor, batch: int, state: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, ...]:
        """The state at the start: as given, or zeros."""
        lead = self.num_layers * (2 if self.bidirectional else 1)
        shapes = [(lead, batch, size) for size in self.state_sizes()]
        if state is None:
            return tuple(x.new_zeros(shape) for shape in shapes)
        if [tuple(s.shape) for s in state] != shapes:
            found = ", ".join(str(tuple(s.shape)) for s in state)
            raise ShapeError(f"expected hx of {', '.join(map(str, shapes))}, got {found}")
        return state

    def released(self, state: tuple[Tensor, ...]) -> Any:
        """The state as the caller gets it."""
        return state[0]

    def check_input(self, x: Tensor, dims: tuple[int, ...]) -> None:
        if x.ndim not in dims:
            raise ValueError(
                f"{self._get_name()}: expected input to be 2-d or 3-d, got {x.ndim}-d {tuple(x.shape)}"
            )
        if x.shape[-1] != self.input_size:
            raise ShapeError(
                f"got x {tuple(x.shape)}; its last size must be input_size={self.input_size}"
            )

    def extra_repr(self) -> str:
        """Its sizes, and what is not the default."""
        said = f"{self.input_size}, {self.hidden_size}"
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False
        }  # fmt: skip
        for name, default in defaults.items():
            if getattr(self, name) != default:
                said += f", {name}={getattr(self, name)}"
        return said


class RNN(RNNBase):
    r"""The simplest recurrent network (Elman 1990), $h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$.

    input (T, B, I), with batch_first (B, T, I), or (T, I), or a PackedSequence; state (L D, B, H), zeros by
    default -> output (T, B, D H), state (L D, B, H).

    >>> output, state = fathom.nn.RNN(3, 5)(fathom.ones(7, 2, 3))
    >>> output.shape, state.shape
    (fathom.Size([7, 2, 5]), fathom.Size([1, 2, 5]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: unknown nonlinearity {nonlinearity!r}; use 'tanh' or 'relu'")
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, 0, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity

    def step(self, weights: dict[str, Tensor], bias: Tensor | None) -> tuple[Callable, tuple]:
        """The formula of a step, and what a layer with these weights gives it."""
        return rnn_step, (weights["weight_hh"], bias, self.nonlinearity)


class LSTM(RNNBase):
    """Long short-term memory: gates decide what its cell keeps. See functional.recurrence.lstm_step.

    input (T, B, I), with batch_first (B, T, I), or (T, I), or a PackedSequence; state (h, c) of (L D, B, P) and
    (L D, B, H), zeros by default -> output (T, B, D P), state (h, c).

    >>> output, (h, c) = fathom.nn.LSTM(3, 5)(fathom.ones(7, 2, 3))
    >>> output.shape, c.shape
    (fathom.Size([7, 2, 5]), fathom.Size([1, 2, 5]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size,
            device, dtype,
        )  # fmt: skip

    def step(self, weights: dict[str, Tensor], bias: Tensor | None) -> tuple[Callable, tuple]:
        """The formula of a step, and what a layer with these weights gives it."""
        return lstm_step, (weights["weight_hh"], bias, weights.get("weight_hr"))

    def state_sizes(self) -> tuple[int, ...]:
        """The last size of h, and of c."""
        return (self.proj_size or self.hidden_size, self.hidden_size)

    def states(self, hx: Any, ndim: int) -> tuple[Tensor, ...]:
        """(h, c) as given."""
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise ValueError("LSTM: the state must be a tuple (h, c)")
        return super().states(hx, ndim)

    def released(self, state: tuple[Tensor, ...]) -> Any:
        """(h, c)."""
        return state


class GRU(RNNBase):
    """Gated recurrent units: the new state is a mixture of the old one and a candidate.

    See functional.recurrence.gru_step.

    input (T, B, I), with batch_first (B, T, I), or (T, I), or a PackedSequence; state (L D, B, H), zeros by
    default -> output (T, B, D H), state (L D, B, H).

    >>> output, state = fathom.nn.GRU(3, 5, bidirectional=True)(fathom.ones(7, 2, 3))
    >>> output.shape, state.shape
    (fathom.Size([7, 2, 10]), fathom.Size([2, 2, 5]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            0,
            device,
            dtype,
        )

    def step(self, weights: dict[str, Tensor], bias: Tensor | None) -> tuple[Callable, tuple]:
        """The formula of a step, and what a layer with these weights gives it."""
        return gru_step, (weights["weight_hh"], bias)
