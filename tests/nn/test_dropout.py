"""Dropout: what is random has the right chances, what is not is exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fathom
import fathom.nn.functional as F
from fathom import nn


def stream(seed: int = 0) -> fathom.Generator:
    return fathom.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "name",
    ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"],
)
def test_layers_print_as_pytorchs_and_do_nothing_in_evaluation(name):
    ours, theirs = getattr(nn, name)(0.3, inplace=True), getattr(torch.nn, name)(0.3, inplace=True)
    assert repr(ours) == repr(theirs) and repr(getattr(nn, name)()) == repr(
        getattr(torch.nn, name)()
    )
    x = fathom.ones(2, 3, 4, 5) if name != "Dropout1d" else fathom.ones(2, 3, 4)
    assert ours.eval()(x) is x
    with pytest.raises(ValueError, match="between 0 and 1, but got 1.5"):
        getattr(nn, name)(1.5)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_a_share_p_becomes_0_and_the_rest_is_scaled(p):
    y = F.dropout(fathom.ones(200, 100), p, generator=stream())
    values = np.unique(y.numpy())
    np.testing.assert_allclose(values, [0, 1 / (1 - p)], rtol=1e-6)
    assert abs((y == 0).float().mean().item() - p) < 0.01


def test_p_0_and_1_are_exact():
    x = fathom.ones(3)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 1.0).tolist() == [0, 0, 0]
    assert F.alpha_dropout(x, 1.0, training=True).tolist() == [0, 0, 0]


def test_the_gradient_goes_where_the_value_went():
    x = fathom.ones(50, requires_grad=True)
    y = F.dropout(x, 0.4, generator=stream())
    y.sum().backward()
    assert bool((x.grad == y).all())


def test_the_seed_decides():
    def draw():
        return F.dropout(fathom.ones(20), generator=stream(5)).tolist()

    assert draw() == draw()
    layer = nn.Dropout()
    fathom.manual_seed(1)
    first = layer(fathom.ones(20)).tolist()
    second = layer(fathom.ones(20)).tolist()
    fathom.manual_seed(1)
    assert layer(fathom.ones(20)).tolist() == first != second


@pytest.mark.parametrize(
    ("function", "shape", "channels"),
    [
        (F.dropout1d, (30, 20, 6), (30, 20)),
        (F.dropout1d, (600, 6), (600,)),
        (F.dropout2d, (30, 20, 3, 4), (30, 20)),
        (F.dropout3d, (30, 20, 3, 2, 2), (30, 20)),
        (F.dropout3d, (600, 3, 2, 2), (600,)),
    ],
)
def test_whole_channels_are_dropped_together(function, shape, channels):
    y = function(fathom.ones(shape), 0.5, generator=stream()).reshape(*channels, -1)
    assert bool((y == y[..., :1]).all())
    assert abs((y[..., 0] == 0).float().mean().item() - 0.5) < 0.08


def test_alpha_dropout_keeps_mean_and_variance():
    x = fathom.randn(400, 500, generator=stream(1))
    y = F.alpha_dropout(x, 0.3, training=True, generator=stream(2))
    assert abs(y.mean().item()) < 0.01 and abs(y.std().item() - 1) < 0.01
    z = F.feature_alpha_dropout(
        fathom.randn(300, 300, 4, generator=stream(1)), 0.3, training=True, generator=stream(2)
    )
    assert abs(z.mean().item()) < 0.02 and abs(z.std().item() - 1) < 0.02


def test_inplace_writes_into_the_input():
    x = fathom.ones(100)
    y = F.dropout(x, 0.5, inplace=True, generator=stream())
    assert y is x and 30 < (x == 0).sum().item() < 70
    z = fathom.ones(100)
    assert F.alpha_dropout(z, 0.5, True, True) is z and z[0].item() != 1


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (F.dropout1d, (3,)),
        (F.dropout2d, (3,)),
        (F.dropout3d, (2, 3)),
        (F.feature_alpha_dropout, (3,)),
    ],
)
def test_inputs_without_channels_are_refused(function, shape):
    with pytest.raises(ValueError, match="-d input, got|at least 2 dims"):
        function(fathom.ones(shape), 0.5)


def test_a_chance_that_is_none_is_refused():
    with pytest.raises(
        ValueError, match="dropout: dropout probability has to be between 0 and 1, but got -0.1"
    ):
        F.dropout(fathom.ones(3), -0.1)
