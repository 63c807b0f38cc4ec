"""Language models over characters: a recurrent layer over one-hot characters, and scores of the next one.

Each of the three cells narrow with a large batch, where a step has little arithmetic to hide its overhead
behind, and wide with a long sequence.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models import in_jax
from benchmarks.models.case import Case, sequences

VOCABULARY = 28


def builder(cell: str, hidden: int) -> Any:
    """cell: "RNN", "GRU" or "LSTM"."""

    def build(torch: Any) -> Any:
        nn = torch.nn

        class CharacterModel(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.cells = getattr(nn, cell)(VOCABULARY, hidden)
                self.head = nn.Linear(hidden, VOCABULARY)

            def forward(self, tokens: Any) -> Any:
                x = nn.functional.one_hot(tokens.T, VOCABULARY).to(
                    self.head.weight.dtype
                )  # (T, N, K)
                states, _ = self.cells(x)  # (T, N, H)
                return self.head(states)  # (T, N, K)

        return CharacterModel()

    return build


def loss(torch: Any, model: Any, tokens: Any, following: Any) -> Any:
    scores = model(tokens)
    return torch.nn.functional.cross_entropy(
        scores.reshape(-1, VOCABULARY), following.T.reshape(-1)
    )


# ---- in JAX: one step of each cell; state is a tuple whose first item is what the layer puts out ----


def rnn_cell(p: dict[str, Any], state: tuple, x: Any) -> tuple:
    import jax.numpy as jnp

    (h,) = state
    before = h @ p["cells.weight_hh_l0"].T + p["cells.bias_hh_l0"]
    return (jnp.tanh(x + before),)


def gru_cell(p: dict[str, Any], state: tuple, x: Any) -> tuple:
    import jax.numpy as jnp

    (h,) = state
    before = h @ p["cells.weight_hh_l0"].T + p["cells.bias_hh_l0"]
    (x_r, x_z, x_n), (h_r, h_z, h_n) = jnp.split(x, 3, -1), jnp.split(before, 3, -1)
    reset, update = in_jax.sigmoid(x_r + h_r), in_jax.sigmoid(x_z + h_z)
    new = jnp.tanh(x_n + reset * h_n)
    return ((1 - update) * new + update * h,)


def lstm_cell(p: dict[str, Any], state: tuple, x: Any) -> tuple:
    import jax.numpy as jnp

    h, c = state
    gates = x + h @ p["cells.weight_hh_l0"].T + p["cells.bias_hh_l0"]
    i, f, g, o = jnp.split(gates, 4, -1)
    c = in_jax.sigmoid(f) * c + in_jax.sigmoid(i) * jnp.tanh(g)
    return in_jax.sigmoid(o) * jnp.tanh(c), c


JAX_CELLS = {"RNN": (rnn_cell, 1), "GRU": (gru_cell, 1), "LSTM": (lstm_cell, 2)}


def jax_loss(cell: str, hidden: int) -> Any:
    step, states = JAX_CELLS[cell]

    def loss(p: dict[str, Any], tokens: Any, following: Any) -> Any:
        import jax
        import jax.numpy as jnp
        from jax import lax

        x = jax.nn.one_hot(tokens.T, VOCABULARY)  # (T, N, K)
        x = x @ p["cells.weight_ih_l0"].T + p["cells.bias_ih_l0"]
        begin: tuple = (jnp.zeros((len(tokens), hidden)),) * states

        def forward(state: tuple, x: Any) -> tuple:
            state = step(p, state, x)
            return state, state[0]

        outputs: Any = lax.scan(forward, begin, x)[1]  # (T, N, H)
        return in_jax.cross_entropy(in_jax.linear(p, "head", outputs), following.T)

    return loss


def case(cell: str, hidden: int, batch: int, length: int, name: str) -> Case:
    return Case(
        name,
        f"{length} steps, {hidden} units, batch {batch:,}",
        builder(cell, hidden),
        sequences(batch, length, VOCABULARY),
        loss,
        jax_loss=jax_loss(cell, hidden),
    )


CASES = tuple(
    case(cell, hidden, batch, length, cell.lower() + suffix)
    for hidden, batch, length, suffix in ((32, 1024, 32, ""), (256, 32, 64, "-wide"))
    for cell in ("RNN", "GRU", "LSTM")
)
