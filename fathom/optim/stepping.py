"""One step of one parameter: the equations, and their results written in place. A composite: of a large parameter
one operation, in one pass over its memory for each tensor that is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fathom.compiler.signature import INPUTS
from fathom.core import inplace
from fathom.core.base import TensorBase
from fathom.core.composite import Varying, sized_composite
from fathom.optim import blocks
from fathom.tensors import Tensor

# Options that no equation reads.
ASIDE = frozenset({"params", "foreach", "fused", "capturable", "differentiable", "maximize"})


def parted(group: dict[str, Any]) -> tuple[Varying, dict[str, Any]]:
    """What the equations read of a group: rates that may be others at the next step, and the rest. (A rate of 0 leaves
    a part of the equations out, and is no number like others.)"""
    rates = Varying((name, x) for name, x in group.items() if name in INPUTS and is_rate(x))
    return rates, {k: x for k, x in group.items() if k not in ASIDE and k not in rates}


def is_rate(x: Any) -> bool:
    """Whether x is a float, or some floats, and not 0."""
    return all(map(is_rate, x)) if isinstance(x, tuple) else type(x) is float and x != 0


def elements(theta: Tensor, g: Tensor, state: dict[str, Any], *_: object) -> int:
    """How many elements are read; none where what is written is not one piece of memory."""
    own = [theta, *[x for x in state.values() if isinstance(x, TensorBase)]]
    arrays = [x.array for x in own]
    if not all(isinstance(a, np.ndarray) and a.flags.carray for a in arrays):
        return 0
    return g.array.size + sum(a.size for a in arrays)


@sized_composite(elements)
def stepped(
    theta: Tensor,
    g: Tensor,
    state: dict[str, Any],
    rates: Varying,
    options: dict[str, Any],
    update: Callable,
    elementwise: bool,
) -> dict[str, Any]:
    """Write theta and its state in place; gives the state that begins with this step."""
    group = rates | options
    if elementwise and blocks.worthwhile(theta, g, state):
        changed = blocks.advance(update, theta, g, state, group)
    else:
        after, changed = update(theta, g, state, group)
        inplace.assign(theta, after)
    for name in state.keys() & changed.keys():
        if isinstance(changed[name], TensorBase):
            inplace.assign(state[name], changed[name])
        else:
            state[name].fill_(changed[name])
    return {name: value for name, value in changed.items() if name not in state}
