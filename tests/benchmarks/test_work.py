"""What a step has to do: its arithmetic by hand, and the bound that follows."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from benchmarks.models.catalogue import CASES
from benchmarks.peak import arithmetic, bandwidth
from benchmarks.work import bytes_moved, limit, operations


def counted(step, *batch: np.ndarray) -> int:
    return operations(step, *[fathom.from_numpy(array) for array in batch])


def training_step(model, loss_of):
    optimizer = fathom.optim.SGD(model.parameters(), lr=0.1)

    def step(*batch):
        optimizer.zero_grad()
        loss = loss_of(*batch)
        loss.backward()
        optimizer.step()
        return loss

    return step


def test_a_perceptron_multiplies_twice_in_its_first_layer_and_three_times_in_the_others():
    case = CASES["mlp"]
    step = case.training_step(fathom, case.build(fathom))
    batch = case.batch(np.random.default_rng(0))
    # the images have no gradient: weights forward, weights backward; the scores' layer its input's too
    assert counted(step, *batch) == 2 * 256 * (2 * 784 * 256 + 3 * 256 * 10)


def test_a_convolution_counts_each_tap_of_each_output():
    model = fathom.nn.Conv2d(3, 5, 3, padding=1)
    x = np.ones((2, 3, 8, 8), np.float32)
    step = training_step(model, lambda x: model(x).sum())
    assert counted(step, x) == 2 * 2 * (2 * 5 * 8 * 8) * (3 * 3 * 3)


def test_a_loop_over_time_counts_all_its_steps_and_nothing_twice():
    N, T, D, H = 2, 7, 3, 4
    model = fathom.nn.GRU(D, H)
    x = np.ones((T, N, D), np.float32)
    step = training_step(model, lambda x: model(x)[0].sum())
    of_input, of_state = T * N * D * 3 * H, T * N * H * 3 * H
    assert counted(step, x) == 2 * (2 * of_input + 3 * of_state)


def test_what_is_the_slower_bounds_a_step():
    peak = {"gflops": 100.0, "gbytes": 10.0}
    assert limit(2e8, 1e6, peak) == {"ms": 2.0, "bound": "arithmetic"}
    assert limit(2e8, 3e7, peak) == {"ms": 3.0, "bound": "memory"}
    assert bytes_moved(400, 100) == 900


@pytest.mark.parametrize("clock", ["wall", "cpu"])
@pytest.mark.parametrize("threads", [1, 2])
def test_the_machine_computes_and_copies(threads, clock):
    assert arithmetic(threads, clock, loops=100_000, tries=2) > 0
    assert bandwidth(threads, clock, numbers=100_000, tries=2) > 0
