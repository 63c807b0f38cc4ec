"""Explanations of known computations, with every number checked: against PyTorch, a formula, or by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn
from fathom.explain import explain
from fathom.vision import ImageDataModule, LeNet
from fathom.vision.resnet import BasicBlock
from tests.explain.checks import check, gradient

GRADIENTS = {"rtol": 1e-4, "atol": 1e-6}


def as_torch(x):
    return torch.tensor(
        np.asarray(x.detach().numpy()).copy(), requires_grad=x.dtype.is_floating_point
    )


def test_a_chain_of_three_functions_at_a_point():
    def chain(x):
        return (x * x).exp().sin()

    e = explain(chain, 0.5)
    assert [o.name for o in e.operations] == ["mul", "exp", "sin"]
    assert e.find("mul").worked == [r"y = 0.5 \times 0.5 = 0.25"]
    assert e.find("exp").worked == ["y = e^{0.25} = 1.284"]
    assert e.find("sin").pulls[0].partial == r"\frac{\partial y}{\partial x} = \cos\left(x\right)"
    slope = np.cos(np.exp(0.25)) * np.exp(0.25) * 2 * 0.5
    assert gradient(e, "x") == pytest.approx(slope, rel=1e-5)
    assert len(e.value("x").arrivals) == 2
    assert check(e) == 8


def test_a_network_of_2_3_1_by_hand():
    W1, b1 = fathom.tensor([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]]), fathom.tensor([0.0, 1.0, -1.0])
    W2, b2 = fathom.tensor([[1.0, -2.0, 0.5]]), fathom.tensor([0.25])
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with fathom.no_grad():
        for p, given in zip(net.parameters(), (W1, b1, W2, b2)):
            p.copy_(given)
    x, t = np.array([0.5, -1.0]), 1.0
    e = explain(net, fathom.tensor(x.tolist()), fathom.tensor([t]))
    h = np.tanh(W1.numpy() @ x + b1.numpy())
    y = W2.numpy() @ h + 0.25
    d = 2 * (y - t)  # of the squared error
    np.testing.assert_allclose(gradient(e, "2.weight"), d[:, None] * h[None], rtol=1e-5)
    np.testing.assert_allclose(gradient(e, "2.bias"), d, rtol=1e-5)
    dh = (W2.numpy().T @ d) * (1 - h * h)
    np.testing.assert_allclose(gradient(e, "0.weight"), np.outer(dh, x), rtol=1e-5)
    np.testing.assert_allclose(gradient(e, "input"), W1.numpy().T @ dh, rtol=1e-4)
    assert [g.path for g in e.root.children[0].children] == ["0", "1", "2"]
    assert check(e) > 20


def test_softmax_and_cross_entropy():
    scores, target = fathom.tensor([[2.0, 1.0, -1.0]]), fathom.tensor([1])
    e = explain(lambda scores: F.cross_entropy(scores, target), scores)
    p = np.exp([2.0, 1.0, -1.0]) / np.exp([2.0, 1.0, -1.0]).sum()
    np.testing.assert_allclose(gradient(e, "scores")[0], p - [0, 1, 0], rtol=1e-4)
    assert float(e.outputs[0].figures.values) == pytest.approx(-np.log(p[1]), rel=1e-5)
    assert check(e) > 20


def test_a_convolution():
    fathom.manual_seed(0)
    x, w = fathom.randn(1, 1, 3, 3), fathom.randn(1, 1, 2, 2)
    e = explain(lambda x, w: F.conv2d(x, w), x, w)
    xt, wt = as_torch(x), as_torch(w)
    y = TF.conv2d(xt, wt)
    y.sum().backward()
    np.testing.assert_allclose(e.outputs[0].figures.values, y.detach(), rtol=1e-5)
    np.testing.assert_allclose(gradient(e, "x"), xt.grad, **GRADIENTS)
    np.testing.assert_allclose(gradient(e, "w"), wt.grad, **GRADIENTS)
    assert check(e) > 10


def test_a_step_of_a_gru():
    fathom.manual_seed(0)
    cell = nn.GRUCell(2, 2)
    x, h = fathom.randn(1, 2), fathom.randn(1, 2)
    e = explain(cell, x, h)
    other = torch.nn.GRUCell(2, 2)
    other.load_state_dict(
        {k: torch.tensor(v.detach().numpy().copy()) for k, v in cell.state_dict().items()}
    )
    xt, ht = as_torch(x), as_torch(h)
    y = other(xt, ht)
    y.sum().backward()
    np.testing.assert_allclose(e.outputs[0].figures.values, y.detach(), rtol=1e-5)
    np.testing.assert_allclose(gradient(e, "weight_hh"), other.weight_hh.grad, **GRADIENTS)
    np.testing.assert_allclose(gradient(e, "weight_ih"), other.weight_ih.grad, **GRADIENTS)
    assert check(e) > 40


def test_lenet_on_a_real_image():
    data = ImageDataModule("digits", 1, (28, 28))
    x, target = next(iter(data.val_dataloader()))
    fathom.manual_seed(0)
    net = LeNet()
    e = explain(net, x, target)
    F.cross_entropy(net(x), target).backward()
    for name, p in net.named_parameters():
        shown = e.value(name).gradient
        assert shown.mean == pytest.approx(
            p.grad.numpy().mean(dtype=np.float64), rel=1e-4, abs=1e-9
        ), name
        assert shown.high == pytest.approx(p.grad.numpy().max(), rel=1e-5), name
    paths = [g.path for g in e.root.children[0].children[0].children]
    assert paths == [f"net.{k}" for k in range(12)]
    assert check(e) > 30


def test_a_residual_block():
    fathom.manual_seed(0)
    block = BasicBlock(2, 2)
    e = explain(block, fathom.randn(1, 2, 3, 3))
    x = e.value("x")
    assert {arrival.maker.name for arrival in x.arrivals} == {
        "Pad",
        "add",
    }  # the convolution, the shortcut
    assert x.gradient.mean == pytest.approx(sum(a.figures.mean for a in x.arrivals), rel=1e-5)
    assert check(e) > 10


def test_scaled_dot_product_attention():
    fathom.manual_seed(0)
    q, k, v = (fathom.randn(3, 2) for _ in range(3))
    e = explain(F.scaled_dot_product_attention, q, k, v)
    qt, kt, vt = map(as_torch, (q, k, v))
    y = TF.scaled_dot_product_attention(qt[None], kt[None], vt[None])[0]
    y.sum().backward()
    np.testing.assert_allclose(e.outputs[0].figures.values, y.detach(), rtol=1e-5)
    for name, x in (("query", qt), ("key", kt), ("value", vt)):
        np.testing.assert_allclose(gradient(e, name), x.grad, rtol=1e-3, atol=1e-5)
    assert check(e) > 40
