"""Primitives that take matrices apart into directions and sizes: QR, eigenvalues, singular values.

A primitive has one output, so that factors that LAPACK finds in one call come packed in one matrix, one
column for each direction: [eigenvalues; eigenvectors], [U; singular values; V], [Q; R^T].

Letters: A (..., M, N), K = min(M, N), w eigenvalues, s singular values, g the gradient arriving. Where two
directions have one size they are not unique; a function that does not depend on their choice still has
a gradient, and the rules find it: the quotients that belong to such a pair are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.core.errors import LinAlgError
from fathom.core.primitive import Primitive
from fathom.ops.shaping import cat
from fathom.ops.systems import Solve, SolveTriangular, eye_like, scipy_linalg

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def inverse_gaps(w: Tensor) -> Tensor:
    """1 / (w_j - w_i), and 0 where the two are equal."""
    gap = w.unsqueeze(-2) - w.unsqueeze(-1)
    equal = gap == 0
    return (1 / gap.masked_fill(equal, 1)).masked_fill(equal, 0)


def inverse(s: Tensor) -> Tensor:
    """1 / s, and 0 where s is 0."""
    return (1 / s.masked_fill(s == 0, 1)).masked_fill(s == 0, 0)


def diagonal_of(x: Tensor) -> Tensor:
    return x.diagonal(0, -2, -1)


def imaginary(x: Tensor) -> Tensor:
    """i times the imaginary part; 0 for real numbers."""
    return x.imag * 1j if x.dtype.kind == "complex" else x.new_zeros(x.shape)


def converged(name: str, xp, f, a, *options):
    """f(a, *options); raises LinAlgError where a has an element that is not finite."""
    if not xp.isfinite(a).all():
        raise LinAlgError(
            f"{name}: the input contains NaN or Inf, so the algorithm cannot converge"
        )
    try:
        return f(a, *options)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{name}: the algorithm failed to converge: {error}") from None


@dataclass(frozen=True)
class Eigh(Primitive):
    """[w; V] with A = V diag(w) V^H, w ascending, for a Hermitian A. (..., N, N) -> (..., N + 1, N).

    Only the lower (or upper) triangle of A is read. Rules: Giles 2008, section 3.1.
    """

    upper: bool

    def shape(self, a):
        return (*a[:-2], a[-1] + 1, a[-1])

    def eager(self, xp, a):
        w, v = converged("eigh", xp, xp.linalg.eigh, a, "U" if self.upper else "L")
        return xp.concatenate([w[..., None, :].astype(v.dtype), v], -2)

    def vjp(self, wanted, g, y, a):
        (w, v), (gw, gv) = unpacked(y), unpacked(g)
        inner = gw.real.to(g.dtype).diag_embed() + inverse_gaps(w.real).to(g.dtype) * (v.mH @ gv)
        return (v @ inner @ v.mH,)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        w, v = unpacked(y)
        turn = v.mH @ dxs[0] @ v
        dw = diagonal_of(turn).real.to(y.dtype)
        return cat([dw.unsqueeze(-2), v @ (inverse_gaps(w.real).to(y.dtype) * turn)], -2)

    def batch(self, size, batched, a):
        return self(a)


def unpacked(y: Tensor) -> tuple[Tensor, Tensor]:
    """The first row, and the matrix below it."""
    n = y.shape[-1]
    return y.narrow(-2, 0, 1).squeeze(-2), y.narrow(-2, 1, n)


@dataclass(frozen=True)
class Eig(Primitive):
    """[w; V], complex, with A V = V diag(w) and columns of length 1. (..., N, N) -> (..., N + 1, N).

    Rules: Boeddeker et al., "On the computation of complex-valued gradients with application to
    statistically optimum beamforming" (2017), equations 4.60 to 4.77.
    """

    def shape(self, a):
        return (*a[:-2], a[-1] + 1, a[-1])

    def dtype(self, a):
        return np.result_type(a, np.complex64)

    def eager(self, xp, a):
        w, v = converged("eig", xp, xp.linalg.eig, a)
        return xp.concatenate([w[..., None, :], v], -2).astype(self.dtype(a.dtype))

    def vjp(self, wanted, g, y, a):
        (w, v), (gw, gv) = unpacked(y), unpacked(g)
        turn = v.mH @ gv
        length = (
            diagonal_of(turn).real.to(y.dtype).unsqueeze(-2)
        )  # a change of length does not count
        inner = gw.diag_embed() + inverse_gaps(w).conj() * (turn - v.mH @ v * length)
        ga = Solve()(v.mH, inner @ v.mH)
        return (ga if a.dtype.kind == "complex" else ga.real,)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        w, v = unpacked(y)
        inner = Solve()(v, dxs[0].to(y.dtype) @ v)
        dv = v @ (inverse_gaps(w) * inner)
        length = diagonal_of(v.mH @ dv).real.to(y.dtype).unsqueeze(-2)
        return cat([diagonal_of(inner).unsqueeze(-2), dv - v * length], -2)

    def batch(self, size, batched, a):
        return self(a)


@dataclass(frozen=True)
class Svd(Primitive):
    """[U; s; V] with A = U diag(s) V^H, s descending. (..., M, N) -> (..., M + 1 + N, K).

    Rules: Townsend, "Differentiating the singular value decomposition" (2016).
    """

    def shape(self, a):
        return (*a[:-2], a[-2] + 1 + a[-1], min(a[-2:]))

    def eager(self, xp, a):
        u, s, vh = converged("svd", xp, xp.linalg.svd, a, False)
        return xp.concatenate([u, s[..., None, :].astype(a.dtype), vh.conj().swapaxes(-2, -1)], -2)

    def parts(self, y, a):
        m, n = a.shape[-2:]
        s = y.narrow(-2, m, 1).squeeze(-2).real
        return y.narrow(-2, 0, m), s, y.narrow(-2, m + 1, n)

    def vjp(self, wanted, g, y, a):
        (u, s, v), (gu, gs, gv) = self.parts(y, a), self.parts(g, a)
        across = s.to(y.dtype).unsqueeze(-2)  # s_j
        gaps = inverse_gaps(s * s).to(y.dtype)
        turn_u, turn_v = u.mH @ gu, v.mH @ gv
        of_u, of_v = gaps * (turn_u - turn_u.mH), gaps * (turn_v - turn_v.mH)
        phase = imaginary(diagonal_of(turn_u) - diagonal_of(turn_v)) * inverse(2 * s)
        inner = of_u * across + across.mT * of_v + (gs.to(y.dtype) + phase).diag_embed()
        ga = u @ inner @ v.mH
        per_size = inverse(s).to(y.dtype).unsqueeze(-2)
        if a.shape[-2] > a.shape[-1]:  # what leaves the columns' space
            ga = ga + ((gu - u @ turn_u) * per_size) @ v.mH
        if a.shape[-2] < a.shape[-1]:
            ga = ga + (u * per_size) @ (gv - v @ turn_v).mH
        return (ga,)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        u, s, v = self.parts(y, a)
        across, per_size = s.to(y.dtype).unsqueeze(-2), inverse(s).to(y.dtype).unsqueeze(-2)
        gaps = inverse_gaps(s * s).to(y.dtype)
        da_v, dah_u = dxs[0] @ v, dxs[0].mH @ u
        inner = u.mH @ da_v
        phase = (imaginary(diagonal_of(inner)) * inverse(2 * s)).unsqueeze(-2)
        du = u @ (gaps * (inner * across + across.mT * inner.mH)) + u * phase
        dv = v @ (gaps * (across.mT * inner + inner.mH * across)) - v * phase
        if a.shape[-2] > a.shape[-1]:
            du = du + (da_v - u @ inner) * per_size
        if a.shape[-2] < a.shape[-1]:
            dv = dv + (dah_u - v @ inner.mH) * per_size
        return cat([du, diagonal_of(inner).real.to(y.dtype).unsqueeze(-2), dv], -2)

    def batch(self, size, batched, a):
        return self(a)


@dataclass(frozen=True)
class Qr(Primitive):
    """[Q; R^T] with A = Q R, Q's columns orthonormal, R upper triangular. (..., M, N) -> (..., M + N, N), M >= N.

    Rules: Walter and Lehmann, "Algorithmic differentiation of linear algebra functions with
    application in optimum experimental design" (2010); Seeger et al., "Auto-differentiating linear
    algebra" (2017).
    """

    def shape(self, a):
        return (*a[:-2], a[-2] + a[-1], a[-1])

    def eager(self, xp, a):
        q, r = xp.linalg.qr(a)
        return xp.concatenate([q, r.swapaxes(-2, -1)], -2)

    def parts(self, y):
        n = y.shape[-1]
        m = y.shape[-2] - n
        return y.narrow(-2, 0, m), y.narrow(-2, m, n).mT

    def vjp(self, wanted, g, y, a):
        (q, r), (gq, gr) = self.parts(y), self.parts(g)
        x = (gr.triu() @ r.mH - q.mH @ gq).triu()
        diagonal = diagonal_of(x)
        inner = x + x.mH - (diagonal.conj() + imaginary(diagonal)).diag_embed()
        left = gq + q @ inner
        return (SolveTriangular(True, False)(r, left.mH).mH,)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        q, r = self.parts(y)
        step = SolveTriangular(False, False)(r.mT, dxs[0].mT).mT  # dA R^-1
        inner = q.mH @ step
        below = inner.tril(-1)
        growth = inner.triu(1) + below.mH + diagonal_of(inner).real.to(y.dtype).diag_embed()
        return cat([step - q @ growth, (growth @ r).mT], -2)

    def batch(self, size, batched, a):
        return self(a)


@dataclass(frozen=True)
class Complement(Primitive):
    """Orthonormal columns that complete those of x to a basis. (..., M, K) -> (..., M, M - K).

    They are not unique, so no gradient passes through them.
    """

    differentiable = False

    def shape(self, x):
        return (*x[:-1], x[-2] - x[-1])

    def eager(self, xp, x):
        return xp.linalg.qr(x, "complete")[0][..., x.shape[-1] :]

    def jvp(self, dxs, y, x):
        return None

    def batch(self, size, batched, x):
        return self(x)


@dataclass(frozen=True)
class Pinv(Primitive):
    """The Moore-Penrose inverse P; singular values up to max(atol, rtol times the largest) count as 0.

    Rules: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate" (1973), equation 4.12.
    """

    atol: float
    rtol: float

    def shape(self, a):
        return (*a[:-2], a[-1], a[-2])

    def eager(self, xp, a):
        if not a.size:
            return xp.zeros(self.shape(a.shape), a.dtype)
        u, s, vh = converged("pinv", xp, xp.linalg.svd, a, False)
        least = xp.maximum(self.rtol * s[..., :1], self.atol)
        small = s <= least
        sizes = xp.where(small, 0, 1 / xp.where(small, 1, s)).astype(a.dtype)
        return xp.matmul(
            vh.conj().swapaxes(-2, -1) * sizes[..., None, :], u.conj().swapaxes(-2, -1)
        )

    def vjp(self, wanted, g, y, a):
        left, right = outside(a, y), outside(y, a)
        return (-(y.mH @ g @ y.mH) + left @ g.mH @ y @ y.mH + y.mH @ y @ g.mH @ right,)

    def jvp(self, dxs, y, a):
        if dxs[0] is None:
            return None
        da, left, right = dxs[0], outside(a, y), outside(y, a)
        return -(y @ da @ y) + y @ y.mH @ da.mH @ left + right @ da.mH @ y.mH @ y

    def batch(self, size, batched, a):
        return self(a)


def outside(a: Tensor, b: Tensor) -> Tensor:
    """I - A B."""
    both = a @ b
    return eye_like(both) - both


@dataclass(frozen=True)
class MatrixExp(Primitive):
    """e^A = I + A + A^2/2 + ... of square matrices.

    Its derivative along E is the upper right block of exp [[A, E], [0, A]]: Mathias, "A chain rule for
    matrix functions and applications" (1996).
    """

    def shape(self, a):
        return a

    def eager(self, xp, a):
        return scipy_linalg(xp).expm(a).astype(a.dtype) if a.size else a.copy()

    def derivative(self, a, e):
        n = a.shape[-1]
        blocks = cat([cat([a, e], -1), cat([a.new_zeros(a.shape), a], -1)], -2)
        return self(blocks).narrow(-2, 0, n).narrow(-1, n, n)

    def vjp(self, wanted, g, y, a):
        return (self.derivative(a.mH, g),)

    def jvp(self, dxs, y, a):
        return None if dxs[0] is None else self.derivative(a, dxs[0])

    def batch(self, size, batched, a):
        return self(a)
