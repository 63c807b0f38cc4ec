"""StopOnNaN: stop at the first loss that is no number, and say which layer made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fathom import nn
from fathom.autograd import no_grad
from fathom.core.base import TensorBase
from fathom.tensors import Tensor
from fathom.train.callbacks import Callback
from fathom.train.metrics import numbers

if TYPE_CHECKING:
    from fathom.train.trainer import Trainer

WAY_OUT = "try a smaller learning rate, or gradient_clip_val=1"


class NonFiniteLossError(FloatingPointError):
    """A loss that is NaN or infinite, and where that began."""


class StopOnNaN(Callback):
    """Raises NonFiniteLossError at a loss that is NaN or infinite, before it spoils the weights."""

    def on_before_backward(self, trainer: Trainer, loss: Tensor) -> None:
        value = float(loss.detach())
        if np.isfinite(value):
            return
        cause = first_nonfinite(trainer.model, trainer.current[:-1])
        raise NonFiniteLossError(
            f"the loss became {value} in step {trainer.step + 1} (epoch {trainer.epoch + 1}): "
            f"{cause or 'every layer gives finite numbers, so it is the loss itself'}; {WAY_OUT}"
        )


def first_nonfinite(network: nn.Module, inputs: tuple) -> str | None:
    """What first holds NaN or an infinity when the network reads `inputs`; None if nothing does.

    >>> net = fathom.nn.Sequential(fathom.nn.Linear(1, 1), fathom.nn.ReLU())
    >>> _ = net[0].weight.data.fill_(float("nan"))
    >>> first_nonfinite(net, (fathom.ones(1, 1),))
    '0 Linear: 1 of the 1 values of its weight are not finite'
    """
    for position, x in enumerate(inputs):
        if count := nonfinite(x):
            return f"{count:,} values of the batch's input {position} are not finite"
    found: list[str] = []

    def watch(path: str, module: nn.Module) -> Any:
        name = f"{path} {type(module).__name__}"

        def after(module: nn.Module, inputs: Any, output: Any) -> None:
            if found or not nonfinite(output):
                return
            for kept, values in module.named_parameters(recurse=False):
                if count := nonfinite(values):
                    found.append(
                        f"{name}: {count:,} of the {values.numel():,} values of its {kept} "
                        "are not finite"
                    )
                    return
            found.append(f"{name}: its inputs are finite, {nonfinite(output):,} of its outputs not")

        return module.register_forward_hook(after)

    handles = [watch(path, m) for path, m in network.named_modules() if not any(m.children())]
    try:
        with no_grad():
            network(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else None


def nonfinite(x: Any) -> int:
    """How many of x's numbers are NaN or infinite, through tuples and lists."""
    if isinstance(x, tuple | list):
        return sum(nonfinite(entry) for entry in x)
    if not isinstance(x, TensorBase) or not x.dtype.is_floating_point:
        return 0
    return int((~np.isfinite(numbers(x))).sum())
