"""The models: each builds, and learns from its own batches; JAX's versions are the same functions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import fathom
from benchmarks.models.catalogue import CASES, FILES
from benchmarks.peers import PEERS
from benchmarks.training import InJax, OnTorchApi

IN_JAX = [name for name, case in CASES.items() if case.jax_loss is not None]
SMALL = {"mlp", "lenet", "word2vec", "factorisation"}  # whose step takes no time even as it is


def test_names_are_unique():
    assert len(CASES) == sum(len(file.CASES) for file in FILES)


@pytest.mark.parametrize("name", CASES)
def test_a_model_builds_and_a_batch_is_what_it_says(name):
    case = CASES[name]
    assert sum(p.numel() for p in case.build(fathom).parameters()) > 0
    first, second = (case.batch(np.random.default_rng(0)) for _ in range(2))
    assert all((a == b).all() and a.flags.c_contiguous for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", IN_JAX)
def test_plain_gradient_descent_is_all_that_jax_has(name):
    assert CASES[name].optimizer is None and CASES[name].step is None


@pytest.mark.parametrize("name", sorted(SMALL))
def test_fathom_and_pytorch_take_the_same_step(name):
    pytest.importorskip("torch")
    case, batch = CASES[name], CASES[name].batch(np.random.default_rng(0))
    ours = OnTorchApi(PEERS["fathom-eager"], case, 1, None)
    theirs = OnTorchApi(PEERS["torch"], case, 1, ours.weights())
    losses = [t.step(*t.taken(batch)).item() for t in (ours, theirs)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    expected = theirs.first_gradients()
    for parameter, g in ours.first_gradients().items():
        np.testing.assert_allclose(g, expected[parameter], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["mlp", "lenet"])
def test_fathom_and_jax_take_the_same_step(name):
    pytest.importorskip("jax")
    case, batch = CASES[name], CASES[name].batch(np.random.default_rng(0))
    ours = OnTorchApi(PEERS["fathom-eager"], case, 1, None)
    theirs = InJax(case, ours.weights())
    losses = [t.step(*t.taken(batch)).item() for t in (ours, theirs)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    expected = theirs.first_gradients(*theirs.taken(batch))
    for parameter, g in ours.first_gradients().items():
        np.testing.assert_allclose(g, expected[parameter], rtol=1e-3, atol=1e-6)


def test_float64_is_float64_throughout():
    case = CASES["factorisation"]
    training = OnTorchApi(PEERS["fathom-eager"], case, 1, None, double=True)
    batch = training.taken(case.batch(np.random.default_rng(0)))
    assert training.step(*batch).dtype == fathom.float64


def test_a_case_says_what_it_is():
    assert all(case.about and dataclasses.is_dataclass(case) for case in CASES.values())
