"""An index read as i // n and i % n becomes two, and the element computed is the same."""

from __future__ import annotations

import numpy as np

from fathom.compiler.affine import affine
from fathom.compiler.reads import position
from fathom.compiler.split import split, substituted
from fathom.core import loop
from fathom.core.interpreter import evaluate
from fathom.core.loop import Array, Index

FLOAT = np.dtype(np.float32)
X, W = Array("x", (3, 4, 8), FLOAT), Array("w", (5, 32), FLOAT)


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {a.name: rng.standard_normal(a.shape).astype(FLOAT) for a in (X, W)}


def test_a_reduced_index_is_split_into_the_strides_of_a_reshape():
    t, j, k = Index(3), Index(5), Index(32)
    body = loop.reduce("+", [k], X[(t, k // 8, k % 8)] * W[(j, k)])
    out, after, _, parts = split((t, j), body, position((t, j), (3, 5)), 16)
    assert out == (t, j) and parts == {}
    assert [i.size for i in after.over] == [4, 8]
    np.testing.assert_allclose(
        evaluate(after, out, arrays()), evaluate(body, (t, j), arrays()), rtol=1e-5
    )


def test_an_index_of_the_output_is_split_into_runs_that_fill_lanes_only():
    t, k = Index(3), Index(32)
    body = X[(t, k // 8, k % 8)]
    store = position((t, k), (3, 32))
    assert split((t, k), body, store, 16)[0] == (t, k)
    out, after, store, parts = split((t, k), body, store, 8)
    assert store.terms == dict(zip(out, [32, 8, 1], strict=True))
    assert [i.size for i in out] == [3, 4, 8]
    np.testing.assert_array_equal(
        evaluate(after, out, arrays()).reshape(3, 32), evaluate(body, (t, k), arrays())
    )
    np.testing.assert_array_equal(
        evaluate(substituted(after, parts), (t, k), arrays()), evaluate(body, (t, k), arrays())
    )


def test_a_double_reshape_is_split_twice():
    k = Index(32)
    body = Array("y", (2, 2, 8), FLOAT)[(k // 16, k // 8 % 2, k % 8)]
    out, after, _, _ = split((k,), body, affine(k), 8)
    assert [i.size for i in out] == [2, 2, 8]
    y = {"y": np.arange(32, dtype=FLOAT).reshape(2, 2, 8)}
    np.testing.assert_array_equal(evaluate(after, out, y), y["y"])


def test_a_size_that_n_does_not_divide_stays_whole():
    k = Index(30)
    body = Array("y", (4, 8), FLOAT)[(k // 8, k % 8)]
    assert split((k,), body, affine(k), 8)[0] == (k,)
