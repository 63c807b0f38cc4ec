"""Kernels that differ only in their arrays have one pattern, and share one function."""

from __future__ import annotations

import numpy as np

import fathom
from fathom import nn
from fathom.compiler.fuse import Kernel
from fathom.compiler.pattern import pattern
from fathom.compiler.program import Program
from fathom.core import loop
from fathom.core.loop import Array, Index
from fathom.core.tracing import Graph, Symbol, trace

FLOAT = np.dtype(np.float32)


def row_sums(name: str, rows: int, offset: int = 0):
    """The pattern of y[i] = sum_k x[i, k + offset]."""
    y = Symbol(0, (rows,), FLOAT, Graph(0))
    i, k = Index(rows), Index(5)
    body = loop.reduce("+", [k], Array(name, (rows, 8), FLOAT)[(i, k + offset)])
    return pattern(Kernel(y, (i,), body), Array("y", (rows,), FLOAT))


def test_names_do_not_count_but_what_is_computed_does():
    first, arrays = row_sums("a", 4)
    assert arrays == ("y", "a")
    assert row_sums("b", 4) == (first, ("y", "b"))
    assert row_sums("a", 6)[0] != first
    assert row_sums("a", 4, offset=1)[0] != first


def test_equal_layers_share_their_functions():
    fathom.manual_seed(0)
    model = nn.Sequential(*[layer for _ in range(6) for layer in (nn.Linear(8, 8), nn.ReLU())])
    x = fathom.randn(4, 8)
    program = Program(trace(lambda x: model(x), x))
    assert len(program.source.functions) < len(program.plan.phases)
    inputs = [x.numpy()]
    np.testing.assert_allclose(
        program.run(inputs)[0], model(x).detach().numpy(), rtol=1e-5, atol=1e-6
    )
