"""Primitives for determinants: of square matrices A (..., N, N), one number each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.base import values
from fathom.core.primitive import Primitive
from fathom.ops.reduction import Prod
from fathom.ops.spectra import Svd
from fathom.ops.systems import Solve, eye_like

if TYPE_CHECKING:
    from fathom.tensors import Tensor


@dataclass(frozen=True)
class Det(Primitive):
    """The determinant. Its derivative is the matrix of cofactors, det(A) A^-H."""

    def shape(self, a):
        return a[:-2]

    def eager(self, xp, a):
        return xp.linalg.det(a)

    def cofactors(self, y, a):
        known = values(y.array)
        if known is not None and not known.all():
            return singular_cofactors(a)  # there is no inverse, but there are cofactors
        inverse = Solve()(a, eye_like(a))
        return (y.unsqueeze(-1).unsqueeze(-1) * inverse).mT

    def vjp(self, wanted, g, y, a):
        return (g.unsqueeze(-1).unsqueeze(-1) * self.cofactors(y, a).conj(),)

    def jvp(self, dxs, y, a):
        return None if dxs[0] is None else (self.cofactors(y, a) * dxs[0]).sum((-2, -1))

    def batch(self, size, batched, a):
        return self(a)


def singular_cofactors(a: Tensor) -> Tensor:
    """The cofactors from A = U diag(s) V^H: to the place of s_i goes the product of all other s.

    The derivative of this again is exact as long as no two singular values are 0.
    """
    m = a.shape[-1]
    packed = Svd()(a)
    u, s, v = packed.narrow(-2, 0, m), packed.narrow(-2, m, 1).real, packed.narrow(-2, m + 1, m)
    others = Prod(s.ndim - 1).others(s).to(a.dtype)
    directions = (Det()(u) * Det()(v.mH)).unsqueeze(-1).unsqueeze(-1)
    return (directions * ((v * others) @ u.mH)).mT


@dataclass(frozen=True)
class LogAbsDet(Primitive):
    """log |det A|, -inf for a singular A: no overflow where det A would. Its derivative is A^-H."""

    def shape(self, a):
        return a[:-2]

    def dtype(self, a):
        return np.empty(0, a).real.dtype

    def eager(self, xp, a):
        return xp.linalg.slogdet(a)[1]

    def vjp(self, wanted, g, y, a):
        return (g.unsqueeze(-1).unsqueeze(-1) * Solve()(a, eye_like(a)).mH,)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        return (Solve()(a, eye_like(a)).mT * dxs[0]).sum((-2, -1)).real

    def batch(self, size, batched, a):
        return self(a)


@dataclass(frozen=True)
class SignDet(Primitive):
    """The sign of det A; of a complex A its direction, det A / |det A|."""

    def shape(self, a):
        return a[:-2]

    def eager(self, xp, a):
        return xp.linalg.slogdet(a)[0]

    def vjp(self, wanted, g, y, a):
        if a.dtype.kind == "float":
            return (a.new_zeros(a.shape),)
        turn = (y.conj() * g).imag * 1j  # only a change of the angle counts
        return (turn.unsqueeze(-1).unsqueeze(-1) * Solve()(a, eye_like(a)).mH,)

    def jvp(self, dxs, y, a):
        if dxs[0] is None or a.dtype.kind == "float":
            return None
        slope = (Solve()(a, eye_like(a)).mT * dxs[0]).sum((-2, -1))
        return y * slope.imag * 1j

    def batch(self, size, batched, a):
        return self(a)
