"""Comparing a fathom function or layer with PyTorch's: outputs, and the gradients of all that has one."""

from __future__ import annotations

import copy

import numpy as np
import torch

import fathom

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-11}


def both(array, dtype=None):
    """The array as a leaf of fathom and as a leaf of PyTorch, tracked where it is floating-point."""
    array = (
        np.asarray(array)
        if dtype is None or np.asarray(array).dtype.kind != "f"
        else np.asarray(array, dtype)
    )
    ours, theirs = fathom.tensor(array), torch.tensor(array)
    if array.dtype.kind == "f":
        ours.requires_grad_()
        theirs.requires_grad_()
    return ours, theirs


def close(ours, theirs, tolerance: float, what: str) -> None:
    """Assert equal shapes and close values."""
    theirs = theirs.detach().numpy(force=True)
    assert tuple(ours.shape) == theirs.shape, (
        f"{what}: shape {tuple(ours.shape)}, PyTorch's {theirs.shape}"
    )
    assert ours.dtype.numpy == theirs.dtype, f"{what}: dtype {ours.dtype}, PyTorch's {theirs.dtype}"
    np.testing.assert_allclose(ours.detach().numpy(), theirs, tolerance, tolerance, err_msg=what)


def weights_like(y: np.ndarray) -> np.ndarray:
    """A gradient to send back: different numbers at every place."""
    return np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)


def same_function(
    ours, theirs, arrays, dtype=np.float64, second_order: bool = True, gradients: bool = True
) -> None:
    """Assert that both functions of these arrays agree: values, gradients, gradients of gradients."""
    tolerance = TOLERANCE[dtype]
    xs, ts = zip(*[both(a, dtype) for a in arrays], strict=True)
    y, t = ours(*xs), theirs(*ts)
    close(y, t, tolerance, "output")
    xs, ts = [x for x in xs if x.requires_grad], [x for x in ts if x.requires_grad]
    if not gradients or not t.requires_grad:
        return
    weights = weights_like(t.detach().numpy())
    gs = fathom.autograd.grad(
        y, xs, fathom.tensor(weights), create_graph=second_order, materialize_grads=True
    )
    hs = torch.autograd.grad(
        t, ts, torch.tensor(weights), create_graph=second_order, materialize_grads=True
    )
    for k, (g, h) in enumerate(zip(gs, hs, strict=True)):
        close(g, h, tolerance, f"gradient of input {k}")
    if not second_order:
        return
    s, r = sum((g * g).sum() for g in gs), sum((h * h).sum() for h in hs)
    if not r.requires_grad:
        return
    gs = (
        fathom.autograd.grad(s, xs, materialize_grads=True)
        if s.requires_grad
        else [x * 0 for x in xs]
    )
    hs = torch.autograd.grad(r, ts, materialize_grads=True)
    for k, (g, h) in enumerate(zip(gs, hs, strict=True)):
        close(g, h, 10 * tolerance, f"second-order gradient of input {k}")


def same_layer(ours, theirs, arrays, dtype=np.float64, **kwargs) -> None:
    """Assert that both layers, given the same parameters, agree: printing, state, outputs, gradients."""
    assert repr(ours) == repr(theirs)
    theirs = copy.deepcopy(theirs).to(torch.float64 if dtype is np.float64 else torch.float32)
    ours = copy.deepcopy(ours).to(fathom.float64 if dtype is np.float64 else fathom.float32)
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict({name: fathom.tensor(value.numpy()) for name, value in state.items()})
    tolerance = TOLERANCE[dtype]
    xs, ts = zip(*[both(a, dtype) for a in arrays], strict=True)
    y, t = ours(*xs, **kwargs), theirs(*ts, **kwargs)
    close(y, t, tolerance, "output")
    if not t.requires_grad:
        return
    weights = weights_like(t.detach().numpy())
    y.backward(fathom.tensor(weights))
    t.backward(torch.tensor(weights))
    for k, (x, u) in enumerate(zip(xs, ts, strict=True)):
        if u.requires_grad and u.grad is not None:
            close(x.grad, u.grad, tolerance, f"gradient of input {k}")
    for (name, p), (other, q) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        assert name == other
        close(p.grad, q.grad, tolerance, f"gradient of {name}")
