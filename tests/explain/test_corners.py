"""What is unusual can be explained too: every form is made, and the arithmetic that is shown is right."""

import pytest

import fathom
from fathom import nn
from fathom.explain import explain
from tests.explain.checks import check


def written(x):
    y = x * 2
    y[0] = 5.0
    return y.sum()


def gradient_of_a_gradient(x):
    (g,) = fathom.autograd.grad((x**3).sum(), x, create_graph=True)
    return g.sum()


CORNERS = {
    "lstm": lambda: explain(nn.LSTM(3, 4, 2), fathom.randn(3, 1, 3)),
    "attention": lambda: explain(nn.MultiheadAttention(4, 2), *[fathom.randn(2, 1, 4)] * 3),
    "embedding and dropout": lambda: explain(
        nn.Sequential(nn.Embedding(5, 3), nn.Dropout(0.5)), fathom.tensor([1, 2])
    ),
    "complex numbers": lambda: explain(lambda x: (x * 1j).exp().abs().sum(), fathom.randn(3)),
    "integers": lambda: explain(lambda x: (x + 1) * 2, fathom.tensor([1, 2])),
    "half precision": lambda: explain(
        lambda x: x.exp().sum(), fathom.ones(3, dtype=fathom.bfloat16)
    ),
    "a vmap": lambda: explain(
        lambda x: fathom.func.vmap(lambda row: (row * row).sum())(x).sum(), fathom.randn(3, 2)
    ),
    "a gradient of a gradient": lambda: explain(gradient_of_a_gradient, fathom.randn(2)),
    "writing in place": lambda: explain(written, fathom.randn(3)),
    "a decomposition": lambda: explain(lambda x: fathom.linalg.inv(x).sum(), fathom.eye(2) * 2),
    "nothing done": lambda: explain(lambda x: x, fathom.randn(3)),
    "no elements": lambda: explain(lambda x: x.exp(), fathom.zeros(0)),
    "no gradient": lambda: explain(lambda x: x.detach().exp(), fathom.ones(3)),
    "several results": lambda: explain(lambda x: (x.exp(), x.sin()), fathom.ones(3)),
    "a class": lambda: explain(nn.Linear),
}


@pytest.mark.parametrize("name", CORNERS)
def test_a_corner_is_explained(name):
    fathom.manual_seed(0)
    e = CORNERS[name]()
    assert e.text() and e.html() and e.svg() and e.latex()
    check(e)


def test_an_element_that_was_written_passes_no_gradient_on():
    e = explain(written, fathom.tensor([1.0, 2.0, 3.0]))
    assert e.value("x").gradient.values.tolist() == [0, 2, 2]
