"""Gradients where a function has a corner, a tie, a zero or nothing at all: those of PyTorch."""

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")
INF, NAN = float("inf"), float("nan")

CORNERS = {
    "abs at 0": (lambda m, x: m.abs(x), [-1.0, 0.0, 2.0]),
    "sign": (lambda m, x: m.sign(x), [-1.0, 0.0, 2.0]),
    "relu at 0": (lambda m, x: m.relu(x), [-1.0, 0.0, 2.0]),
    "clamp at its bounds": (lambda m, x: m.clamp(x, -1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0]),
    "clamp by tensors": (lambda m, x: m.clamp(x, x * 0 - 1, x * 0 + 1), [-2.0, 0.5, 2.0]),
    "maximum of equals": (lambda m, x: m.maximum(x, m.ones_like(x)), [0.0, 1.0, 2.0]),
    "minimum of equals": (lambda m, x: m.minimum(x, x), [0.0, 1.0]),
    "amax of equals": (lambda m, x: m.amax(x), [3.0, 1.0, 3.0]),
    "amin of equals": (lambda m, x: m.amin(x), [1.0, 1.0, 3.0, 1.0]),
    "max of equals": (lambda m, x: m.max(x), [3.0, 1.0, 3.0]),
    "max along a dim of equals": (lambda m, x: m.max(x, 0).values, [3.0, 1.0, 3.0]),
    "prod with a zero": (lambda m, x: m.prod(x), [2.0, 0.0, 3.0]),
    "prod with two zeros": (lambda m, x: m.prod(x), [2.0, 0.0, 0.0]),
    "cumprod with zeros": (lambda m, x: m.cumprod(x, 0), [2.0, 0.0, 3.0, 0.0]),
    "pow 0 at 0": (lambda m, x: x**0, [0.0, 2.0]),
    "pow 2 at 0": (lambda m, x: x**2, [0.0, 2.0]),
    "pow of a tensor at 0": (lambda m, x: x ** m.full_like(x, 2.0), [0.0, 2.0]),
    "0 to the x": (lambda m, x: m.pow(0.0, x), [1.0, 2.0]),
    "sqrt at 0": (lambda m, x: m.sqrt(x), [0.0, 4.0]),
    "norm at 0": (lambda m, x: m.norm(x), [0.0, 0.0]),
    "std of equals": (lambda m, x: m.std(x), [1.0, 1.0]),
    "logsumexp of -inf": (lambda m, x: m.logsumexp(x, 0), [-INF, 1.0]),
    "log at 0": (lambda m, x: m.log(x), [0.0, 1.0]),
    "where without the NaN": (lambda m, x: m.where(x > 0, x, m.zeros_like(x)), [NAN, 2.0]),
    "masked_fill": (lambda m, x: x.masked_fill(x > 1, 0.0), [1.0, 2.0]),
    "remainder": (lambda m, x: m.remainder(x, 2.0), [-3.0, 0.5, 5.0]),
    "fmod": (lambda m, x: m.fmod(x, 2.0), [-3.0, 0.0, 5.0]),
    "sigmoid far out": (lambda m, x: m.sigmoid(x), [-1000.0, 1000.0]),
    "tanh far out": (lambda m, x: m.tanh(x), [-1000.0, 1000.0]),
    "logaddexp far out": (lambda m, x: m.logaddexp(x, m.zeros_like(x)), [-1000.0, 1000.0]),
    "softmax far out": (lambda m, x: m.softmax(x, 0) * m.arange(3.0, dtype=m.float64), [-1e4, 0.0, 1e4]),
    "sort of equals": (lambda m, x: m.sort(x, stable=True).values * m.arange(3.0, dtype=m.float64), [2.0, 1.0, 2.0]),
    "round": (lambda m, x: m.round(x), [0.5, 1.5, -2.5]),
    "asinh at 0 and far out": (lambda m, x: m.asinh(x), [0.5, 1e10, -1e10]),
    "nan_to_num": (lambda m, x: m.nan_to_num(x), [NAN, INF, 1.0]),
    "atan2 on the axes": (lambda m, x: m.atan2(x, m.ones_like(x)), [0.0, 1.0]),
    "hypot at 0": (lambda m, x: m.hypot(x, m.ones_like(x)), [0.0, 3.0]),
}  # fmt: skip


