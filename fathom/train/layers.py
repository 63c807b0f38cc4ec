"""The layers of a network in a table: what each is, what comes out of it, how much it learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fathom.autograd import no_grad
from fathom.core.base import TensorBase
from fathom.core.random import default_generator
from fathom.nn import Module
from fathom.ops.creation import zeros
from fathom.tensors import Tensor


@dataclass(frozen=True)
class Layer:
    """One layer: its path in the network, its class, the output's shape, its own parameters."""

    path: str
    kind: str
    shape: tuple[int, ...] | None  # None where the output is no tensor
    parameters: int


def layer_table(network: Module, inputs: Any) -> list[Layer]:
    """The layers that have no layers of their own, in the order in which they are first used.

    inputs  an example batch: a tensor, a tuple of tensors, or the shape of one (zeros are used)

    >>> net = fathom.nn.Sequential(fathom.nn.Linear(4, 2), fathom.nn.ReLU())
    >>> for layer in layer_table(net, (1, 4)):
    ...     print(layer.path, layer.kind, layer.shape, layer.parameters)
    0 Linear (1, 2) 10
    1 ReLU (1, 2) 0
    """
    found: dict[str, Layer] = {}
    counted: set[int] = set()

    def watch(path: str, module: Module) -> Any:
        def after(module: Module, inputs: Any, output: Any) -> None:
            if path not in found:
                found[path] = Layer(path, type(module).__name__, shape_of(output), own(module))

        return module.register_forward_hook(after)

    def own(module: Module) -> int:
        """A parameter that layers share counts where it comes first."""
        fresh = {id(p): p.numel() for p in module.parameters() if id(p) not in counted}
        counted.update(fresh)
        return sum(fresh.values())

    leaves = [
        (path, module) for path, module in network.named_modules() if not any(module.children())
    ]
    handles = [watch(path, module) for path, module in leaves]
    try:
        run_once(network, inputs)
    finally:
        for handle in handles:
            handle.remove()
    return list(found.values())


def run_once(network: Module, inputs: Any) -> None:
    """One forward pass that leaves no trace: not in gradients, statistics or random numbers."""
    if isinstance(inputs, TensorBase):
        arguments: tuple = (inputs,)
    elif all(isinstance(size, int) for size in inputs):
        arguments = (zeros(*inputs),)
    else:
        arguments = tuple(inputs)
    training, state = network.training, default_generator.get_state()
    network.eval()
    try:
        with no_grad():
            network(*arguments)
    finally:
        network.train(training)
        default_generator.set_state(state)


def shape_of(output: Any) -> tuple[int, ...] | None:
    """The shape of a layer's output; of the first tensor where there are several."""
    if isinstance(output, Tensor):
        return tuple(output.shape)
    if isinstance(output, tuple | list) and output:
        return shape_of(output[0])
    return None


def parameter_count(network: Module) -> int:
    """How many numbers the network learns."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def summary(layers: list[Layer]) -> str:
    """The table as text.

    >>> print(summary([Layer("net.0", "Linear", (1, 2), 10), Layer("net.1", "ReLU", (1, 2), 0)]))
    layer  kind    output  parameters
    net.0  Linear  (1, 2)          10
    net.1  ReLU    (1, 2)           0
                   in all          10
    """
    rows = [("layer", "kind", "output", "parameters")]
    for layer in layers:
        rows.append((layer.path, layer.kind, str(layer.shape or ""), f"{layer.parameters:,}"))
    rows.append(("", "", "in all", f"{sum(layer.parameters for layer in layers):,}"))
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{a:<{wide[0]}}  {b:<{wide[1]}}  {c:<{wide[2]}}  {d:>{wide[3]}}" for a, b, c, d in rows
    )
