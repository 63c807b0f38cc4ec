"""One application with several outputs: a node for the application, and above it one for each output.

The gradient of the application is a `Bundle`: what arrived at each output, or None.
"""

from __future__ import annotations

from dataclasses import dataclass

from fathom.core.primitive import Primitive


class Bundle(tuple):
    """The gradients of several outputs, added up one by one."""

    dtype = property(lambda self: next(g for g in self if g is not None).dtype)
    real = property(lambda self: self)  # which outputs are real, the rule of the application knows

    def __add__(self, other):
        pairs = zip(self, other, strict=True)
        return Bundle(b if a is None else a if b is None else a + b for a, b in pairs)


@dataclass(frozen=True, eq=False)
class Output(Primitive):
    """Output number `position` of an application that has `count` of them."""

    position: int
    count: int

    def vjp(self, wanted, g, y, x):
        return (Bundle(g if k == self.position else None for k in range(self.count)),)
