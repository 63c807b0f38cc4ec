"""einsum: reading equations, and saying what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.ops.products import cheapest


@pytest.mark.parametrize("seed", range(30))
def test_random_equations_are_numpys(seed):
    rng = np.random.default_rng(seed)
    size = dict(zip("abcde", rng.integers(1, 4, 5), strict=True))
    terms = [
        "".join(rng.choice(list("abcde"), rng.integers(1, 4))) for _ in range(rng.integers(1, 4))
    ]
    present = sorted(set("".join(terms)))
    out = "".join(rng.permutation(present)[: rng.integers(0, len(present) + 1)])
    arrays = [rng.standard_normal([size[letter] for letter in term]) for term in terms]
    equation = ",".join(terms) + "->" + out
    found = fathom.einsum(equation, *[fathom.from_numpy(a) for a in arrays])
    np.testing.assert_allclose(found.numpy(), np.einsum(equation, *arrays), rtol=1e-10, atol=1e-10)


def test_a_diagonal_by_einsum_is_a_view():
    x = fathom.zeros(2, 2)
    fathom.einsum("ii->i", x).fill_(3)
    assert x.tolist() == [[3, 0], [0, 3]]


def test_operands_may_come_in_a_list():
    x = fathom.ones(2)
    assert fathom.einsum("i,i->", [x, x]).item() == 2


def test_many_operands_are_contracted_in_an_order_that_stays_small():
    tracked = fathom.ones(30, 30, requires_grad=True)
    long = fathom.ones(30, 30)
    y = fathom.einsum("ab,bc,cd,de,ef->af", tracked, long, long, long, long)
    assert y[0, 0].item() == 30**4


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij,jk->ik", [(2, 3)], "names 2 operand"),
        ("ij", [(2, 3, 4)], "does not name the 3 dims"),
        ("i1", [(2, 3)], "'1' in 'i1' is no letter"),
        ("ij->ik", [(2, 3)], "'k' of 'ij->ik' stands in no operand"),
        ("ij->ii", [(2, 3)], "twice in the result"),
        ("ij,jk->ik", [(2, 3), (4, 5)], "'j' has sizes 3 and 4"),
        ("i..j->", [(2, 3)], "'.' in"),
    ],
)
def test_a_wrong_equation_says_what_is_wrong(equation, shapes, message):
    with pytest.raises(ValueError, match=message):
        fathom.einsum(equation, *[fathom.ones(*shape) for shape in shapes])


def test_dtypes_must_agree():
    with pytest.raises(RuntimeError, match="same dtype, got fathom.float32, fathom.float64"):
        fathom.einsum("i,i", fathom.ones(2), fathom.ones(2, dtype=fathom.float64))


def test_multi_dot_takes_the_cheapest_order():
    assert cheapest([10, 100, 5, 50])[0, 2] == 1  # (A B) C: 7,500 instead of 75,000
    with pytest.raises(ValueError, match=r"tensor 0 \(2, 3\) and tensor 1 \(2, 3\) do not fit"):
        fathom.linalg.multi_dot([fathom.ones(2, 3), fathom.ones(2, 3)])


def test_at_beta_0_the_input_is_not_read():
    x = fathom.full((2, 2), float("nan"))
    y = fathom.addr(x, fathom.ones(2), fathom.ones(2), beta=0)
    assert y.tolist() == [[1, 1], [1, 1]]
