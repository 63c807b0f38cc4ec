"""Averages of weights are PyTorch's, and so is the schedule that goes with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fathom
from fathom.optim import swa_utils

AVERAGES = {
    "mean": lambda library: {},
    "mean-of-lists": lambda library: {"multi_avg_fn": library.get_swa_multi_avg_fn()},
    "moving": lambda library: {"avg_fn": library.get_ema_avg_fn(0.7)},
    "moving-lists": lambda library: {"multi_avg_fn": library.get_ema_multi_avg_fn(0.7)},
    "own": lambda library: {"avg_fn": lambda mean, theta, count: (mean + 2 * theta) / 3},
}


def module_with_a_buffer(library):
    model = library.nn.Linear(3, 2)
    model.register_buffer("seen", library.zeros(2))
    return model


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("name", AVERAGES)
def test_the_average_is_pytorchs(name, use_buffers):
    generator = np.random.default_rng(2)
    values = [
        [generator.normal(size=shape).astype("f4") for shape in ((2, 3), (2,), (2,))]
        for _ in range(4)
    ]
    found = []
    for library, utils in ((fathom, swa_utils), (torch, torch.optim.swa_utils)):
        model = module_with_a_buffer(library)
        average = utils.AveragedModel(model, use_buffers=use_buffers, **AVERAGES[name](utils))
        for of_one in values:
            with library.no_grad():
                for x, value in zip((model.weight, model.bias, model.seen), of_one, strict=True):
                    x.copy_(library.tensor(value))
            average.update_parameters(model)
        assert average.n_averaged.item() == 4
        state = average.state_dict()
        found.append({key: state[key].numpy() for key in sorted(state)})
    assert found[0].keys() == found[1].keys()
    for key in found[0]:
        np.testing.assert_allclose(found[0][key], found[1][key], rtol=1e-6, atol=1e-7)


def test_the_average_computes_as_its_module_does():
    model = fathom.nn.Linear(3, 2)
    average = swa_utils.AveragedModel(model)
    average.update_parameters(model)
    x = fathom.ones(1, 3)
    np.testing.assert_array_equal(average(x).detach().numpy(), model(x).detach().numpy())


def test_averaging_does_not_touch_the_model():
    model = fathom.nn.Linear(1, 1)
    average = swa_utils.AveragedModel(model)
    before = model.weight.item()
    for _ in range(2):
        average.update_parameters(model)
        with fathom.no_grad():
            average.module.weight.fill_(9.0)
    assert model.weight.item() == before


@pytest.mark.parametrize("as_pairs", [False, True])
def test_running_statistics_are_computed_anew_as_pytorch_does(as_pairs):
    batches = np.random.default_rng(8).normal(2, 3, size=(3, 16, 4)).astype("f4")
    found = []
    for library in (fathom, torch):
        norm = library.nn.BatchNorm1d(4)
        model = library.nn.Sequential(norm, library.nn.ReLU())
        model(library.tensor(batches[0] * 100))
        model.eval()
        loader = [library.tensor(batch) for batch in batches]
        loader = [(batch, None) for batch in loader] if as_pairs else loader
        library.optim.swa_utils.update_bn(loader, model)
        assert norm.momentum == 0.1
        assert not model.training
        found.append(np.stack([norm.running_mean.numpy(), norm.running_var.numpy()]))
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_a_model_without_running_statistics_is_not_run():
    class Untouchable(fathom.nn.Module):
        def forward(self, x):
            raise AssertionError("it was run")

    swa_utils.update_bn([fathom.ones(1)], Untouchable())


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 7])
def test_the_rates_are_pytorchs(strategy, epochs):
    seen = []
    for library in (fathom, torch):
        groups = [{"params": [library.zeros(1)]}, {"params": [library.zeros(1)], "lr": 0.4}]
        optimizer = library.optim.SGD(groups, lr=0.1)
        falling = library.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        swa = library.optim.swa_utils.SWALR(optimizer, [0.05, 0.02], epochs, strategy)
        rates = []
        for epoch in range(15):
            optimizer.step()
            (falling if epoch < 4 else swa).step()
            rates.append([group["lr"] for group in optimizer.param_groups])
        seen.append(rates)
    np.testing.assert_allclose(*seen, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda o: swa_utils.SWALR(o, 0.1, anneal_strategy="no"),
            "must be 'cos' or 'linear', got 'no'",
        ),
        (lambda o: swa_utils.SWALR(o, 0.1, anneal_epochs=-1), "an int of at least 0, got -1"),
        (lambda o: swa_utils.SWALR(o, [0.1, 0.2]), "each of the 1 parameter groups, got 2"),
        (lambda o: swa_utils.get_ema_avg_fn(1.5), "decay must be between 0 and 1, got 1.5"),
        (
            lambda o: swa_utils.AveragedModel(fathom.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max),
            "avg_fn or multi_avg_fn, not both",
        ),
    ],
)
def test_wrong_arguments_raise(make, message):
    with pytest.raises(ValueError, match=message):
        make(fathom.optim.SGD([fathom.zeros(1)]))
