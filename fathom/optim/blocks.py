"""The step of a large parameter, block by block: the fast path of element-wise equations.

Every operation in `Optimizer.update` makes a tensor of the parameter's size. A large one does not
fit in the cache and is fetched from the system page by page. A block's tensors stay in the cache,
and the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fathom.core import inplace
from fathom.ops.creation import zeros_like
from fathom.tensors import Tensor

BLOCK = 1 << 17  # elements: half a megabyte in float32


def worthwhile(theta: Tensor, g: Tensor, state: dict[str, Any]) -> bool:
    """Whether there are several blocks, and all tensors can be cut into them without a copy."""
    if theta.numel() <= BLOCK:
        return False
    tensors = [theta, g, *[x for x in state.values() if x.shape == theta.shape]]
    return all(type(x.array) is np.ndarray and x.is_contiguous() for x in tensors)


def advance(
    update: Callable, theta: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]
) -> dict[str, Any]:
    """Call `update` on each block, and write theta and the state of its shape in place.

    Gives what changed in the rest of the state, which belongs to no block.
    """
    kept = {name: blocks(x) for name, x in state.items() if x.shape == theta.shape}
    shared = {name: x for name, x in state.items() if name not in kept}
    written, rest = dict(kept), {}
    for k, (block, g_block) in enumerate(zip(blocks(theta), blocks(g), strict=True)):
        before = shared | {name: of_all[k] for name, of_all in kept.items()}
        after, changed = update(block, g_block, before, group)
        inplace.assign(block, after)
        for name, value in changed.items():
            if name in shared:
                rest[name] = value
                continue
            if name not in written:  # state that begins with this step
                state[name] = zeros_like(theta)
                written[name] = blocks(state[name])
            inplace.assign(written[name][k], value)
    return rest


def blocks(x: Tensor) -> Sequence[Tensor]:
    """The elements as a row of blocks, which share x's memory."""
    return x.detach().view(-1).split(BLOCK)
