"""What schedules promise beside their rates: the order of calls, saved functions, errors."""

from __future__ import annotations

import warnings

import pytest

import fathom
from fathom.optim import lr_scheduler


def optimizer_of(groups=1, **options):
    made = [{"params": [fathom.zeros(1, requires_grad=True)]} for _ in range(groups)]
    return fathom.optim.SGD(made, **{"lr": 1.0, "momentum": 0.9, **options})


def test_a_step_before_the_optimizers_warns():
    scheduler = lr_scheduler.ExponentialLR(optimizer_of(), 0.5)
    with pytest.warns(
        UserWarning, match=r"`lr_scheduler.step\(\)` was called before `optimizer.step\(\)`"
    ):
        scheduler.step()


def test_the_right_order_does_not_warn():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()
        scheduler.step()
        scheduler.step()


def test_an_optimizer_with_a_step_of_its_own_does_not_warn():
    class Own(fathom.optim.Optimizer):
        def step(self):
            pass

    optimizer = Own([fathom.zeros(1)], {"lr": 1.0})
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5]


def test_a_rate_that_is_a_tensor_is_written_in_place():
    rate = fathom.tensor(1.0)
    optimizer = optimizer_of(lr=rate)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.5
    assert scheduler.base_lrs[0].item() == 1.0


def test_a_callable_object_is_saved_by_its_attributes_and_a_function_is_not():
    class Power:
        def __init__(self, base):
            self.base = base

        def __call__(self, epoch):
            return self.base**epoch

    saved = lr_scheduler.LambdaLR(optimizer_of(2), [Power(0.5), lambda epoch: 1.0]).state_dict()
    assert saved["lr_lambdas"] == [{"base": 0.5}, None]
    optimizer = optimizer_of(2)
    scheduler = lr_scheduler.LambdaLR(optimizer, [Power(0.1), lambda epoch: 1.0])
    scheduler.load_state_dict(saved)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 1.0]


def test_a_loaded_state_cannot_bring_names_that_the_schedule_does_not_have():
    scheduler = lr_scheduler.ExponentialLR(optimizer_of(), 0.5)
    scheduler.load_state_dict({**scheduler.state_dict(), "step": "no method", "optimizer": None})
    assert callable(scheduler.step)
    assert scheduler.optimizer is not None


def test_fractions_of_epochs_fall_between_whole_ones():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    optimizer.step()
    rates = []
    for epoch in (0.5, 1.5, 2.0, 4.0, 6.0):
        scheduler.step(epoch)
        rates += scheduler.get_last_lr()
    assert rates == pytest.approx([(1 + 2**-0.5) / 2, (1 - 2**-0.5) / 2, 1, 0.5, 1])


def test_a_cycle_leaves_adams_second_beta_alone():
    optimizer = fathom.optim.Adam([fathom.zeros(1)], betas=(0.9, 0.99))
    lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.99)


def test_a_group_that_comes_late_has_the_common_least_rate():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=0.05)
    optimizer.add_param_group({"params": [fathom.zeros(1)], "lr": 0.2})
    for _ in range(5):
        scheduler.step(1.0)
    assert scheduler.get_last_lr() == [0.05, 0.05]


def test_a_group_that_comes_late_needs_its_least_rate_where_they_differ():
    optimizer = optimizer_of(2)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.1, 0.2])
    optimizer.add_param_group({"params": [fathom.zeros(1)]})
    scheduler.step(1.0)
    with pytest.raises(RuntimeError, match="3 parameter groups now, but min_lr was given for 2"):
        scheduler.step(1.0)


def test_a_step_beyond_one_cycle_raises():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=2)
    optimizer.step()
    scheduler.step()
    scheduler.step()
    with pytest.raises(ValueError, match="step 3, but total_steps is 2"):
        scheduler.step()


def test_going_on_without_initial_rates_raises():
    with pytest.raises(KeyError, match="group 0 has no 'initial_lr'"):
        lr_scheduler.StepLR(optimizer_of(), 3, last_epoch=5)


def test_an_epoch_before_the_first_raises():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2)
    optimizer.step()
    with pytest.raises(ValueError, match="epoch must be at least 0, got -1"):
        scheduler.step(-1)


def test_a_metric_schedule_cannot_be_a_part():
    optimizer = optimizer_of()
    with pytest.raises(ValueError, match="scheduler 0 is a ReduceLROnPlateau"):
        lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(optimizer)])


def test_parts_of_two_optimizers_raise():
    parts = [lr_scheduler.ExponentialLR(optimizer_of(), 0.5) for _ in range(2)]
    with pytest.raises(ValueError, match="scheduler 1 belongs to another optimizer"):
        lr_scheduler.ChainedScheduler(parts)


def test_milestones_that_do_not_fit_raise():
    optimizer = optimizer_of()
    parts = [lr_scheduler.ExponentialLR(optimizer, 0.5) for _ in range(2)]
    with pytest.raises(ValueError, match="2 schedulers need 1 milestones between them, got 2"):
        lr_scheduler.SequentialLR(optimizer, parts, [1, 2])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: lr_scheduler.StepLR([1.0], 3), TypeError, "takes an Optimizer, got list"),
        (
            lambda o: lr_scheduler.LambdaLR(o, [abs, abs]),
            ValueError,
            "each of the 1 parameter groups, got 2",
        ),
        (lambda o: lr_scheduler.LambdaLR(o, 0.5), TypeError, "should be a function, but got float"),
        (
            lambda o: lr_scheduler.ConstantLR(o, 1.5),
            ValueError,
            "factor must be above 0 and at most 1, got 1.5",
        ),
        (lambda o: lr_scheduler.LinearLR(o, 0), ValueError, "start_factor must be above 0"),
        (
            lambda o: lr_scheduler.LinearLR(o, 1, 2),
            ValueError,
            "end_factor must be between 0 and 1, got 2",
        ),
        (
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0),
            ValueError,
            "T_0 must be an int of at least 1",
        ),
        (
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 0.5),
            ValueError,
            "T_mult must be an int",
        ),
        (
            lambda o: lr_scheduler.CyclicLR(o, 0.1, 1, mode="square"),
            ValueError,
            "mode must be one of triangular",
        ),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1), ValueError, "give total_steps, or both epochs"),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 0.1, 0),
            ValueError,
            "total_steps must be an int of at least 1",
        ),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 0.1, 9, pct_start=2),
            ValueError,
            "pct_start must be between",
        ),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 0.1, 9, anneal_strategy="no"),
            ValueError,
            "must be 'cos' or 'linear'",
        ),
        (
            lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1),
            ValueError,
            "factor must be below 1, got 1",
        ),
        (
            lambda o: lr_scheduler.ReduceLROnPlateau(o, "less"),
            ValueError,
            "mode must be 'min' or 'max', got 'less'",
        ),
        (
            lambda o: lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x"),
            ValueError,
            "threshold_mode must be",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler([]),
            ValueError,
            "at least one scheduler, got none",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [o], []),
            TypeError,
            "scheduler 0 is a SGD, not a scheduler",
        ),
        (lambda o: lr_scheduler.LRScheduler(o), NotImplementedError, r"must define get_lr\(\)"),
    ],
)
def test_a_wrong_schedule_raises(make, error, message):
    with pytest.raises(error, match=message):
        make(optimizer_of())


def test_cycling_the_momentum_of_an_optimizer_without_one_raises():
    optimizer = fathom.optim.Adagrad([fathom.zeros(1)])
    with pytest.raises(ValueError, match="Adagrad has neither momentum nor betas to cycle"):
        lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10)
