"""Index arithmetic is worked out exactly: a formula that changes must agree with the one it was."""

from __future__ import annotations

import itertools
from operator import add, floordiv, mod, mul, sub

import numpy as np
import pytest

from fathom.compiler.affine import Affine, affine, index, simplify
from fathom.core import loop
from fathom.core.interpreter import evaluate
from fathom.core.loop import Call, Const, Index, Load


def value(e, at: dict) -> int:
    """The expression at one point, by Python's own arithmetic."""
    if isinstance(e, Const):
        return e.value
    if isinstance(e, Index):
        return at[e]
    a, *rest = [value(x, at) for x in e.args]
    if e.name == "neg":
        return -a
    (b,) = rest
    return {"+": add, "-": sub, "*": mul, "//": floordiv, "%": mod}[e.name](a, b)


def everywhere(*indices: Index):
    for point in itertools.product(*[range(i.size) for i in indices]):
        yield dict(zip(indices, point, strict=True))


def test_a_reshape_and_its_inverse_leave_the_index():
    i, j = Index(6), Index(4)
    flat = i * 4 + j
    assert index(flat // 4) is i
    assert index(flat % 4) is j


def test_quotients_and_remainders_recombine():
    k = Index(400)
    at = loop.unravel(k, (16, 5, 5))
    assert affine(loop.ravel(at, (16, 5, 5))).recombined().terms == {k: 1}


@pytest.mark.parametrize("seed", range(40))
def test_simplified_indices_are_equal_everywhere(seed):
    rng = np.random.default_rng(seed)
    i, j = Index(int(rng.integers(2, 7))), Index(int(rng.integers(2, 7)))
    e = i * int(rng.integers(1, 9)) + j * int(rng.integers(-4, 5)) + int(rng.integers(-6, 7))
    for _ in range(3):
        name, n = rng.choice(["//", "%", "*", "+"]), int(rng.integers(1, 9))
        e = loop.fold(str(name), e, n)
    simple = index(e)
    for at in everywhere(i, j):
        assert value(simple, at) == value(e, at)


def test_the_range_of_a_form_holds_all_its_values():
    i, j = Index(5), Index(3)
    form = affine(i * 3 - j * 2 + 1)
    found = [value(form.expr(), at) for at in everywhere(i, j)]
    assert form.range() == (min(found), max(found))


def test_a_condition_that_always_holds_goes_away():
    i = Index(8)
    x = loop.Array("x", (8,), np.dtype("float32"))
    guarded = loop.where(loop.every(loop.inside(i, 8)), x[[i]], 0.0)
    assert isinstance(simplify(guarded), Load)


def test_a_branch_knows_its_condition():
    i = Index(8)
    x = loop.Array("x", (8,), np.dtype("float32"))
    inside = loop.where(loop.less_equal(0, i - 3), x[[(i - 3) % 8]], 0.0)
    branch = simplify(inside).args[1]
    assert branch.at == (Call("+", (i, Const(-3))),) or affine(branch.at[0]) == Affine(-3, {i: 1})


def test_a_sum_of_which_an_index_chooses_one_term_is_that_term():
    k, classes = Index(5), loop.Array("c", (3,), np.dtype("int64"))
    x = loop.Array("x", (5,), np.dtype("float32"))
    arrays = {"x": np.arange(1, 6, dtype=np.float32), "c": np.array([4, 5, -1])}
    for n, expected in enumerate((-10.0, 0.0, 0.0)):
        chosen = loop.where(loop.equal(classes[[n]], k), x[[k]], loop.Const(0, x.dtype))
        term = simplify(loop.reduce("+", [k], -chosen * 2.0))
        assert not isinstance(term, loop.Reduce)
        assert evaluate(term, (), arrays) == expected


def test_a_sum_of_several_terms_that_indices_choose_stays_a_sum():
    k, x = Index(5), loop.Array("x", (5,), np.dtype("int64"))
    several = loop.where(loop.equal(x[[k]], k), x[[k]], 0)
    assert isinstance(simplify(loop.reduce("+", [k], several)), loop.Reduce)
