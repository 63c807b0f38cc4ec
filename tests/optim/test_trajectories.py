"""Every optimizer walks where PyTorch's walks: same start, same loss, same options."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fathom

STEPS = 30
CLOSE = 1e-10  # near the minimum, steps of constant length multiply a rounding of 1e-16

CASES = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1, "maximize": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "foreach": True}),
    ("ASGD", {"lr": 0.05}),
    ("ASGD", {"lr": 0.05, "lambd": 0.1, "alpha": 0.5, "t0": 5, "weight_decay": 0.1}),
    ("ASGD", {"lr": 0.05, "maximize": True, "t0": 10}),
    ("Adagrad", {"lr": 0.3}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.3, "initial_accumulator_value": 0.5, "eps": 1e-3, "maximize": True}),
    ("RMSprop", {"lr": 0.02}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.8, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "centered": True, "eps": 1e-4}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.8, "centered": True, "maximize": True}),
    ("Rprop", {"lr": 0.02}),
    ("Rprop", {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.5)}),
    ("Rprop", {"lr": 0.02, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}),
    ("Adadelta", {"maximize": True}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "betas": (0.9, 0.5), "amsgrad": True}),
    ("Adam", {"lr": 0.05, "decoupled_weight_decay": True, "weight_decay": 0.1, "maximize": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    ("Adamax", {"lr": 0.05}),
    ("Adamax", {"lr": 0.05, "betas": (0.7, 0.9), "weight_decay": 0.1, "eps": 1e-3}),
    ("Adamax", {"lr": 0.05, "maximize": True}),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"lr": 0.05, "betas": (0.8, 0.9), "momentum_decay": 0.1, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {"lr": 0.05}),
    ("RAdam", {"lr": 0.05, "betas": (0.8, 0.95), "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.05, "betas": (0.9, 0.6)}),  # rho never exceeds 5
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
]


def name_of(case):
    return case[0] + "".join(f"-{key}={value}" for key, value in case[1].items())


def starting_values(dtype):
    """A matrix, a vector and a scalar, away from the loss's minimum."""
    generator = np.random.default_rng(7)
    return [np.asarray(generator.normal(size=shape), dtype) for shape in ((3, 2), (4,), ())]


def loss_of(library, params):
    """Convex, so that roundings do not grow; the gradients change size and sign on the way."""
    total = 0
    for k, p in enumerate(params):
        total = total + (0.25 * library.cos(2 * p + k) + 0.5 * (p - 0.3) ** 2).sum()
    return total


class Runner:
    """One library's parameters and optimizer, stepping together."""

    def __init__(self, library, optimizer, dtype, groups=None, **options):
        self.library = library
        self.params = [
            library.tensor(value, requires_grad=True) for value in starting_values(dtype)
        ]
        given = self.params
        if groups is not None:
            given = [{"params": [p], **own} for p, own in zip(self.params, groups, strict=True)]
        self.optimizer = getattr(library.optim, optimizer)(given, **options)

    def step(self):
        self.optimizer.zero_grad()
        loss_of(self.library, self.params).backward()
        self.optimizer.step()

    def values(self):
        return [np.array(p.detach().numpy()) for p in self.params]


def assert_equal_walks(ours, theirs, tolerance, steps=STEPS, after_step=None):
    for _ in range(steps):
        for runner in (ours, theirs):
            runner.step()
            if after_step is not None:
                after_step(runner)
        for x, y in zip(ours.values(), theirs.values(), strict=True):
            np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_walk_is_pytorchs_in_float64(case):
    name, options = case
    runners = [Runner(library, name, np.float64, **options) for library in (fathom, torch)]
    assert_equal_walks(*runners, tolerance=CLOSE)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_walk_is_pytorchs_in_float32(case):
    name, options = case
    runners = [Runner(library, name, np.float32, **options) for library in (fathom, torch)]
    assert_equal_walks(*runners, tolerance=2e-5)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_complex_parameters_walk_as_pytorchs(case):
    name, options = case
    runs = []
    for library in (fathom, torch):
        x = library.tensor([0.3 + 1j, -2 + 0.5j], dtype=library.complex128, requires_grad=True)
        optimizer = getattr(library.optim, name)([x], **options)
        for _ in range(10):
            optimizer.zero_grad()
            difference = x - (0.5 - 0.25j)
            (difference * difference.conj()).real.sum().backward()
            optimizer.step()
        runs.append(x.detach().numpy())
    np.testing.assert_allclose(*runs, rtol=1e-7)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_groups_have_options_of_their_own(name):
    groups = [{"lr": 0.01}, {"lr": 0.03, "maximize": True}, {}]
    runners = [Runner(library, name, np.float64, groups, lr=0.02) for library in (fathom, torch)]
    assert_equal_walks(*runners, tolerance=CLOSE)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES} - {"Rprop"}))
