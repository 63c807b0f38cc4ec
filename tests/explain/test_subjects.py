"""What can be explained, and that looking changes nothing."""

import numpy as np
import pytest

import fathom
from fathom import nn
from fathom.explain import explain


def test_a_tensor_is_explained_from_its_tape_and_named_by_the_callers_variables():
    weight = fathom.tensor([1.0, 2.0], requires_grad=True)
    x = fathom.tensor([3.0, 4.0])
    e = fathom.explain((weight * x).sum())
    assert [o.name for o in e.operations] == ["Mul", "Sum"]
    assert e.value("weight").gradient.values.tolist() == [3, 4]
    assert e.value("x").role == "constant"
    assert weight.grad is None
    with pytest.raises(TypeError, match="takes no inputs"):
        explain(weight, x)


def test_a_tensor_whose_tape_was_freed_says_so():
    x = fathom.tensor(1.0, requires_grad=True)
    y = x.exp().sin()
    y.backward()
    with pytest.raises(RuntimeError, match=r"the tape behind Sin was freed by backward\(\)"):
        explain(y)


def test_a_tensor_without_history_says_what_to_do():
    with pytest.raises(ValueError, match=r"has no history.*requires_grad_\(\)"):
        explain(fathom.ones(2))


def test_a_function_takes_plain_numbers_and_names_its_inputs():
    e = explain(lambda a, b: a / b, 1.0, 4.0)
    assert e.value("a").gradient.values.item() == 0.25
    assert e.value("b").gradient.values.item() == -0.0625


def test_a_given_gradient_begins_the_backward_pass():
    e = explain(lambda x: x * 3, fathom.ones(2), gradient=fathom.tensor([1.0, 10.0]))
    assert e.value("x").gradient.values.tolist() == [3, 30]
    assert e.seed == "The backward pass begins with the given gradient."


def test_looking_at_a_network_leaves_it_as_it_was():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    before = {k: v.detach().numpy().copy() for k, v in net.state_dict().items()}
    fathom.manual_seed(5)
    expected = fathom.rand(1).item()
    fathom.manual_seed(5)
    explain(net, fathom.tensor([[0.0, 1.0], [2.0, 5.0], [-1.0, 0.0]]))
    assert fathom.rand(1).item() == expected
    for k, v in net.state_dict().items():
        np.testing.assert_array_equal(v.detach().numpy(), before[k], k)
    assert all(p.grad is None for p in net.parameters())


def test_target_and_loss_may_follow_the_inputs():
    net = nn.Linear(2, 1)
    x, t = fathom.ones(1, 2), fathom.ones(1, 1)
    by_position = explain(net, x, t, nn.functional.l1_loss)
    by_name = explain(net, x, target=t, loss=nn.functional.l1_loss)
    assert [o.name for o in by_position.operations] == [o.name for o in by_name.operations]
    assert by_position.find("abs")


def test_a_number_is_compared_by_the_squared_error_and_a_class_by_cross_entropy():
    net, x = nn.Linear(2, 3), fathom.ones(1, 2)
    names = [g.name for g in explain(net, x, fathom.zeros(1, 3)).root.children]
    assert "mse_loss" in names
    names = [g.name for g in explain(net, x, fathom.tensor([0])).root.children]
    assert "cross_entropy" in names


def test_a_networks_own_loss_comes_first():
    class Own(nn.Linear):
        def loss(self, y, t):
            return (y - t).exp().sum()

    assert explain(Own(2, 1), fathom.ones(1, 2), fathom.ones(1, 1)).find("exp")


def test_wrong_subjects_say_what_would_do():
    with pytest.raises(
        TypeError,
        match="expected a tensor, a function, a Module or the name of an operation, got int",
    ):
        explain(3)
    with pytest.raises(TypeError, match="Linear needs an input"):
        explain(nn.Linear(1, 1))
    with pytest.raises(TypeError, match="returned int, no tensor"):
        explain(lambda x: 3, fathom.ones(1))
    with pytest.raises(TypeError, match="takes 1 inputs, got 4"):
        explain(nn.Linear(1, 1), fathom.ones(1), 1, 2, 3)


def test_a_name_that_is_not_there_says_which_are():
    e = explain(lambda x: x.exp(), 1.0)
    with pytest.raises(KeyError, match="no operation is called 'log'; there are exp"):
        e.find("log")
    with pytest.raises(KeyError, match="no value is called 'z'; there are x, exp 1"):
        e.value("z")
