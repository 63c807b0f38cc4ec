"""One step of a recurrent network: RNNCell, LSTMCell, GRUCell.

Letters: B sequences, I inputs, H hidden units, K gates. The formulas are in functional/recurrence.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fathom.core.errors import ShapeError
from fathom.nn import init
from fathom.nn.functional.linear import linear
from fathom.nn.functional.recurrence import gru_step, lstm_step, rnn_step
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.ops import creation
from fathom.tensors import Tensor

if TYPE_CHECKING:
    from fathom.nn.functional.recurrence import Step


class RNNCellBase(Module):
    """The parameters of one step: weight_ih (K H, I), weight_hh (K H, H), bias_ih and bias_hh (K H)."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(creation.empty(rows, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(creation.empty(rows, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            value = Parameter(creation.empty(rows, device=device, dtype=dtype)) if bias else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform on +-1 / sqrt(H)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def stepped(
        self, step: Step, input: Tensor, state: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, ...]:
        """One step; x (B, I) or (I), states (B, H) or (H), zeros by default."""
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{self._get_name()}: expected input to be 1-d or 2-d, got {input.ndim}-d {tuple(input.shape)}"
            )
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                f"got x {tuple(input.shape)}; its last size must be input_size={self.input_size}"
            )
        shape = (*input.shape[:-1], self.hidden_size)
        if state is None:
            state = tuple(
                input.new_zeros(shape) for _ in range(2 if isinstance(self, LSTMCell) else 1)
            )
        for s in state:
            if tuple(s.shape) != shape:
                raise ShapeError(
                    f"got a state {tuple(s.shape)}; for x {tuple(input.shape)} it must be {shape}"
                )
        if input.ndim == 1:
            raised = self.stepped(step, input.unsqueeze(0), tuple(s.unsqueeze(0) for s in state))
            return tuple(s.squeeze(0) for s in raised)
        return step(linear(input, self.weight_ih, self.bias_ih), state)

    def extra_repr(self) -> str:
        """Its sizes, and what is not the default."""
        said = f"{self.input_size}, {self.hidden_size}"
        if not self.bias:
            said += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            said += f", nonlinearity={self.nonlinearity}"
        return said


class RNNCell(RNNCellBase):
    r"""One step of an RNN, $h' = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$. x (B, I), h (B, H) -> (B, H).

    >>> fathom.nn.RNNCell(3, 5)(fathom.ones(2, 3)).shape
    fathom.Size([2, 5])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"RNNCell: unknown nonlinearity {nonlinearity!r}; use 'tanh' or 'relu'"
            )
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state."""
        step = rnn_step(self.weight_hh, self.bias_hh, self.nonlinearity)
        return self.stepped(step, input, None if hx is None else (hx,))[0]


class LSTMCell(RNNCellBase):
    """One step of an LSTM. x (B, I), (h, c) (B, H) each -> (h', c').

    >>> h, c = fathom.nn.LSTMCell(3, 5)(fathom.ones(2, 3))
    >>> h.shape
    fathom.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, ...]:
        """The next (h, c)."""
        return self.stepped(
            lstm_step(self.weight_hh, self.bias_hh), input, None if hx is None else tuple(hx)
        )


class GRUCell(RNNCellBase):
    """One step of a GRU. x (B, I), h (B, H) -> (B, H).

    >>> fathom.nn.GRUCell(3, 5)(fathom.ones(2, 3)).shape
    fathom.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state."""
        return self.stepped(
            gru_step(self.weight_hh, self.bias_hh), input, None if hx is None else (hx,)
        )[0]
