"""Several devices: data split over them, and DataParallel, which uses one.

Training on several processes belongs to `fathom.distributed`; these names let programs that are written
for several GPUs run on one device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fathom.core.base import TensorBase
from fathom.nn.module import Module
from fathom.ops.shaping import cat, chunk


def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> tuple:
    """Tensors in (nested) tuples, lists and dicts split along `dim`, one part for each device.

    Other values go to all. Returns as many parts as there are, at most one a device.

    >>> x = fathom.arange(4)
    >>> fathom.nn.parallel.scatter(x, ["cpu", "cpu"])
    (tensor([0, 1]), tensor([2, 3]))
    """
    count = len(target_gpus)
    if isinstance(inputs, TensorBase):
        parts = chunk(inputs, count, dim)
        return tuple(part.to(where) for part, where in zip(parts, target_gpus, strict=False))
    if isinstance(inputs, (tuple, list)) and inputs:
        made = type(inputs)._make if hasattr(inputs, "_make") else type(inputs)
        return tuple(
            made(parts)
            for parts in zip(*[scatter(x, target_gpus, dim) for x in inputs], strict=False)
        )
    if isinstance(inputs, dict) and inputs:
        columns = [
            [(key, part) for part in scatter(x, target_gpus, dim)] for key, x in inputs.items()
        ]
        return tuple(type(inputs)(pairs) for pairs in zip(*columns, strict=False))
    return (inputs,) * count


def gather(outputs: Sequence[Any], target_device: Any, dim: int = 0) -> Any:
    """The parts that `scatter` made, put together on one device."""
    first = outputs[0]
    if isinstance(first, TensorBase):
        return cat([part.to(target_device) for part in outputs], dim)
    if isinstance(first, dict):
        return type(first)(
            (key, gather([part[key] for part in outputs], target_device, dim)) for key in first
        )
    if isinstance(first, (tuple, list)):
        made = type(first)._make if hasattr(first, "_make") else type(first)
        return made(gather(parts, target_device, dim) for parts in zip(*outputs, strict=True))
    return first


class DataParallel(Module):
    """A module that passes its inputs on to `module`, on the first of the devices: one device does all the work.

    Paths in the state dict begin with "module.", as in PyTorch.
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ):
        super().__init__()
        self.module = module
        self.device_ids = list(device_ids or [])
        self.output_device = output_device
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module gives for these inputs."""
        if self.device_ids:
            (inputs,) = scatter(inputs, self.device_ids[:1], self.dim) if inputs else (inputs,)
            (kwargs,) = scatter(kwargs, self.device_ids[:1], self.dim) if kwargs else (kwargs,)
        return self.module(*inputs, **kwargs)
