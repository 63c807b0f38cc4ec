"""Cases of linear algebra and Fourier transforms.

Factors are unique only up to signs, so that the cases take what does not depend on them.
"""

from __future__ import annotations

import numpy as np

from fathom.testing.case import COMPLEX, case, each, normal

STACKS = ((3, 3), (2, 3, 3))
TALL_AND_WIDE = ((3, 3), (4, 2), (2, 4), (2, 3, 2))


def symmetric(a):
    """A symmetric or Hermitian matrix made of any."""
    return a + a.mH


def definite(lib, a):
    """A positive-definite matrix made of any."""
    return a @ a.mH + lib.eye(a.shape[-1], dtype=a.dtype)


def regular(lib, a):
    """A matrix made of any that is far from singular."""
    return a + 3 * lib.eye(a.shape[-2], a.shape[-1], dtype=a.dtype)


def projections(lib, a):
    """What does not depend on the choice of vectors: |v^H b|^2 for each eigenvector v and a fixed b."""
    w, v = lib.linalg.eigh(symmetric(a))
    b = lib.ones(a.shape[-1], dtype=a.dtype)
    return w, (v.mH @ b).abs() ** 2


def of_svd(lib, a, full):
    u, s, vh = lib.linalg.svd(a, full)
    k = s.shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    first = (u * s.cos().unsqueeze(-2)) @ vh  # a function of the matrix, with other sizes
    return s, first


def of_eig(lib, a):
    w, v = lib.linalg.eig(a + lib.arange(a.shape[-1]).to(a.dtype).diag_embed() * 3)
    b = lib.ones(a.shape[-1], dtype=v.dtype)
    part = w.real.argsort(-1)
    return lib.gather(w, -1, part), lib.gather((v.mH @ b).abs(), -1, part)


def sizes_of_eigenvalues(lib, a):
    """What does not depend on the order of the eigenvalues."""
    w = lib.linalg.eigvals(a)
    return (w.abs() ** 2).sum(), (w * w).sum().real


def of_lstsq(lib, a, b):
    return lib.linalg.lstsq(regular(lib, a), b).solution