@pytest.mark.parametrize(("f", "data"), CORNERS.values(), ids=CORNERS)
def test_value_and_gradient_at_a_corner(f, data):
    outcome = []
    for m in (fathom, torch):
        x = m.tensor(data, dtype=m.float64, requires_grad=True)
        y = f(m, x)
        y.sum().backward()
        outcome.append((y.detach().numpy(), x.grad.numpy()))
    for found, wanted in zip(*outcome, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


EMPTY = {
    "sum": lambda m: m.zeros(0).sum(),
    "prod": lambda m: m.zeros(0).prod(),
    "mean": lambda m: m.zeros(0).mean(),
    "sum along": lambda m: m.zeros(2, 0).sum(1),
    "all": lambda m: m.zeros(0).all(),
    "any": lambda m: m.zeros(0).any(),
    "cat": lambda m: m.cat([m.zeros(0, 3), m.ones(2, 3)]),
    "cat of an old empty tensor": lambda m: m.cat([m.zeros(0), m.ones(2, 3)]),
    "matmul": lambda m: m.zeros(2, 0) @ m.zeros(0, 3),
    "sort": lambda m: m.zeros(0).sort().values,
    "cumsum": lambda m: m.zeros(0).cumsum(0),
    "nonzero": lambda m: m.zeros(0).nonzero(),
    "reshape": lambda m: m.zeros(0, 3).reshape(3, 0),
    "reshape with -1": lambda m: m.zeros(0, 3).reshape(-1, 3),
    "mask": lambda m: m.ones(3)[m.zeros(3) > 0],
    "stack": lambda m: m.stack([m.zeros(0), m.zeros(0)]),
    "split": lambda m: m.cat(m.zeros(0, 2).split(2)),
    "softmax": lambda m: m.softmax(m.zeros(0, 3), -1),
    "logsumexp": lambda m: m.logsumexp(m.zeros(2, 0), 1),
    "repeat": lambda m: m.ones(2).repeat(0, 3),
    "unbind": lambda m: m.tensor(len(m.zeros(0, 2).unbind())),
    "einsum": lambda m: m.einsum("ij,jk->ik", m.zeros(2, 0), m.zeros(0, 3)),
    "arange": lambda m: m.arange(0),
    "topk": lambda m: m.zeros(3).topk(0).values,
}  # fmt: skip


@pytest.mark.parametrize("make", EMPTY.values(), ids=EMPTY)
def test_tensors_of_no_elements(make):
    found, wanted = make(fathom), make(torch)
    assert tuple(found.shape) == tuple(wanted.shape)
    assert str(found.dtype).split(".")[-1] == str(wanted.dtype).split(".")[-1]
    np.testing.assert_array_equal(found.numpy(), wanted.numpy())


@pytest.mark.parametrize("f", ["max", "min", "argmax", "argmin", "amax", "amin"])
def test_no_element_has_no_extreme(f):
    for m in (fathom, torch):
        with pytest.raises((RuntimeError, IndexError)):
            getattr(m, f)(m.zeros(0))


def test_infinities_and_nan_compute_without_a_warning():
    x = fathom.tensor([INF, -INF, NAN, 0.0])
    for y in (
        x - x,
        x * 0,
        x / x,
        x.log(),
        x.sqrt(),
        x.exp(),
        x.sum(),
        x.mean(),
        x.sin(),
        x.cumsum(0),
        x @ x,
        x**0.5,
    ):
        assert y.isnan().any()
    assert fathom.tensor([1e38]).mul(1e38).isinf().all()
    assert fathom.tensor([NAN, INF, -INF, 1.0]).to(fathom.int64)[3].item() == 1


def test_numpys_own_warnings_are_left_alone():
    fathom.tensor(INF) - fathom.tensor(INF)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        np.array(INF) - np.array(INF)
