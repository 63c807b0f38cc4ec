"""L-BFGS walks where PyTorch's walks, evaluation by evaluation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import fathom
from fathom.optim.line_search import Place, cubic_minimum


def rosenbrock(x, y):
    return ((1 - x) ** 2).sum() + 100 * ((y - x * x) ** 2).sum()


def hills(x, y):
    return (3 * x).cos().sum() + ((x - y) ** 4).sum() + (0.1 * y * y).sum()


class Run:
    """One library minimising a loss of two tensors, (2, 2) and (2,); it counts the evaluations."""

    def __init__(self, library, loss, dtype=np.float64, **options):
        self.library, self.loss, self.evaluations = library, loss, 0
        x = np.array([[-1.2, 0.7], [0.4, 1.5]], dtype)
        y = np.array([1.0, -0.5], dtype)
        self.params = [library.tensor(value, requires_grad=True) for value in (x, y)]
        self.optimizer = library.optim.LBFGS(self.params, **options)

    def closure(self):
        self.evaluations += 1
        self.optimizer.zero_grad()
        loss = self.loss(*self.params)
        loss.backward()
        return loss

    def step(self):
        return float(self.optimizer.step(self.closure))

    def values(self):
        return np.concatenate([p.detach().numpy().ravel() for p in self.params])


OPTIONS = [
    {"lr": 0.01},
    {"lr": 0.01, "history_size": 2, "max_iter": 7},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "max_iter": 5, "history_size": 3},
    {"line_search_fn": "strong_wolfe", "max_eval": 6, "lr": 0.5},
]


# PyTorch's L-BFGS warns of its own float(loss)
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True to a scalar")
@pytest.mark.parametrize("loss", [rosenbrock, hills])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_walk_and_the_evaluations_are_pytorchs(loss, options):
    ours, theirs = (Run(library, loss, **options) for library in (fathom, torch))
    for _ in range(4):
        assert math.isclose(ours.step(), theirs.step(), rel_tol=1e-6, abs_tol=1e-9)
        np.testing.assert_allclose(ours.values(), theirs.values(), rtol=1e-6, atol=1e-8)
        assert ours.evaluations == theirs.evaluations
    state = [run.optimizer.state_dict()["state"][0] for run in (ours, theirs)]
    for name in ("func_evals", "n_iter"):
        assert state[0][name] == state[1][name]


def test_a_least_squares_problem_in_float32_is_solved_in_one_call():
    generator = np.random.default_rng(3)
    a, b = generator.normal(size=(20, 5)).astype("f4"), generator.normal(size=20).astype("f4")
    x = fathom.zeros(5, requires_grad=True)
    optimizer = fathom.optim.LBFGS([x], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = ((fathom.tensor(a) @ x - fathom.tensor(b)) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(x.detach().numpy(), np.linalg.lstsq(a, b)[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_run_resumed_from_its_saved_state_is_bitwise_the_same(search):
    options = {"lr": 0.01 if search is None else 1, "max_iter": 4, "line_search_fn": search}
    whole, first, second = (Run(fathom, rosenbrock, np.float32, **options) for _ in range(3))
    for _ in range(2):
        whole.step()
        first.step()
    with fathom.no_grad():
        for p, q in zip(second.params, first.params, strict=True):
            p.copy_(q)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    for _ in range(3):
        whole.step()
        second.step()
    assert whole.values().tobytes() == second.values().tobytes()


def test_zeroing_gradients_in_place_does_not_disturb_the_memory():
    runs = [Run(fathom, hills, line_search_fn="strong_wolfe") for _ in range(2)]
    keep = runs[0].optimizer.zero_grad
    runs[0].optimizer.zero_grad = lambda: keep(set_to_none=False)
    for run in runs:
        run.step()
    np.testing.assert_array_equal(runs[0].values(), runs[1].values())


def test_a_parameter_without_gradient_stays():
    x, unused = (fathom.tensor([3.0], requires_grad=True) for _ in range(2))
    optimizer = fathom.optim.LBFGS([x, unused])

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert abs(x.item()) < 1e-6
    assert unused.item() == 3.0


def test_at_the_minimum_nothing_moves():
    x = fathom.zeros(2, requires_grad=True)
    optimizer = fathom.optim.LBFGS([x])

    def closure():
        loss = (x * x).sum()
        loss.backward()
        return loss

    assert float(optimizer.step(closure)) == 0
    assert x.tolist() == [0, 0]


def place(t, f, slope):
    return Place(t, f, None, slope)


def test_the_cubic_through_a_parabola_finds_its_minimum():
    # f = (t - 2)^2 at 0 and 5
    assert cubic_minimum(place(0, 4, -4), place(5, 9, 6), 0, 5) == pytest.approx(2)


def test_the_cubic_of_a_straight_line_is_lowest_at_its_lower_end():
    assert cubic_minimum(place(0, 0, -1), place(1, -1, -1), 1.01, 10) == 10
    assert cubic_minimum(place(0, 0, 1), place(1, 1, 1), 0, 1) == 0


def test_a_cubic_that_is_not_finite_gives_the_middle():
    assert cubic_minimum(place(0, 0, -1), place(1, math.nan, math.nan), 0, 1) == 0.5


def test_two_groups_raise():
    groups = [{"params": [fathom.zeros(1)]}, {"params": [fathom.zeros(1)]}]
    with pytest.raises(ValueError, match="one parameter group"):
        fathom.optim.LBFGS(groups)


def test_an_unknown_line_search_raises():
    with pytest.raises(ValueError, match="must be None or 'strong_wolfe', got 'wolfe'"):
        fathom.optim.LBFGS([fathom.zeros(1)], line_search_fn="wolfe")


def test_a_complex_parameter_raises():
    with pytest.raises(ValueError, match="takes real parameters"):
        fathom.optim.LBFGS([fathom.zeros(1, dtype=fathom.complex64)])


def test_a_memory_of_nothing_raises():
    with pytest.raises(ValueError, match="history_size must be at least 1, got 0"):
        fathom.optim.LBFGS([fathom.zeros(1)], history_size=0)
