"""Every schedule gives PyTorch's rates, and momenta, epoch by epoch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import fathom

EPOCHS = 50

# name -> how to make it, given the library's lr_scheduler module and an optimizer of two groups
SCHEDULES = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda t: 0.95**t),
    "lambda-each": lambda s, o: s.LambdaLR(o, [lambda t: 1 / (1 + t), lambda t: 1 + t]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda t: 0.9 + 0.001 * t),
    "step": lambda s, o: s.StepLR(o, 7, gamma=0.3),
    "multi-step": lambda s, o: s.MultiStepLR(o, [30, 5, 11, 11], gamma=0.5),
    "constant": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=6),
    "linear": lambda s, o: s.LinearLR(o, 0.2, 0.7, total_iters=12),
    "linear-to-zero": lambda s, o: s.LinearLR(o, 1.0, 0.0, total_iters=12),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "polynomial": lambda s, o: s.PolynomialLR(o, total_iters=20, power=2.0),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, T_max=10, eta_min=0.01),
    "cosine-odd": lambda s, o: s.CosineAnnealingLR(o, T_max=7),
    "warm-restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=5, eta_min=0.01),
    "warm-restarts-longer": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, [0.1, 0.3], step_size_up=4, step_size_down=7),
    "cyclic2": lambda s, o: s.CyclicLR(o, 0.01, 0.1, step_size_up=5, mode="triangular2"),
    "cyclic-exp": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 5, mode="exp_range", gamma=0.97),
    "cyclic-own": lambda s, o: s.CyclicLR(
        o, 0.01, 0.1, 5, cycle_momentum=False,
        scale_fn=lambda x: 1 / (1 + x), scale_mode="iterations",
    ),
    "one-cycle": lambda s, o: s.OneCycleLR(o, [0.1, 0.5], total_steps=EPOCHS + 1),
    "one-cycle-linear": lambda s, o: s.OneCycleLR(
        o, 0.1, epochs=3, steps_per_epoch=20, anneal_strategy="linear", pct_start=0.4
    ),
    "one-cycle-three-phases": lambda s, o: s.OneCycleLR(
        o, 0.1, total_steps=60, three_phase=True, div_factor=10, final_div_factor=100
    ),
    "one-cycle-no-momentum": lambda s, o: s.OneCycleLR(o, 0.1, 60, cycle_momentum=False),
    "chained": lambda s, o: s.ChainedScheduler(
        [s.ExponentialLR(o, 0.95), s.StepLR(o, 10, 0.5), s.LinearLR(o, 0.5, total_iters=4)]
    ),
    "sequential": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=5), s.CosineAnnealingLR(o, 30), s.ExponentialLR(o, 0.9)],
        [5, 35],
    ),
    "sequential-restarts": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, total_iters=4), s.CosineAnnealingWarmRestarts(o, 6, 2)], [4]
    ),
    "sequential-multiplicative": lambda s, o: s.SequentialLR(
        o, [s.MultiplicativeLR(o, lambda t: 0.9), s.PolynomialLR(o, 30)], [10]
    ),
}  # fmt: skip

CLOSED = [
    "step", "multi-step", "constant", "linear", "exponential", "polynomial", "cosine",
    "warm-restarts", "warm-restarts-longer", "lambda", "cyclic",
]  # fmt: skip


def optimizer_of(library, name="SGD"):
    params = [library.zeros(2, requires_grad=True) for _ in range(2)]
    options = {"momentum": 0.9} if name == "SGD" else {}
    groups = [{"params": [params[0]]}, {"params": [params[1]], "lr": 0.02}]
    return getattr(library.optim, name)(groups, lr=0.1, **options)


def turned(optimizer):
    """What schedules turn: the rates and the momenta."""
    groups = optimizer.param_groups
    return [g["lr"] for g in groups] + [
        g["betas"][0] if "betas" in g else g["momentum"] for g in groups
    ]


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_rates_and_momenta_are_pytorchs(name, optimizer):
    ours, theirs = optimizer_of(fathom, optimizer), optimizer_of(torch, optimizer)
    schedules = [
        SCHEDULES[name](o.lr_scheduler, of)
        for o, of in ((fathom.optim, ours), (torch.optim, theirs))
    ]
    for _ in range(EPOCHS):
        np.testing.assert_allclose(turned(ours), turned(theirs), rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(*[s.get_last_lr() for s in schedules], rtol=1e-11, atol=1e-14)
        for of, schedule in zip((ours, theirs), schedules, strict=True):
            of.step()
            schedule.step()


@pytest.mark.parametrize("name", CLOSED)
def test_the_closed_form_gives_the_rates_of_the_steps(name):
    walking, jumping = (optimizer_of(fathom) for _ in range(2))
    stepped = SCHEDULES[name](fathom.optim.lr_scheduler, walking)
    jumped = SCHEDULES[name](fathom.optim.lr_scheduler, jumping)
    jumping.step()
    for epoch in range(1, EPOCHS):
        walking.step()
        stepped.step()
        jumped.step(epoch)
        np.testing.assert_allclose(
            stepped.get_last_lr(), jumped.get_last_lr(), rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_resumed_from_its_saved_state_goes_on(name):
    make = SCHEDULES[name]
    whole, first = (optimizer_of(fathom) for _ in range(2))
    schedules = [make(fathom.optim.lr_scheduler, of) for of in (whole, first)]
    for of, schedule in zip((whole, first), schedules, strict=True):
        for _ in range(13):
            of.step()
            schedule.step()
    second = optimizer_of(fathom)
    resumed = make(fathom.optim.lr_scheduler, second)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(schedules[1].state_dict())
    assert resumed.get_last_lr() == schedules[0].get_last_lr()
    for _ in range(20):
        for of, schedule in ((whole, schedules[0]), (second, resumed)):
            of.step()
            schedule.step()
        assert turned(whole) == turned(second)


@pytest.mark.parametrize("name", sorted(set(SCHEDULES) - {"chained"}))
def test_a_saved_state_is_plain_data(name):
    schedule = SCHEDULES[name](fathom.optim.lr_scheduler, optimizer_of(fathom))

    def plain(value):
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        if isinstance(value, (list, tuple)):
            return all(map(plain, value))
        return value is None or isinstance(value, (bool, int, float, str))

    assert plain(schedule.state_dict())


@pytest.mark.parametrize(
    "name", ["step", "exponential", "linear", "cosine", "polynomial", "lambda", "multiplicative"]
)
def test_a_schedule_made_with_last_epoch_goes_on_as_pytorchs(name):
    makers = {
        "step": lambda s, o: s.StepLR(o, 3, last_epoch=7),
        "exponential": lambda s, o: s.ExponentialLR(o, 0.9, last_epoch=7),
        "linear": lambda s, o: s.LinearLR(o, 0.2, total_iters=12, last_epoch=7),
        "cosine": lambda s, o: s.CosineAnnealingLR(o, 10, last_epoch=7),
        "polynomial": lambda s, o: s.PolynomialLR(o, 12, last_epoch=7),
        "lambda": lambda s, o: s.LambdaLR(o, lambda t: 0.9**t, last_epoch=7),
        "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda t: 0.9, last_epoch=7),
    }
    runs = []
    for library in (fathom, torch):
        optimizer = optimizer_of(library)
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"] * 2
        schedule = makers[name](library.optim.lr_scheduler, optimizer)
        seen = []
        for _ in range(10):
            seen.append(schedule.get_last_lr())
            optimizer.step()
            schedule.step()
        runs.append(seen)
    np.testing.assert_allclose(*runs, rtol=1e-11, atol=1e-14)


METRICS = [
    5,
    4,
    4,
    4,
    4,
    3,
    3,
    3,
    math.nan,
    3,
    3,
    2.9999,
    2.99,
    2.99,
    3,
    3,
    3,
    3,
    3,
    3,
    3,
    1,
    1,
    1,
    1,
    1,
    1,
]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"patience": 1, "factor": 0.5},
        {"patience": 1, "cooldown": 3, "threshold": 0.05},
        {"patience": 2, "mode": "max", "threshold_mode": "abs", "threshold": 0.1},
        {"patience": 1, "mode": "max", "threshold": 0.3},
        {"patience": 0, "min_lr": [0.01, 0.005]},
        {"patience": 0, "eps": 1e-3},
    ],
    ids=str,
)
def test_the_plateau_is_left_when_pytorch_leaves_it(options):
    optimizers = [optimizer_of(library) for library in (fathom, torch)]
    ours = fathom.optim.lr_scheduler.ReduceLROnPlateau(optimizers[0], **options)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizers[1], **options)
    for metric in METRICS:
        ours.step(metric)
        theirs.step(metric)
        np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr(), rtol=1e-12)
        assert ours.num_bad_epochs == theirs.num_bad_epochs


def test_a_plateau_resumed_from_its_saved_state_goes_on():
    runs = []
    for cut in (None, 6):
        optimizer = optimizer_of(fathom)
        schedule = fathom.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, cooldown=1)
        for k, metric in enumerate(METRICS):
            if k == cut:
                saved = optimizer.state_dict(), schedule.state_dict()
                optimizer = optimizer_of(fathom)
                schedule = fathom.optim.lr_scheduler.ReduceLROnPlateau(
                    optimizer, patience=1, cooldown=1
                )
                optimizer.load_state_dict(saved[0])
                schedule.load_state_dict(saved[1])
            schedule.step(fathom.tensor(metric))
        runs.append(schedule.get_last_lr())
    assert runs[0] == runs[1]
