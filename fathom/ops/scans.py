"""Running sums and products along an axis: the primitives of `cumsum` and `cumprod`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fathom.core import loop
from fathom.core.primitive import Linear, Primitive


@dataclass(frozen=True)
class CumSum(Linear):
    """y[i] = the sum of x[0] ... x[i] along an axis; from the other end where `reverse`."""

    axis: int
    reverse: bool = False

    def shape(self, x):
        return x

    def eager(self, xp, x):
        if self.reverse:
            return xp.flip(xp.cumsum(xp.flip(x, self.axis), self.axis, x.dtype), self.axis)
        return xp.cumsum(x, self.axis, x.dtype)

    def adjoint(self, g, x):
        return (CumSum(self.axis, not self.reverse)(g),)

    def batch(self, size, batched, x):
        return CumSum(self.axis + 1, self.reverse)(x)

    def element(self, i, x):
        k = loop.Index(x.shape[self.axis])
        at = [k if axis == self.axis else j for axis, j in enumerate(i)]
        here = i[self.axis]
        counted = loop.less_equal(here, k) if self.reverse else loop.less_equal(k, here)
        return loop.reduce("+", [k], loop.where(counted, x[at], loop.Const(0, x.dtype)))


@dataclass(frozen=True)
class CumProd(Primitive):
    """y[i] = the product of x[0] ... x[i] along an axis."""

    axis: int

    def shape(self, x):
        return x

    def eager(self, xp, x):
        return xp.cumprod(x, self.axis, x.dtype)

    def jacobian(self, x):
        """d y[i] / d x[k], along two last axes (i, k): the products without element k, exact with zeros."""
        x = x.movedim(self.axis, -1)
        n = x.shape[-1]
        eye = x.new_tensor(np.eye(n), dtype=x.dtype)
        without_k = x.unsqueeze(-2).expand((*x.shape, n)) * (1 - eye) + eye  # (..., k, j)
        products = CumProd(without_k.ndim - 1)(without_k).transpose(-1, -2)  # (..., i, k)
        return products * x.new_tensor(np.tri(n), dtype=x.dtype)

    def vjp(self, wanted, g, y, x):
        g = g.movedim(self.axis, -1).unsqueeze(-1)
        return ((g * self.jacobian(x)).sum(-2).movedim(-1, self.axis),)

    def jvp(self, dxs, y, x):
        if dxs[0] is None:
            return None
        dx = dxs[0].movedim(self.axis, -1).unsqueeze(-2)
        return (self.jacobian(x) * dx).sum(-1).movedim(-1, self.axis)

    def batch(self, size, batched, x):
        return CumProd(self.axis + 1)(x)

    def element(self, i, x):
        k = loop.Index(x.shape[self.axis])
        at = [k if axis == self.axis else j for axis, j in enumerate(i)]
        counted = loop.less_equal(k, i[self.axis])
        return loop.reduce("*", [k], loop.where(counted, x[at], loop.Const(1, x.dtype)))
