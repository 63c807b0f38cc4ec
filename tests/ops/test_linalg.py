"""Linear algebra: named results, what is not unique, singular and ill-shaped matrices."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom import linalg


def matrix(*shape: int, seed: int = 0, dtype=fathom.float64):
    return fathom.from_numpy(np.random.default_rng(seed).standard_normal(shape)).to(dtype)


def close(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3)])
@pytest.mark.parametrize("dtype", [fathom.float64, fathom.complex128])
def test_factors_multiply_to_the_matrix(shape, dtype):
    a = matrix(*shape, dtype=dtype)
    if dtype.is_complex:
        a = a + 1j * matrix(*shape, seed=1)
    for mode in ("reduced", "complete"):
        q, r = linalg.qr(a, mode)
        close(q @ r, a)
        close(q.mH @ q, fathom.eye(q.shape[-1], dtype=dtype).expand(*shape[:-2], -1, -1))
    for full in (True, False):
        u, s, vh = linalg.svd(a, full)
        k = s.shape[-1]
        close((u[..., :k] * s.unsqueeze(-2)) @ vh[..., :k, :], a)
        close(u.mH @ u, fathom.eye(u.shape[-1], dtype=dtype).expand(*shape[:-2], -1, -1))
        close(vh @ vh.mH, fathom.eye(vh.shape[-2], dtype=dtype).expand(*shape[:-2], -1, -1))
    p, low, up = linalg.lu(a)
    close(p @ low @ up, a)


def test_results_have_names():
    a = matrix(3, 3)
    assert linalg.eigh(a + a.mT)._fields == ("eigenvalues", "eigenvectors")
    assert linalg.eig(a).eigenvalues.dtype is fathom.complex128
    assert linalg.slogdet(a)._fields == ("sign", "logabsdet")
    assert linalg.lstsq(a, a)._fields == ("solution", "residuals", "rank", "singular_values")
    assert fathom.svd(a)._fields == ("U", "S", "V")


def test_eigenvalues_that_are_equal_have_a_gradient():
    a = fathom.eye(3, dtype=fathom.float64, requires_grad=True)
    linalg.eigvalsh(a).sum().backward()
    close(a.grad, fathom.eye(3, dtype=fathom.float64))
    b = fathom.eye(3, dtype=fathom.float64, requires_grad=True)
    linalg.svdvals(b).sum().backward()
    close(b.grad, fathom.eye(3, dtype=fathom.float64))


def test_the_gradient_of_a_singular_determinant_is_its_cofactors():
    a = fathom.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=fathom.float64, requires_grad=True)
    linalg.det(a).backward()
    close(a.grad, fathom.tensor([[4.0, -2.0], [-2.0, 1.0]], dtype=fathom.float64))


def test_only_one_triangle_is_read():
    a = fathom.tensor([[2.0, 99.0], [1.0, 3.0]])
    close(linalg.cholesky(a), linalg.cholesky(fathom.tensor([[2.0, 1.0], [1.0, 3.0]])))
    close(linalg.eigvalsh(a), linalg.eigvalsh(fathom.tensor([[2.0, 1.0], [1.0, 3.0]])))
    close(
        linalg.solve_triangular(a, fathom.ones(2, 1), upper=False),
        linalg.solve(a.tril(), fathom.ones(2, 1)),
    )


def test_least_squares_of_few_columns_leaves_residuals_and_of_equal_ones_the_shortest():
    a, b = matrix(5, 2), matrix(5, 3, seed=1)
    x, residuals, rank, _ = linalg.lstsq(a, b)
    close(residuals, ((a @ x - b) ** 2).sum(0))
    assert rank.item() == 2
    doubled = fathom.cat([a[:, :1], a[:, :1]], 1)
    shortest = linalg.lstsq(doubled, b[:, 0])
    assert shortest.rank.item() == 1
    assert shortest.residuals.numel() == 0
    close(shortest.solution[0], shortest.solution[1])


def test_a_determinant_that_overflows_has_a_logarithm():
    a = fathom.eye(400) * 10
    assert linalg.det(a).item() == float("inf")
    assert linalg.slogdet(a).logabsdet.item() == pytest.approx(400 * np.log(10), rel=1e-6)
    assert fathom.logdet(-fathom.eye(1)).isnan().item()
    assert fathom.logdet(fathom.zeros(2, 2)).item() == -float("inf")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.inv(fathom.zeros(2, 2)), "the input matrix is singular"),
        (lambda: linalg.solve(fathom.zeros(2, 2), fathom.ones(2)), "singular"),
        (lambda: linalg.cholesky(-fathom.eye(2)), "not positive-definite"),
        (
            lambda: linalg.solve_triangular(fathom.zeros(2, 2), fathom.ones(2, 1), upper=True),
            "0 on its diagonal",
        ),
        (
            lambda: linalg.eigh(fathom.full((2, 2), float("nan"))),
            "eigh: the input contains NaN or Inf",
        ),
        (
            lambda: linalg.svd(fathom.full((2, 2), float("nan"))),
            "svd: the input contains NaN or Inf",
        ),
    ],
)
def test_a_matrix_without_a_result_is_a_linalg_error(call, message):
    with pytest.raises(linalg.LinAlgError, match=message):
        call()
    assert issubclass(linalg.LinAlgError, RuntimeError)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.inv(fathom.ones(2, 3)), "batches of square matrices, but they are 2 by 3"),
        (lambda: linalg.det(fathom.ones(3)), r"at least 2 dims, got \(3,\)"),
        (
            lambda: linalg.solve(fathom.eye(2), fathom.ones(3, 1)),
            r"A \(2, 2\) and B \(3, 1\) do not fit",
        ),
        (lambda: linalg.lstsq(fathom.ones(3, 2), fathom.ones(2, 1)), "B must have 3 rows"),
        (
            lambda: linalg.solve_triangular(fathom.eye(2), fathom.ones(3, 1), upper=True),
            "B must have 2 rows",
        ),
        (lambda: linalg.cross(fathom.ones(2), fathom.ones(2)), "must have length 3, got 2"),
        (lambda: fathom.cross(fathom.ones(2, 2), fathom.ones(2, 2)), "no dimension of size 3"),
        (lambda: linalg.matrix_power(fathom.ones(2, 3), 2), "square matrices"),
        (lambda: linalg.tensorinv(fathom.ones(2, 3)), "ind <= 2|equally many"),
    ],
)
def test_wrong_shapes_are_named(call, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        call()


def test_dtypes_that_lapack_lacks_are_refused():
    with pytest.raises(
        RuntimeError, match="expected A of dtype float32, float64 or complex, got fathom.int64"
    ):
        linalg.det(fathom.ones(2, 2, dtype=fathom.int64))
    with pytest.raises(TypeError, match="got fathom.float16"):
        linalg.inv(fathom.ones(2, 2, dtype=fathom.float16))
    with pytest.raises(RuntimeError, match="same dtype"):
        linalg.solve(fathom.eye(2), fathom.ones(2, dtype=fathom.float64))
    with pytest.raises(RuntimeError, match="mode must be"):
        linalg.qr(fathom.eye(2), "full")
    with pytest.raises(RuntimeError, match="UPLO"):
        linalg.eigh(fathom.eye(2), "X")


def test_stacks_of_no_matrices_give_no_results():
    a = fathom.zeros(0, 3, 3)
    assert tuple(linalg.det(a).shape) == (0,)
    assert tuple(linalg.inv(a).shape) == (0, 3, 3)
    assert tuple(linalg.lu(a).L.shape) == (0, 3, 3)
    assert tuple(linalg.matrix_exp(a).shape) == (0, 3, 3)
