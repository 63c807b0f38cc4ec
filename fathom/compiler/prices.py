"""What a kernel costs before it is decided how its arrays lie: the price of the plan without samples in the lanes."""

from __future__ import annotations

from fathom.compiler.fuse import Kernel
from fathom.compiler.products import product_of
from fathom.compiler.reads import position
from fathom.compiler.schedule import worth_copying
from fathom.compiler.split import split
from fathom.compiler.transpose import turned

TURN = 1.5  # an element of an array that is turned around, in products of whole vectors


def plain_price(kernel: Kernel, lanes: int, halves: bool) -> float:
    """What a step of a kernel costs at best, with its arrays in row-major order or copies of them, or in halves."""
    if turned(kernel, lanes) is not None:
        return TURN
    store = position(kernel.element(), kernel.output.shape)
    out, body, store, _ = split(kernel.out, kernel.body, store, lanes)
    price = worth_copying(out, body, store, lanes)[0]
    product = product_of(kernel, lanes) if halves else None
    return price * product.share() if product is not None and product.pays() else price
