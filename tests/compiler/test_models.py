"""Twenty training steps, compiled, are those of eager mode: losses to 1e-5, gradients to 1e-4 of their norm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn, optim
from fathom.optim import lr_scheduler
from tests.compiler.models import TASKS, discriminator, generator

STEPS, WHOLE, REST = 20, 8, 5  # every fifth batch is the smaller rest of an epoch


@dataclass(frozen=True)
class Recipe:
    """How a network is trained."""

    optimizer: Callable
    schedule: Callable | None = None
    clip: float | None = None


RECIPES = {
    "momentum": Recipe(
        lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9, weight_decay=1e-3),
        lambda updates: lr_scheduler.StepLR(updates, 6, gamma=0.5),
        clip=0.5,
    ),
    "adam": Recipe(
        lambda ps: optim.Adam(ps, lr=0.005),
        lambda updates: lr_scheduler.OneCycleLR(updates, max_lr=0.01, total_steps=STEPS),
    ),
    "adamw": Recipe(
        lambda ps: optim.AdamW(ps, lr=0.005),
        lambda updates: lr_scheduler.CosineAnnealingLR(updates, STEPS),
        clip=1.0,
    ),
}
# These compile in a second or two; the others, and every network once more, are for the slow tests.
QUICK = {
    "mlp": "adamw",
    "lenet": "momentum",
    "word2vec": "adam",
    "embedding bag": "adamw",
    "matrix factorisation": "momentum",
}
SLOW = {
    "mlp": "adam",
    "lenet": "adamw",
    "resnet block": "momentum",
    "densenet block": "adam",
    "rnn cells": "adam",
    "gru cells": "adamw",
    "lstm cells": "momentum",
    "lstm layers": "adam",
    "transformer encoder layer": "adamw",
    "gpt block": "adamw",
    "word2vec": "adamw",
    "embedding bag": "momentum",
    "matrix factorisation": "adam",
}


def trained(task, recipe, compiled):
    """The loss of each step, and the gradients that it left."""
    fathom.manual_seed(0)
    model = task.build()
    parameters = list(model.parameters())
    updates = recipe.optimizer(parameters)
    schedule = recipe.schedule(updates) if recipe.schedule else None

    def step(*batch):
        updates.zero_grad()
        loss = task.loss(model, *batch)
        loss.backward()
        if recipe.clip:
            nn.utils.clip_grad_norm_(parameters, recipe.clip)
        updates.step()
        return loss

    if compiled:
        step = fathom.compile(step, fullgraph=True)
    numbers = fathom.Generator().manual_seed(1)
    losses, gradients = [], []
    for k in range(STEPS):
        losses.append(step(*task.batch(REST if k % 5 == 4 else WHOLE, numbers)).item())
        gradients.append([p.grad.numpy().copy() for p in parameters])
        if schedule:
            schedule.step()
    return losses, gradients, [x.numpy() for x in model.buffers()]


def assert_same(found, wanted):
    """Two trainings went the same way."""
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-5)
    for ours, theirs in zip(found[1], wanted[1], strict=True):
        whole = np.sqrt(sum((g**2).sum() for g in theirs))
        for a, b in zip(ours, theirs, strict=True):
            # a gradient that is 0 but for rounding (a bias before a norm) has no digits to agree in
            assert np.linalg.norm(a - b) <= 1e-4 * np.linalg.norm(b) + 1e-6 * whole
    for a, b in zip(found[2], wanted[2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "recipe"),
    [*QUICK.items(), *[pytest.param(*pair, marks=pytest.mark.slow) for pair in SLOW.items()]],
)
def test_training_goes_the_same_way(name, recipe):
    found, wanted = [trained(TASKS[name], RECIPES[recipe], compiled) for compiled in (True, False)]
    assert_same(found, wanted)


def test_every_network_is_trained():
    assert set(SLOW) == set(TASKS)


def duel(compiled):
    """A generator against a discriminator, each with its optimizer, in one step: their losses."""
    fathom.manual_seed(0)
    G, D = generator(), discriminator()
    for_G = optim.Adam(G.parameters(), lr=0.002, betas=(0.5, 0.999))
    for_D = optim.Adam(D.parameters(), lr=0.002, betas=(0.5, 0.999))

    def judged(images, real):
        scores = D(images)
        return F.binary_cross_entropy_with_logits(scores, fathom.full_like(scores, real))

    def step(images, noise):
        for_D.zero_grad()
        loss_D = (judged(images, 1.0) + judged(G(noise).detach(), 0.0)) / 2
        loss_D.backward()
        for_D.step()
        for_G.zero_grad()
        loss_G = judged(G(noise), 1.0)
        loss_G.backward()
        for_G.step()
        return loss_D, loss_G

    if compiled:
        step = fathom.compile(step, fullgraph=True)
    numbers = fathom.Generator().manual_seed(1)
    losses, gradients = [], []
    for k in range(STEPS):
        N = REST if k % 5 == 4 else WHOLE
        images = fathom.randn(N, 1, 4, 4, generator=numbers).tanh()
        results = step(images, fathom.randn(N, 4, generator=numbers))
        losses.append([loss.item() for loss in results])
        gradients.append([p.grad.numpy().copy() for p in [*G.parameters(), *D.parameters()]])
    return losses, gradients, []


@pytest.mark.slow
def test_a_generator_and_its_discriminator_learn_the_same():
    assert_same(duel(compiled=True), duel(compiled=False))
