"""What a kernel costs before it is decided how its arrays lie: the price of the plan without samples in the lanes."""

from __future__ import annotations

from fathom.compiler.fuse import Kernel
from fathom.compiler.reads import position
from fathom.compiler.schedule import worth_copying
from fathom.compiler.split import split
from fathom.compiler.transpose import turned

TURN = 1.5  # an element of an array that is turned around, in products of whole vectors


def plain_price(kernel: Kernel, lanes: int) -> float:
    """What a step of a kernel costs at best, with its arrays in row-major order or copies of them."""
    if turned(kernel, lanes) is not None:
        return TURN
    store = position(kernel.element(), kernel.output.shape)
    out, body, store, _ = split(kernel.out, kernel.body, store, lanes)
    return worth_copying(out, body, store, lanes)[0]