def test_a_rate_that_is_changed_on_the_way_counts_from_the_next_step(name):
    def shrink(runner):
        for group in runner.optimizer.param_groups:
            group["lr"] *= 0.9

    runners = [Runner(library, name, np.float64, lr=0.05) for library in (fathom, torch)]
    assert_equal_walks(*runners, tolerance=CLOSE, after_step=shrink)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_walk_resumed_from_its_saved_state_is_bitwise_the_same(case):
    name, options = case
    whole, first = (Runner(fathom, name, np.float32, **options) for _ in range(2))
    for _ in range(10):
        whole.step()
        first.step()
    second = Runner(fathom, name, np.float32, **options)
    with fathom.no_grad():
        for p, q in zip(second.params, first.params, strict=True):
            p.copy_(q)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    for _ in range(10):
        whole.step()
        second.step()
    for x, y in zip(whole.values(), second.values(), strict=True):
        assert x.tobytes() == y.tobytes()


def translated(library, value):
    """A state with the tensors of the other library."""
    if isinstance(value, (fathom.Tensor, torch.Tensor)):
        return library.tensor(np.array(value.detach().numpy()))
    if isinstance(value, dict):
        return {key: translated(library, item) for key, item in value.items()}
    if isinstance(value, list):
        return [translated(library, item) for item in value]
    return value


@pytest.mark.parametrize("case", CASES, ids=name_of)
@pytest.mark.parametrize("goes_on", [fathom, torch], ids=["from-torch", "to-torch"])
def test_a_walk_begun_in_one_library_goes_on_in_the_other(case, goes_on):
    name, options = case
    ours, theirs = (Runner(library, name, np.float32, **options) for library in (fathom, torch))
    first, second = (theirs, ours) if goes_on is fathom else (ours, theirs)
    for _ in range(10):
        first.step()
    with goes_on.no_grad():
        for p, value in zip(second.params, first.values(), strict=True):
            p.copy_(goes_on.tensor(value))
    second.optimizer.load_state_dict(translated(goes_on, first.optimizer.state_dict()))
    assert_equal_walks(second, first, tolerance=2e-4, steps=10)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_state_and_options_have_pytorchs_names_and_shapes(case):
    name, options = case
    kept = []
    for library in (fathom, torch):
        runner = Runner(library, name, np.float32, **options)
        runner.step()
        state = runner.optimizer.state_dict()
        shapes = {
            k: {entry: tuple(x.shape) for entry, x in of_one.items() if x is not None}
            for k, of_one in state["state"].items()
        }
        kept.append(({k: v for k, v in shapes.items() if v}, state["param_groups"]))
    assert kept[0] == kept[1]


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "RAdam"])
def test_a_gradient_flows_through_the_steps_when_asked(name):
    found = []
    for library in (fathom, torch):
        start = library.tensor([0.5, -1.0], dtype=library.float64, requires_grad=True)
        x = start.clone()
        optimizer = getattr(library.optim, name)([x], lr=0.1, differentiable=True)
        for _ in range(3):
            (x.grad,) = library.autograd.grad((x.clone() ** 4).sum(), x, create_graph=True)
            optimizer.step()
        found.append(library.autograd.grad((x * x).sum(), start)[0].numpy())
    # PyTorch corrects Adam's bias in float32 here
    np.testing.assert_allclose(*found, rtol=1e-4)


def test_the_average_of_asgd_is_kept_in_its_state():
    ours, theirs = (
        Runner(library, "ASGD", np.float64, lr=0.05, t0=5) for library in (fathom, torch)
    )
    for _ in range(20):
        ours.step()
        theirs.step()
    for p, q in zip(ours.params, theirs.params, strict=True):
        average = ours.optimizer.state[p]["ax"].numpy()
        np.testing.assert_allclose(average, theirs.optimizer.state[q]["ax"].numpy(), rtol=1e-11)
