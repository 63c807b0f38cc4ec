"""A compiled function does what the function does: values, gradients, state, random numbers."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn, optim
from fathom.compiler.compiled import compile
from fathom.compiler.threads import get_num_threads, set_num_threads
from tests.compiler.threads import in_threads


def mlp():
    return nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Dropout(0.3), nn.Linear(32, 5))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 4, 5, padding=2), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(24, 5),
    )  # fmt: skip


OPTIMIZERS = {
    "sgd": lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9, weight_decay=1e-3),
    "adam": lambda ps: optim.Adam(ps, lr=0.01),
    "adamw": lambda ps: optim.AdamW(ps, lr=0.01),
    "rmsprop": lambda ps: optim.RMSprop(ps, lr=0.01),
}


def training(build, optimizer):
    """A model, its optimizer, and its training step."""
    fathom.manual_seed(0)
    model = build()
    updates = OPTIMIZERS[optimizer](model.parameters())

    def step(x, y):
        updates.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        updates.step()
        return loss

    return model, updates, step


def batch(build, n=16):
    generator = fathom.Generator().manual_seed(1)
    shape = (n, 20) if build is mlp else (n, 1, 12, 12)
    return fathom.randn(*shape, generator=generator), fathom.randint(5, (n,), generator=generator)


@pytest.mark.parametrize("build", [mlp, lenet])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_twenty_training_steps_are_those_of_eager(build, optimizer):
    losses, models = [], []
    for compiled in (False, True):  # in float64, where rounding does not grow in twenty steps
        model, _, step = training(lambda: build().double(), optimizer)
        step = compile(step, fullgraph=True) if compiled else step
        x, y = batch(build)
        fathom.manual_seed(2)  # dropout draws the same numbers in both
        losses.append([step(x.double(), y).item() for _ in range(20)])
        models.append(model)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-9)
    for a, b in zip(*[m.state_dict().values() for m in models], strict=True):
        np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=1e-6, atol=1e-9)


def test_twenty_steps_in_float32_stay_close():
    losses = []
    for compiled in (False, True):
        _, _, step = training(lenet, "sgd")
        step = compile(step, fullgraph=True) if compiled else step
        losses.append([step(*batch(lenet)).item() for _ in range(20)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


def test_the_gradients_stand_in_grad_afterwards():
    grads = []
    for compiled in (False, True):
        model, _, step = training(mlp, "sgd")
        step = compile(step) if compiled else step
        fathom.manual_seed(2)
        for _ in range(3):
            step(*batch(mlp))
        grads.append([p.grad for p in model.parameters()])
    for a, b in zip(*grads, strict=True):
        assert (a - b).norm() <= 1e-4 * a.norm()


def test_a_program_serves_again_where_other_gradients_change_nothing():
    model = nn.Linear(20, 5)
    updates = optim.SGD(model.parameters(), lr=0.1)

    @compile(fullgraph=True)
    def step(x, y):
        updates.zero_grad()
        F.cross_entropy(model(x), y).backward()
        updates.step()

    for _ in range(3):
        step(*batch(mlp))
    assert step.recompiles == []


def test_a_changed_rate_needs_no_new_program():
    model, updates, step = training(mlp, "sgd")
    step = compile(step)
    for _ in range(3):
        step(*batch(mlp))
    before = [p.detach().clone() for p in model.parameters()]
    updates.param_groups[0]["lr"] = 0.0
    step(*batch(mlp))
    assert all(bool((a == b).all()) for a, b in zip(before, model.parameters(), strict=True))
    assert len(step.recompiles) == 1  # for the momentum that the first step brought


def one_cycle(optimizer, compiled):
    """The losses of twenty steps with a rate and a momentum that change at each, and the step."""
    _, updates, step = training(lambda: mlp().double(), optimizer)
    step = compile(step) if compiled else step
    schedule = optim.lr_scheduler.OneCycleLR(updates, max_lr=0.05, total_steps=20)
    x, y = batch(mlp)
    fathom.manual_seed(2)
    losses = []
    for _ in range(20):
        losses.append(step(x.double(), y).item())
        schedule.step()
    return losses, step


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_rates_and_momenta_that_change_at_every_step_are_inputs(optimizer):
    losses, step = one_cycle(optimizer, compiled=True)
    np.testing.assert_allclose(losses, one_cycle(optimizer, compiled=False)[0], rtol=1e-9)
    assert len(step.recompiles) == 1  # for the state that the first step brought


def test_state_that_was_loaded_is_the_state_that_is_used():
    found = []
    for compiled in (False, True):
        model, updates, step = training(lambda: mlp().double(), "adam")
        step = compile(step) if compiled else step
        x, y = batch(mlp)
        fathom.manual_seed(2)
        for _ in range(3):
            step(x.double(), y)
        kept = copy.deepcopy(updates.state_dict())
        step(x.double(), y)
        updates.load_state_dict(kept)
        step(x.double(), y)
        found.append([p.tolist() for p in model.parameters()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9)


def test_a_frozen_parameter_and_a_changed_number_need_a_program_of_their_own():
    model, _, step = training(mlp, "sgd")
    step = compile(step)
    for _ in range(3):
        step(*batch(mlp))
    model[0].weight.requires_grad_(False)
    model[0].weight.grad = None
    frozen = model[0].weight.tolist()
    step(*batch(mlp))
    assert model[0].weight.tolist() == frozen
    before = len(step.recompiles)
    model[2].p = 0.0
    step(*batch(mlp))
    assert len(step.recompiles) == before + 1


def test_what_is_too_long_to_compile_leaves_no_state_behind(monkeypatch):
    monkeypatch.setattr("fathom.compiler.capture.LONGEST", 10)
    _, updates, step = training(mlp, "sgd")
    compiled = compile(step, fullgraph=True)
    with pytest.raises(RuntimeError, match="more than 10 take long to compile"):
        compiled(*batch(mlp))
    assert not any(updates.state.values())


def test_what_changes_too_often_ends_compiling():
    f = compile(lambda x, n: x * n)
    x = fathom.ones(2)
    for n in range(8):
        assert f(x, n).tolist() == [n, n]
    with pytest.warns(
        UserWarning, match="it needed 8 programs already; the last because an argument changed"
    ):
        assert f(x, 9).tolist() == [9, 9]


def test_a_smaller_batch_gets_a_program_of_its_own_and_says_why():
    _, _, step = training(mlp, "sgd")
    step = compile(step)
    for n in (16, 16, 7, 7, 16):
        step(*batch(mlp, n))
    assert len(step.recompiles) == 2  # the first step of SGD with momentum is one of its own
    assert "an optimizer's state changed" in step.recompiles[0]
    assert "(16, 20)" in step.recompiles[1]
    assert "(7, 20)" in step.recompiles[1]


def test_eval_and_train_are_two_programs():
    fathom.manual_seed(0)
    model = mlp()
    x, _ = batch(mlp)
    predict = compile(lambda x: model(x).detach())
    with fathom.no_grad():
        model.eval()
        for _ in range(3):
            np.testing.assert_allclose(predict(x).numpy(), model(x).numpy(), rtol=1e-5, atol=1e-6)
        model.train()
        predict(x)
        assert not np.allclose(predict(x).numpy(), predict(x).numpy())


def test_a_result_stays_what_it_was_when_the_program_runs_again():
    f = compile(
        lambda x: (fathom.view_as_complex(x * 2), x * 3)
    )  # a view of what another kernel made
    first = f(fathom.ones(1, 2))
    f(fathom.zeros(1, 2))
    assert [y.tolist() for y in first] == [[2 + 2j], [[3.0, 3.0]]]


def test_infinity_and_nan_warn_nobody():
    f = compile(
        lambda x: (x.to(fathom.complex64) / 0).real
    )  # complex numbers run by their eager rules
    assert f(fathom.zeros(2)).isnan().all()


def branching(x):
    if x.sum() > 0:
        return x * 2
    return x


def test_a_function_that_looks_at_values_runs_as_it_is_and_warns_once():
    f = compile(branching)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(4):
            assert f(fathom.tensor([1.0])).tolist() == [2.0]
    assert f(fathom.tensor([-1.0])).tolist() == [-1.0]
    assert len(caught) == 1
    assert "if x.sum() > 0" in str(caught[0].message)


def test_fullgraph_raises_where_values_are_looked_at():
    f = compile(branching, fullgraph=True)
    with pytest.raises(RuntimeError, match="branching cannot be traced"):
        f(fathom.tensor([1.0]))


def test_a_failed_trace_leaves_the_model_as_it_was():
    model, _, step = training(mlp, "adam")

    def bad(x, y):
        return fathom.tensor(step(x, y).item())

    f = compile(bad)
    x, y = batch(mlp)
    with pytest.warns(UserWarning, match="runs as it is"):
        f(x, y)
    assert all(isinstance(p.array, np.ndarray) for p in model.parameters())
    assert all(np.isfinite(p.detach().numpy()).all() for p in model.parameters())


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_threads_gives_the_same_numbers(threads):
    before = get_num_threads()
    set_num_threads(threads)
    try:
        a = fathom.randn(200, 300, generator=fathom.Generator().manual_seed(1))
        f = compile(lambda a: (a @ a.T).tanh().sum(1))
        wanted = (a @ a.T).tanh().sum(1).numpy()
        for _ in range(20):
            np.testing.assert_allclose(f(a).numpy(), wanted, rtol=1e-4, atol=1e-4)
    finally:
        set_num_threads(before)


def test_python_threads_may_share_a_compiled_function():
    f = compile(lambda a: (a @ a).sum(1))
    inputs = [fathom.full((64, 64), float(k)) for k in range(8)]
    f(inputs[0]), f(inputs[0])
    wrong: list[int] = []

    def work(k):
        for _ in range(20):
            if not np.allclose(f(inputs[k]).numpy(), 64.0 * 64.0 * k * k):
                wrong.append(k)

    in_threads(work, 8)
    assert wrong == []


def test_a_number_spread_over_a_shape_is_read_anew_at_each_call():
    number = fathom.tensor([1.0])
    spread = number.expand(4)
    compiled = fathom.compile(lambda x: x * spread)
    assert compiled(fathom.ones(4)).tolist() == [1.0] * 4
    number.fill_(5.0)
    assert compiled(fathom.ones(4)).tolist() == [5.0] * 4
