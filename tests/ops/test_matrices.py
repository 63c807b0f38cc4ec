"""Triangles and diagonals: views, writes in place, wrong calls."""

from __future__ import annotations

import numpy as np
import pytest

import fathom


def test_a_diagonal_is_a_view_also_of_a_transposed_matrix():
    x = fathom.zeros(2, 3)
    x.T.diagonal(-1).fill_(5)
    x.diagonal()[:] = 1
    assert x.tolist() == [[1, 5, 0], [0, 1, 5]]


def test_a_write_through_a_diagonal_reaches_the_gradient():
    x = fathom.ones(2, 2, requires_grad=True)
    y = x * 2
    y.diagonal().mul_(10)
    y.sum().backward()
    assert x.grad.tolist() == [[20, 2], [2, 20]]


@pytest.mark.parametrize(
    ("shape", "wrap"), [((3, 3), False), ((5, 2), True), ((5, 2), False), ((2, 2, 2), False)]
)
def test_fill_diagonal_is_pytorchs(shape, wrap):
    torch = pytest.importorskip("torch")
    wanted = torch.zeros(shape).fill_diagonal_(7, wrap)
    np.testing.assert_array_equal(
        fathom.zeros(*shape).fill_diagonal_(7, wrap).numpy(), wanted.numpy()
    )


def test_triangles_do_not_multiply_so_nan_outside_is_gone():
    x = fathom.full((2, 2), float("nan"), requires_grad=True)
    y = x.tril(-1)
    assert y[0].tolist() == [0, 0]
    y[1, 0].backward()
    assert x.grad.tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize("args", [(3, 4), (4, 3, 1), (3, 3, -1), (2, 5, -9)])
def test_positions_of_a_triangle_are_pytorchs(args):
    torch = pytest.importorskip("torch")
    for name in ("tril_indices", "triu_indices"):
        wanted = getattr(torch, name)(*args)
        np.testing.assert_array_equal(getattr(fathom, name)(*args).numpy(), wanted.numpy())


def test_the_gradient_of_vander_is_that_of_powers():
    x = fathom.tensor([2.0, 3.0], requires_grad=True)
    fathom.vander(x, 4, increasing=True).sum().backward()
    assert x.grad.tolist() == [1 + 2 * 2 + 3 * 4, 1 + 2 * 3 + 3 * 9]


def test_wrong_shapes_are_named():
    with pytest.raises(RuntimeError, match="tril: needs at least 2 dims, got \\(3,\\)"):
        fathom.ones(3).tril()
    with pytest.raises(ValueError, match="diag: expected 1 or 2 dims"):
        fathom.diag(fathom.ones(1, 1, 1))
    with pytest.raises(RuntimeError, match="cannot be the same dim"):
        fathom.diagonal(fathom.ones(2, 2), 0, 1, -1)
    with pytest.raises(RuntimeError, match="trace: expected a matrix"):
        fathom.trace(fathom.ones(2))
    with pytest.raises(RuntimeError, match="block_diag"):
        fathom.block_diag(fathom.ones(1, 1, 1))
    with pytest.raises(IndexError, match="Dimension out of range"):
        fathom.diag_embed(fathom.ones(2), 0, 0, 5)
