"""What all optimizers promise: groups, state, hooks, errors."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import fathom
from fathom.optim import SGD, Adam, Adamax, AdamW, Optimizer, Rprop


def parameter(*values, dtype=None):
    return fathom.tensor(list(values), dtype=dtype, requires_grad=True)


def with_gradient(*values):
    x = parameter(*values)
    x.grad = fathom.ones(len(values))
    return x


def test_a_step_writes_into_the_parameters_own_memory():
    x = with_gradient(1.0, 2.0)
    memory = x.detach().numpy()
    SGD([x], lr=0.5).step()
    assert memory.tolist() == [0.5, 1.5]
    assert x.requires_grad and x.is_leaf


def test_a_parameter_without_gradient_is_left_alone():
    x, y = with_gradient(1.0), parameter(1.0)
    optimizer = Adam([x, y])
    optimizer.step()
    assert y.item() == 1.0
    assert list(optimizer.state) == [x]


def test_a_step_records_nothing():
    x = with_gradient(1.0)
    optimizer = Adam([x])
    optimizer.step()
    assert x.grad_fn is None
    assert not any(value.requires_grad for value in optimizer.state[x].values())


def test_the_gradient_is_not_changed_by_a_step():
    x = with_gradient(1.0, -2.0)
    SGD([x], lr=0.1, momentum=0.9, weight_decay=0.1, maximize=True).step()
    assert x.grad.tolist() == [1, 1]


def test_the_momentum_does_not_share_the_gradients_memory():
    x = with_gradient(1.0)
    optimizer = SGD([x], lr=0.1, momentum=0.9)
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    assert optimizer.state[x]["momentum_buffer"].item() == 1.0


def test_zero_grad_forgets_or_zeroes():
    x = with_gradient(1.0)
    gradient = x.grad.numpy()
    optimizer = SGD([x])
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.item() == 0
    assert gradient.tolist() == [0]
    optimizer.zero_grad()
    assert x.grad is None


def test_a_closure_computes_the_loss_with_gradients_on():
    x = parameter(3.0)
    optimizer = SGD([x], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with fathom.no_grad():
        assert optimizer.step(closure).item() == 9
    assert x.item() == pytest.approx(2.4)


def test_a_rate_may_be_a_tensor():
    for name in ("SGD", "Adam", "NAdam", "RAdam", "Adagrad", "RMSprop", "ASGD", "Rprop", "Adamax"):
        x, y = with_gradient(1.0, 2.0), with_gradient(1.0, 2.0)
        for _ in range(3):
            getattr(fathom.optim, name)([x], lr=0.25).step()
            getattr(fathom.optim, name)([y], lr=fathom.tensor(0.25)).step()
        np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), rtol=1e-6)


def test_state_has_the_dtype_of_its_parameter_and_counts_are_float32():
    x = parameter(1.0, 2.0, dtype=fathom.float64)
    x.grad = x.detach().clone()
    optimizer = Adam([x])
    optimizer.step()
    found = {name: value.dtype for name, value in optimizer.state[x].items()}
    double = fathom.float64
    assert found == {"step": fathom.float32, "exp_avg": double, "exp_avg_sq": double}


def test_half_precision_parameters_stay_so():
    for dtype in (fathom.float16, fathom.bfloat16):
        x = parameter(1.0, 2.0, dtype=dtype)
        x.grad = fathom.ones(2, dtype=dtype)
        AdamW([x], lr=0.5, weight_decay=0).step()
        assert x.dtype is dtype
        np.testing.assert_allclose(x.detach().float().numpy(), [0.5, 1.5], atol=0.02)


# ---- groups --------------------------------------------------------------------------------------


def test_a_group_takes_the_defaults_it_does_not_name():
    optimizer = SGD([{"params": [parameter(1.0)], "lr": 0.5}, {"params": parameter(1.0)}], lr=0.1)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]
    assert optimizer.param_groups[1]["momentum"] == 0


def test_the_dict_that_describes_a_group_is_not_changed():
    described = {"params": parameter(1.0)}
    SGD([described])
    assert list(described) == ["params"]


def test_named_parameters_keep_their_names():
    optimizer = SGD([("weight", parameter(1.0)), ("bias", parameter(2.0))])
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    other = SGD([parameter(1.0), parameter(2.0)])
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["param_names"] == ["weight", "bias"]


def test_the_printed_form_is_pytorchs():
    options = {"lr": 0.1, "momentum": 0.9}
    ours = SGD([{"params": [parameter(1.0)]}, {"params": [parameter(1.0)], "lr": 0.5}], **options)
    tensors = [torch.ones(1, requires_grad=True) for _ in range(2)]
    theirs = torch.optim.SGD(
        [{"params": tensors[:1]}, {"params": tensors[1:], "lr": 0.5}], **options
    )
    assert repr(ours) == repr(theirs)


# ---- saving --------------------------------------------------------------------------------------


def test_the_saved_state_numbers_parameters_across_groups():
    xs = [with_gradient(1.0), parameter(1.0), with_gradient(2.0)]
    optimizer = Adam([{"params": xs[:1]}, {"params": xs[1:]}])
    optimizer.step()
    saved = optimizer.state_dict()
    assert [group["params"] for group in saved["param_groups"]] == [[0], [1, 2]]
    assert sorted(saved["state"]) == [0, 2]


def test_loading_copies():
    x, y = with_gradient(1.0), with_gradient(1.0)
    first, second = SGD([x], momentum=0.9), SGD([y], momentum=0.9)
    first.step()
    saved = first.state_dict()
    second.load_state_dict(saved)
    second.step()
    assert saved["state"][0]["momentum_buffer"].item() == 1.0
    assert second.state[y]["momentum_buffer"].item() == pytest.approx(1.9)


def test_loading_converts_to_the_parameters_dtype_but_not_the_count():
    x = with_gradient(1.0, 2.0)
    optimizer = Adam([x])
    optimizer.step()
    y = parameter(1.0, 2.0, dtype=fathom.float64)
    other = Adam([y])
    other.load_state_dict(optimizer.state_dict())
    assert other.state[y]["exp_avg"].dtype is fathom.float64
    assert other.state[y]["step"].dtype is fathom.float32


def test_options_that_a_saved_group_lacks_are_the_defaults():
    optimizer = SGD([parameter(1.0)], lr=0.1, momentum=0.5)
    optimizer.load_state_dict({"state": {}, "param_groups": [{"lr": 0.2, "params": [0]}]})
    assert optimizer.param_groups[0]["lr"] == 0.2
    assert optimizer.param_groups[0]["momentum"] == 0.5


def test_state_of_other_groups_raises():
    optimizer = SGD([parameter(1.0)])
    with pytest.raises(ValueError, match=r"groups of \[\] parameters, this optimizer of \[1\]"):
        optimizer.load_state_dict({"state": {}, "param_groups": []})
    with pytest.raises(ValueError, match=r"groups of \[2\] parameters, this optimizer of \[1\]"):
        optimizer.load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]})
    with pytest.raises(ValueError, match="names parameter 3, which no group has"):
        optimizer.load_state_dict({"state": {3: {}}, "param_groups": [{"params": [0]}]})


def test_state_of_another_shape_raises_and_nothing_is_taken_over():
    x, y = with_gradient(1.0, 2.0), with_gradient(1.0)
    first, second = Adam([x]), Adam([y], lr=0.5)
    first.step()
    with pytest.raises(
        ValueError, match=r"shape \(1,\), but exp_avg in the loaded state has shape \(2,\)"
    ):
        second.load_state_dict(first.state_dict())
    assert not second.state
    assert second.param_groups[0]["lr"] == 0.5


def test_a_copied_optimizer_steps_its_own_parameters():
    x = with_gradient(1.0)
    optimizer = Adam([x], lr=0.5)
    optimizer.step()
    twin = copy.deepcopy(optimizer)
    twin.step()
    (y,) = twin.param_groups[0]["params"]
    assert x.item() == pytest.approx(0.5)
    assert y.item() == pytest.approx(0.0, abs=1e-6)


# ---- hooks and optimizers of one's own -----------------------------------------------------------


def test_hooks_run_around_a_step_until_removed():
    x = with_gradient(1.0)
    optimizer = SGD([x], lr=0.5)
    seen = []
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(x.item()))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(x.item()))
    optimizer.step()
    before.remove()
    optimizer.step()
    assert seen == [1.0, 0.5, 0.0]


def test_a_pre_hook_may_replace_the_arguments():
    optimizer = SGD([with_gradient(1.0)])
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((lambda: "replaced",), {}))
    assert optimizer.step() == "replaced"


def test_a_pre_hook_that_returns_something_else_raises():
    optimizer = SGD([with_gradient(1.0)])
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match=r"None or a pair \(args, kwargs\), got int"):
        optimizer.step()


def test_a_step_of_ones_own_runs_the_hooks():
    class Own(Optimizer):
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data -= group["lr"] * p.grad

    x = with_gradient(1.0)
    optimizer = Own([x], {"lr": 0.25})
    seen = []
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(x.item()))
    optimizer.step()
    assert seen == [0.75]


def test_an_optimizer_without_equations_raises():
    with pytest.raises(NotImplementedError, match=r"Optimizer must define update\(\) or step\(\)"):
        Optimizer([with_gradient(1.0)], {}).step()


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([], ValueError, "the list of parameters is empty"),
        (parameter(1.0), TypeError, "got one tensor"),
        ([1.0], TypeError, "can only optimize tensors, but parameter 0 is a float"),
        ([parameter(1.0) * 2], ValueError, "can't optimize a non-leaf tensor: parameter 0"),
        ([{"params": {parameter(1.0)}}], TypeError, "a set has no order"),
        ([{"lr": 0.1}], ValueError, "needs 'params'"),
        ([{"params": [parameter(1.0)]}, 3], TypeError, "must be a dict, got int"),
        ([("a", parameter(1.0)), parameter(2.0)], ValueError, "1 of 2 parameters have names"),
        ([{"params": [parameter(1.0)], "lr": -1}], ValueError, "lr must be at least 0, got -1"),
    ],
)
def test_wrong_parameters_raise(params, error, message):
    with pytest.raises(error, match=message):
        SGD(params)


def test_groups_with_and_without_names_raise():
    optimizer = SGD([("weight", parameter(1.0))])
    with pytest.raises(ValueError, match="either all parameter groups have names, or none"):
        optimizer.add_param_group({"params": [parameter(2.0)]})


def test_a_parameter_in_two_groups_raises():
    x = parameter(1.0)
    optimizer = SGD([x])
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        optimizer.add_param_group({"params": [x]})


def test_a_parameter_twice_in_a_group_warns():
    x = parameter(1.0)
    with pytest.warns(UserWarning, match="the same parameter twice"):
        SGD([x, x])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: SGD(p, lr=-0.1), "SGD: lr must be at least 0, got -0.1"),
        (lambda p: SGD(p, lr=float("nan")), "lr must be at least 0, got nan"),
        (lambda p: SGD(p, lr=fathom.ones(2)), "lr must be one number, got a tensor of 2"),
        (lambda p: SGD(p, momentum=-1), "momentum must be at least 0, got -1"),
        (lambda p: SGD(p, weight_decay=-1), "weight_decay must be at least 0"),
        (lambda p: SGD(p, nesterov=True), "Nesterov momentum requires a momentum above 0"),
        (
            lambda p: Adam(p, betas=(0.9, 1.0)),
            r"betas\[1\] must be at least 0 and below 1, got 1.0",
        ),
        (lambda p: AdamW(p, eps=-1), "AdamW: eps must be at least 0"),
        (lambda p: Adamax(p, betas=(-0.1, 0.9)), r"Adamax: betas\[0\]"),
        (lambda p: Rprop(p, etas=(0.5, 0.9)), r"etas\[0\] < 1 < etas\[1\], got \(0.5, 0.9\)"),
        (lambda p: fathom.optim.Adadelta(p, rho=2), "rho must be between 0 and 1, got 2"),
        (lambda p: fathom.optim.Adagrad(p, lr_decay=-1), "lr_decay must be at least 0"),
        (lambda p: fathom.optim.RMSprop(p, alpha=-1), "alpha must be at least 0"),
        (lambda p: fathom.optim.NAdam(p, momentum_decay=-1), "momentum_decay must be at least 0"),
        (lambda p: fathom.optim.RAdam(p, lr=-1), "RAdam: lr must be at least 0"),
        (lambda p: fathom.optim.ASGD(p, lr=-1), "ASGD: lr must be at least 0"),
        (lambda p: fathom.optim.LBFGS(p, lr=-1), "LBFGS: lr must be at least 0"),
    ],
)
def test_an_option_out_of_range_raises(make, message):
    with pytest.raises(ValueError, match=message):
        make([parameter(1.0)])