CASES = [
    # ---- systems ----
    *[case("linalg.solve", normal(*s), normal(*s[:-1], 2), numpy=np.linalg.solve) for s in STACKS],
    case("linalg.solve", normal(2, 3, 3), normal(3, 2)),
    case("linalg.solve", normal(3, 3), normal(3)),
    case("linalg.solve", normal(2, 3, 3), normal(2, 3)),
    case("linalg.solve", normal(3, 3), normal(2, 3), left=False),
    case("linalg.solve", normal(3, 3), normal(3, 2), dtypes=COMPLEX, orders=1),
    *[case("linalg.inv", normal(*s), numpy=np.linalg.inv) for s in STACKS],
    case("inverse", normal(3, 3)),
    case("linalg.tensorinv", normal(2, 3, 6)),
    case("linalg.tensorsolve", normal(2, 3, 6), normal(2, 3)),
    *[
        case("linalg.solve_triangular", normal(*s), normal(*s[:-1], 2), upper=upper, unitriangular=unit,
             call=lambda lib, a, b, **o: lib.linalg.solve_triangular(regular(lib, a), b, **o))
        for s in STACKS for upper in (True, False) for unit in (True, False)
    ],
    case("linalg.solve_triangular", normal(3, 3), normal(2, 3), upper=True, left=False,
         call=lambda lib, a, b, **o: lib.linalg.solve_triangular(regular(lib, a), b, **o)),
    *[case("linalg.cholesky", normal(*s),
        call=lambda lib, a: lib.linalg.cholesky(definite(lib, a))) for s in STACKS],
    case("linalg.cholesky", normal(3, 3), upper=True,
        call=lambda lib, a, upper: lib.linalg.cholesky(definite(lib, a), upper=upper)),
    case("cholesky", normal(3, 3), call=lambda lib, a: lib.cholesky(definite(lib, a))),
    case("linalg.cholesky", normal(3, 3), dtypes=COMPLEX, orders=1,
        call=lambda lib, a: lib.linalg.cholesky(definite(lib, a))),
    case("cholesky_solve", normal(3, 2), normal(3, 3),
        call=lambda lib, b, l: lib.cholesky_solve(b, regular(lib, l).tril())),
    case("cholesky_solve", normal(3, 2), normal(3, 3), note="upper",
         call=lambda lib, b, l: lib.cholesky_solve(b, regular(lib, l).triu(), True)),
    case("cholesky_inverse", normal(3, 3), call=lambda lib, l: lib.cholesky_inverse(regular(lib, l).tril())),
    *[case("linalg.lu", normal(*s), call=lambda lib, a: tuple(lib.linalg.lu(a))[1:]) for s in STACKS],
    case("linalg.lu", normal(2, 3, 3), dtypes=COMPLEX, orders=1,
        call=lambda lib, a: tuple(lib.linalg.lu(a))[1:]),
    *[case("linalg.lu", normal(*s), orders=0) for s in ((4, 2), (2, 4), (3, 3))],
    *[case("linalg.lu_factor", normal(*s), orders=0) for s in ((3, 3), (2, 4, 3))],
    *[
        case("linalg.lu_solve", normal(2, 3, 3), normal(2, 3, 2), note=f"adjoint {adjoint}",
             call=lambda lib, a, b, adjoint=adjoint: lib.linalg.lu_solve(
                 *lib.linalg.lu_factor(a), b, adjoint=adjoint))
        for adjoint in (False, True)
    ],
    case("lu_solve", normal(3, 2), normal(3, 3),
         call=lambda lib, b, a: lib.lu_solve(b, *lib.linalg.lu_factor(a))),
    # ---- determinants ----
    *[case(name, normal(*s), numpy=np.linalg.det) for name in ("det", "linalg.det") for s in STACKS],
    *each("slogdet linalg.slogdet", (normal(3, 3),), (normal(2, 3, 3),)),
    case("logdet", normal(3, 3), call=lambda lib, a: lib.logdet(definite(lib, a))),
    *each("det", (normal(3, 3),), (normal(2, 2, 2),), dtypes=COMPLEX, orders=1),
    case("linalg.slogdet", normal(3, 3), dtypes=COMPLEX, orders=1),
    case("det", normal(3, 2), note="singular", orders=1, call=lambda lib, a: lib.det(a @ a.mT)),
    # ---- directions and sizes ----
    *[case("linalg.eigh", normal(*s), call=projections) for s in STACKS],
    case("linalg.eigh", normal(3, 3), dtypes=COMPLEX, orders=1, call=projections),
    *each("linalg.eigvalsh", (normal(3, 3),), call=lambda lib, a: lib.linalg.eigvalsh(symmetric(a))),
    case("linalg.eigvalsh", normal(3, 3), "U", call=lambda lib, a, u: lib.linalg.eigvalsh(symmetric(a), u)),
    *[case("linalg.eig", normal(*s), call=of_eig) for s in STACKS],
    case("linalg.eig", normal(3, 3), dtypes=COMPLEX, orders=1, call=of_eig),
    *[case("linalg.svd", normal(*s), full, call=of_svd) for s in TALL_AND_WIDE for full in (True, False)],
    *[case("linalg.svd", normal(*s), False, call=of_svd, dtypes=COMPLEX, orders=1) for s in ((3, 2), (2, 3))],
    *[case("linalg.svdvals", normal(*s)) for s in TALL_AND_WIDE],
    *[case("linalg.qr", normal(*s),
        call=lambda lib, a: [p.abs() for p in lib.linalg.qr(a)]) for s in TALL_AND_WIDE],
    *[case("linalg.qr", normal(*s), orders=1, dtypes=COMPLEX) for s in ((3, 3), (4, 2), (2, 3))],
    case("linalg.qr", normal(4, 2), "complete", orders=0,
        call=lambda lib, a, m: lib.linalg.qr(a, m)[1].abs()),
    case("linalg.qr", normal(4, 2), "r", call=lambda lib, a, m: lib.linalg.qr(a, m)[1].abs(), orders=0),
    *[case(name, normal(*s)) for name in ("linalg.pinv", "pinverse") for s in TALL_AND_WIDE],
    case("linalg.pinv", normal(3, 2), dtypes=COMPLEX, orders=1),
    *[case("linalg.lstsq", normal(*s), normal(*s[:-1], 2), call=of_lstsq) for s in TALL_AND_WIDE],
    *each("linalg.matrix_rank", (normal(3, 3),), (normal(2, 4, 2),), orders=0),
    case("linalg.matrix_rank", normal(3, 3), atol=1.0, rtol=0.1, orders=0),
    *each("linalg.cond", (normal(3, 3),), (normal(4, 2), -2)),
    *each("linalg.cond", (normal(3, 3), 1), (normal(3, 3), "fro"), orders=0),
    *[case("linalg.matrix_power", normal(2, 3, 3), n) for n in (0, 1, 2, 3, 5, -2)],
    *each("linalg.matrix_exp matrix_exp", (normal(3, 3),), (normal(2, 2, 2),)),
    case("linalg.matrix_exp", normal(3, 3), dtypes=COMPLEX, orders=1),
    case("linalg.diagonal", normal(2, 3, 4)),
    case("svd", normal(3, 2), call=lambda lib, a: lib.svd(a)[1]),
    case("qr", normal(3, 2), call=lambda lib, a: [part.abs() for part in lib.qr(a)]),
    case("linalg.eigvals", normal(3, 3), call=lambda lib, a: sizes_of_eigenvalues(lib, a), orders=1),
    # ---- Fourier transforms ----
    case("fft.fft", normal(5), orders=1, numpy=np.fft.fft),
    case("fft.rfft", normal(2, 5), orders=1, numpy=np.fft.rfft),
    *[case(f"fft.{name}", normal(3, 4), n, 0, norm, dtypes=COMPLEX, orders=1)
        for name in ("fft", "ifft") for n, norm in ((None, None), (5, "ortho"), (2, "forward"))],
    *[case("fft.rfft", normal(3, 5), n, 0, norm, orders=1)
        for n, norm in ((None, "ortho"), (4, "forward"), (7, None))],
    *[case("fft.irfft", normal(4, 2), n, 0, norm, dtypes=COMPLEX, orders=1)
        for n, norm in ((None, None), (7, "ortho"), (4, "forward"), (9, None))],
    case("fft.irfft", normal(4), orders=1),
    case("fft.hfft", normal(4), dtypes=COMPLEX, orders=1),
    case("fft.ihfft", normal(5), orders=1),
    *[case(f"fft.{name}", normal(2, 3, 4), dtypes=COMPLEX, orders=1)
        for name in ("fft2", "ifft2", "fftn", "ifftn", "irfft2", "irfftn")],
    *[case(f"fft.{name}", normal(2, 3, 4), orders=1) for name in ("rfft2", "rfftn", "fft2")],
    case("fft.fftn", normal(2, 3, 4), (4, 2), orders=1),
    case("fft.rfftn", normal(2, 3, 4), (4, 5), (0, 2), "ortho", orders=1),
    case("fft.irfftn", normal(2, 3, 4), (4, 5), (0, 2), "ortho", dtypes=COMPLEX, orders=1),
    *[
        case("stft", normal(2, 20), 8, 3, normal(8), note=f"center {center}", orders=2 if center else 1,
             call=lambda lib, x, n, hop, w, center=center: lib.view_as_real(
                 lib.stft(x, n, hop, None, w, center, normalized=True, return_complex=True)))
        for center in (True, False)
    ],
    case("istft", normal(2, 5, 7), 8, 3, dtypes=COMPLEX, orders=1,
         call=lambda lib, y, n, hop: lib.istft(y, n, hop, None, lib.arange(1, 9).to(y.real.dtype))),
    *each("fft.fftshift fft.ifftshift", (normal(5),), (normal(2, 3, 4), (0, 2))),
]  # fmt: skip
