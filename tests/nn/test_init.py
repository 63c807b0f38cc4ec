"""Initialisation: bounds, spreads, exact values, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import fathom
from fathom import nn


def stream(seed: int = 0) -> fathom.Generator:
    return fathom.Generator().manual_seed(seed)


def empty(*shape: int) -> fathom.Tensor:
    return nn.Parameter(fathom.full(shape, 9.0))


@pytest.mark.parametrize(
    ("fill", "bound"),
    [
        (lambda w: nn.init.uniform_(w, -2.0, 2.0, generator=stream()), 2.0),
        (lambda w: nn.init.xavier_uniform_(w, generator=stream()), math.sqrt(6 / 500)),
        (
            lambda w: nn.init.xavier_uniform_(w, gain=3.0, generator=stream()),
            3 * math.sqrt(6 / 500),
        ),
        (
            lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5), generator=stream()),
            1 / math.sqrt(200),
        ),
        (
            lambda w: nn.init.kaiming_uniform_(
                w, mode="fan_out", nonlinearity="relu", generator=stream()
            ),
            math.sqrt(6 / 300),
        ),
    ],
)
def test_uniform_fillers_reach_their_bounds_and_not_beyond(fill, bound):
    w = empty(300, 200)
    assert fill(w) is w and w.requires_grad
    assert -bound <= w.min().item() < -0.99 * bound and 0.99 * bound < w.max().item() <= bound
    assert abs(w.std().item() - bound / math.sqrt(3)) < 0.02 * bound


@pytest.mark.parametrize(
    ("fill", "mean", "std"),
    [
        (lambda w: nn.init.normal_(w, 1.0, 0.5, generator=stream()), 1.0, 0.5),
        (lambda w: nn.init.xavier_normal_(w, generator=stream()), 0.0, math.sqrt(2 / 500)),
        (lambda w: nn.init.kaiming_normal_(w, generator=stream()), 0.0, math.sqrt(2 / 200)),
        (
            lambda w: nn.init.kaiming_normal_(
                w, mode="fan_out", nonlinearity="tanh", generator=stream()
            ),
            0.0,
            5 / 3 / math.sqrt(300),
        ),
    ],
)
def test_normal_fillers_have_their_mean_and_spread(fill, mean, std):
    w = fill(empty(300, 200))
    assert abs(w.mean().item() - mean) < 0.02 * std
    assert abs(w.std().item() - std) < 0.02 * std


def test_fans_count_the_window():
    w = nn.init.kaiming_uniform_(empty(64, 16, 3, 3), nonlinearity="relu", generator=stream())
    assert abs(w.max().item() - math.sqrt(6 / (16 * 9))) < 0.002
    assert nn.init._calculate_fan_in_and_fan_out(w) == torch.nn.init._calculate_fan_in_and_fan_out(
        torch.ones(64, 16, 3, 3)
    )


def test_trunc_normal_stays_inside_and_follows_the_distribution():
    w = nn.init.trunc_normal_(empty(400, 300), mean=0.5, std=2.0, a=-1.0, b=3.0, generator=stream())
    assert -1 <= w.min().item() and w.max().item() <= 3
    torch.manual_seed(0)
    expected = torch.nn.init.trunc_normal_(torch.empty(400, 300), mean=0.5, std=2.0, a=-1.0, b=3.0)
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(
        np.quantile(w.detach().numpy(), quantiles),
        np.quantile(expected.numpy(), quantiles),
        atol=0.03,
    )
    with pytest.warns(UserWarning, match="more than 2 std"):
        nn.init.trunc_normal_(empty(2, 2), mean=9.0)


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 3), (4, 2, 3)])
def test_orthogonal_gives_orthonormal_rows_or_columns(shape):
    w = (
        nn.init.orthogonal_(
            fathom.empty(*shape, dtype=fathom.float64), gain=2.0, generator=stream()
        )
        .flatten(1)
        .numpy()
    )
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


def test_sparse_puts_zeros_into_every_column():
    w = nn.init.sparse_(empty(10, 20), 0.35, generator=stream())
    assert (w == 0).sum(0).tolist() == [4] * 20


def test_given_values_are_exact():
    assert nn.init.constant_(empty(2), 3.0).tolist() == [3, 3]
    assert nn.init.zeros_(empty(2)).tolist() == [0, 0] and nn.init.ones_(empty(2)).tolist() == [
        1,
        1,
    ]
    assert nn.init.eye_(empty(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    for shape, groups in (((4, 2, 3), 1), ((4, 2, 3), 2), ((2, 3, 3, 2), 1), ((2, 2, 3, 3, 3), 1)):
        ours = nn.init.dirac_(empty(*shape), groups)
        np.testing.assert_array_equal(
            ours.detach().numpy(), torch.nn.init.dirac_(torch.empty(shape), groups).numpy()
        )


@pytest.mark.parametrize(
    "name",
    ["linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"],
)
def test_gains_are_pytorchs(name):
    assert nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))


def test_a_leaky_gain_depends_on_the_slope():
    assert nn.init.calculate_gain("leaky_relu", 0.2) == torch.nn.init.calculate_gain(
        "leaky_relu", 0.2
    )
    with pytest.raises(ValueError, match="not a valid number"):
        nn.init.calculate_gain("leaky_relu", "steep")


def test_wrong_calls_are_refused():
    vector = empty(3)
    for fill in (
        nn.init.xavier_uniform_,
        nn.init.xavier_normal_,
        nn.init.kaiming_uniform_,
        nn.init.kaiming_normal_,
    ):
        with pytest.raises(ValueError, match="Fan in and fan out can not be computed"):
            fill(vector)
    with pytest.raises(ValueError, match="2 or more dimensions"):
        nn.init.orthogonal_(vector)
    with pytest.raises(ValueError, match="only tensors with 2 dimensions"):
        nn.init.eye_(vector)
    with pytest.raises(ValueError, match="only tensors with 2 dimensions"):
        nn.init.sparse_(vector, 0.1)
    with pytest.raises(ValueError, match="3, 4, or 5 dimensions"):
        nn.init.dirac_(vector)
    with pytest.raises(ValueError, match="divisible by groups"):
        nn.init.dirac_(empty(3, 2, 1), groups=2)
    with pytest.raises(ValueError, match="Mode fan_sideways not supported"):
        nn.init.kaiming_normal_(empty(2, 2), mode="fan_sideways")
    with pytest.raises(ValueError, match="Unsupported nonlinearity sine; there are"):
        nn.init.calculate_gain("sine")
    with pytest.warns(UserWarning, match="no-op"):
        nn.init.kaiming_uniform_(empty(0, 2))
    with pytest.warns(UserWarning, match="no-op"):
        nn.init.kaiming_normal_(empty(0, 2))
