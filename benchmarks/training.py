"""A model in training in one library: what a worker asks for, the same for all of them."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.models.case import Batch, Case
from benchmarks.peers import Peer

Weights = dict[str, np.ndarray]
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")  # what batch norm keeps


class OnTorchApi:
    """In fathom or PyTorch, as it is or compiled.

    start   the weights and buffers to begin with; without them the model's own
    double  in float64, to see what rounding does
    """

    def __init__(
        self, peer: Peer, case: Case, threads: int, start: Weights | None, double: bool = False
    ):
        self.library = library = importlib.import_module(peer.package)
        library.set_num_threads(threads)
        library.manual_seed(0)
        self.model = case.build(library)
        self.double = double
        if double:
            self.model.double()
        if start is not None:
            self.model.load_state_dict({k: library.from_numpy(v) for k, v in start.items()})
        self.step = case.training_step(library, self.model)
        if peer.compiled:
            # PyTorch has no one program for a whole step and compiles it in pieces; fathom must not fall back
            options = {"fullgraph": True} if peer.package == "fathom" else {}
            self.step = library.compile(self.step, **options)

    def weights(self) -> Weights:
        """A copy of the weights and buffers."""
        return {name: x.detach().numpy().copy() for name, x in self.model.state_dict().items()}

    def taken(self, batch: Batch) -> tuple:
        """The batch as the library's tensors."""
        if self.double:
            batch = tuple(x.astype(np.float64) if x.dtype == np.float32 else x for x in batch)
        return tuple(self.library.from_numpy(array) for array in batch)

    def first_gradients(self, *batch: Any) -> Weights:
        """The gradients of the first step, which was taken on this batch: it has left them."""
        return {name: p.grad.numpy().copy() for name, p in self.model.named_parameters()}


class InJax:
    """In JAX: one jitted function from weights and a batch to the loss and new weights."""

    def __init__(self, case: Case, start: Weights):
        import jax

        loss_of, lr = case.jax_loss, case.lr
        assert loss_of is not None  # the driver asks only for cases that have it
        self.jax, self.loss_of = jax, loss_of
        self.start = {k: array for k, array in start.items() if not k.endswith(BUFFERS)}
        self.values = {k: jax.numpy.array(array) for k, array in self.start.items()}

        def whole_step(values: dict, *batch: Any) -> tuple:
            loss, slopes = jax.value_and_grad(loss_of)(values, *batch)
            return loss, {name: value - lr * slopes[name] for name, value in values.items()}

        self.whole_step = jax.jit(whole_step, donate_argnums=0)

    def taken(self, batch: Batch) -> tuple:
        """The batch as JAX's arrays."""
        return tuple(self.jax.numpy.asarray(array) for array in batch)

    def step(self, *batch: Any) -> Any:
        """One step, finished when this returns; the loss before it."""
        loss, self.values = self.whole_step(self.values, *batch)
        self.jax.block_until_ready((loss, self.values))
        return loss

    def first_gradients(self, *batch: Any) -> Weights:
        """The gradients of the first step, which was taken on this batch: computed again, a step keeps none."""
        slopes = self.jax.jit(self.jax.grad(self.loss_of))(self.start, *batch)
        return {name: np.asarray(slope) for name, slope in slopes.items()}
