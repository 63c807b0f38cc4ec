"""Embedding and EmbeddingBag against PyTorch with the same tables."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn
from tests.nn.against_torch import same_function, same_layer

DTYPES = [np.float32, np.float64]
random = np.random.default_rng(0)
TABLE = random.normal(size=(6, 3))
NUMBERS = np.array([[1, 5, 2], [2, 2, 0]])
LIST = np.array([1, 5, 2, 2, 2, 0, 3])
STARTS = np.array([0, 2, 2, 5])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "options", [{}, {"padding_idx": 2}, {"padding_idx": -1}, {"scale_grad_by_freq": True}]
)
@pytest.mark.parametrize("numbers", [NUMBERS, np.array(3), np.zeros((0, 2), np.int64)])
def test_embedding_agrees_with_pytorch(options, numbers, dtype):
    same_layer(nn.Embedding(6, 3, **options), torch.nn.Embedding(6, 3, **options), [numbers], dtype)


def test_embedding_agrees_to_second_order():
    same_function(
        lambda x, w: F.embedding(x, w) ** 2, lambda x, w: TF.embedding(x, w) ** 2, [NUMBERS, TABLE]
    )


@pytest.mark.parametrize("norm_type", [1.0, 2.0])
def test_max_norm_shortens_the_rows_in_use_in_the_table(norm_type):
    ours, theirs = fathom.tensor(TABLE), torch.tensor(TABLE)
    y = F.embedding(fathom.tensor(NUMBERS), ours, max_norm=0.8, norm_type=norm_type)
    t = TF.embedding(torch.tensor(NUMBERS), theirs, max_norm=0.8, norm_type=norm_type)
    np.testing.assert_allclose(y.numpy(), t.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
    assert "max_norm=0.8" in repr(nn.Embedding(6, 3, max_norm=0.8))


BAGS = [
    ({"mode": "sum"}, [NUMBERS]),
    ({"mode": "mean"}, [NUMBERS]),
    ({"mode": "max"}, [NUMBERS]),
    ({"mode": "sum"}, [LIST, STARTS]),
    ({"mode": "mean"}, [LIST, STARTS]),
    ({"mode": "max"}, [LIST, STARTS]),
    ({"mode": "mean", "padding_idx": 2}, [LIST, STARTS]),
    ({"mode": "max", "padding_idx": 2}, [LIST, STARTS]),
    ({"mode": "sum", "include_last_offset": True}, [LIST, np.array([0, 2, 2, 5, 7])]),
    ({"mode": "sum"}, [NUMBERS, None, random.normal(size=(2, 3))]),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("options", "arrays"), BAGS)
def test_embedding_bag_agrees_with_pytorch(options, arrays, dtype):
    def call(function, library):
        def run(*xs):
            given = dict(zip([k for k, a in enumerate(arrays) if a is not None], xs, strict=False))
            numbers, offsets, weights = (given.get(k) for k in range(3))
            return function(numbers, xs[-1], offsets, per_sample_weights=weights, **options)

        return run

    flat = [a for a in arrays if a is not None] + [TABLE]
    same_function(
        call(F.embedding_bag, fathom),
        call(TF.embedding_bag, torch),
        flat,
        dtype,
        second_order=False,
    )


def test_the_bag_layer_prints_and_works_as_pytorchs():
    for options in ({}, {"mode": "sum", "padding_idx": 1}, {"max_norm": 1.0, "mode": "max"}):
        assert repr(nn.EmbeddingBag(6, 3, **options)) == repr(
            torch.nn.EmbeddingBag(6, 3, **options)
        )
    same_layer(nn.EmbeddingBag(6, 3), torch.nn.EmbeddingBag(6, 3), [LIST, STARTS])


def test_tables_start_normal_with_a_row_of_zeros_for_padding():
    fathom.manual_seed(0)
    layer = nn.Embedding(500, 40, padding_idx=3)
    assert layer.weight[3].abs().sum().item() == 0
    assert abs(layer.weight.std().item() - 1) < 0.02 and abs(layer.weight.mean().item()) < 0.02


def test_a_given_table_is_frozen_unless_asked():
    table = fathom.tensor(TABLE)
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad and layer.weight.data_ptr() == table.data_ptr()
    assert nn.Embedding.from_pretrained(table, freeze=False, padding_idx=1).weight.requires_grad
    with pytest.raises(ValueError, match="expected to be 2-dimensional"):
        nn.Embedding.from_pretrained(fathom.ones(3))


def test_embedding_maps_over_tables_under_vmap():
    tables = fathom.tensor(random.normal(size=(4, 6, 3)))
    numbers = fathom.tensor(NUMBERS)
    mapped = fathom.func.vmap(lambda w: F.embedding(numbers, w, padding_idx=2))(tables)
    assert bool((mapped == fathom.stack([F.embedding(numbers, w) for w in tables])).all())


def test_wrong_numbers_are_refused():
    layer = nn.Embedding(6, 3)
    with pytest.raises(
        IndexError, match=r"Embedding\(6, 3\): index 6 is out of range: the table has 6 rows"
    ):
        layer(fathom.tensor([0, 6]))
    with pytest.raises(IndexError, match="index -1 is out of range"):
        layer(fathom.tensor([-1]))
    with pytest.raises(TypeError, match="expected integers to look up, got fathom.float32"):
        layer(fathom.ones(2))
    with pytest.raises(AssertionError, match="Padding_idx must be within num_embeddings"):
        nn.Embedding(6, 3, padding_idx=6)
    with pytest.raises(AssertionError, match="does not match num_embeddings and embedding_dim"):
        nn.Embedding(6, 3, _weight=fathom.ones(3, 6))


def test_wrong_bags_are_refused():
    x, w = fathom.tensor(LIST), fathom.tensor(TABLE)
    with pytest.raises(ValueError, match="mode has to be one of sum, mean or max"):
        F.embedding_bag(x, w, fathom.tensor(STARTS), mode="min")
    with pytest.raises(ValueError, match="needs offsets"):
        F.embedding_bag(x, w)
    with pytest.raises(ValueError, match="offsets has to be None"):
        F.embedding_bag(fathom.tensor(NUMBERS), w, fathom.tensor(STARTS))
    with pytest.raises(NotImplementedError, match="only supported for mode='sum'"):
        F.embedding_bag(fathom.tensor(NUMBERS), w, per_sample_weights=fathom.ones(2, 3))
    with pytest.raises(ValueError, match="1D or 2D"):
        F.embedding_bag(fathom.zeros(1, 2, 3, dtype=fathom.int64), w)
