"""Formulas read as a person would write them."""

import numpy as np
import pytest

from fathom.core import loop
from fathom.core.latex import formula, latex
from fathom.core.loop import Array, Const, Index
from fathom.ops.comparison import Less, Where
from fathom.ops.contraction import Contract
from fathom.ops.exponential import Expm1
from fathom.ops.gathering import Gather, Put
from fathom.ops.movement import Expand, Flip, Reshape, Unslice
from fathom.ops.reduction import Sum
from fathom.ops.windows import Windows

F, I, B = np.dtype("float32"), np.dtype("int64"), np.dtype(bool)


@pytest.mark.parametrize(
    ("primitive", "arrays", "expected"),
    [
        (Contract("ik", "kj", "ij"), [Array("a", (2, 3), F), Array("b", (3, 4), F)],
         r"y_{ij} = \sum_{k} a_{ik}\,b_{kj}"),
        (Sum((0, 1)), [Array("x", (2, 3), F)], r"y = \sum_{i,j} x_{ij}"),
        (Windows((3,), (2,), (1,)), [Array("x", (9,), F)], r"y_{ij} = x_{2i + j}"),
        (Windows((3,), (1,), (2,)), [Array("x", (4, 9), F)], r"y_{ijk} = x_{i,\,j + 2k}"),
        (Flip((0,)), [Array("x", (4, 2), F)], r"y_{ij} = x_{3 - i,\,j}"),
        (Expand((3, 4)), [Array("x", (3, 1), F)], r"y_{ij} = x_{i,\,0}"),
        (Reshape((24,)), [Array("x", (2, 3, 4), F)],
         r"y_{i} = x_{\lfloor i / 12 \rfloor,\,\lfloor i / 4 \rfloor \bmod 3,\,i \bmod 4}"),
        (Reshape((6, 4)), [Array("x", (2, 3, 4), F)],
         r"y_{ij} = x_{\lfloor i / 3 \rfloor,\,i \bmod 3,\,j}"),
        (Unslice((5,), ((1, 3, 1),)), [Array("x", (2,), F)],
         r"y_{i} = \begin{cases} x_{i - 1} & \text{if } 1 \le i < 3 \\ 0 & \text{otherwise} \end{cases}"),
        (Less(), [Array("a", (3,), F), Array("b", (3,), F)], r"y_{i} = \left[a_{i} < b_{i}\right]"),
        (Where(), [Array("c", (3,), B), Array("a", (3,), F), Array("b", (3,), F)],
         r"y_{i} = \begin{cases} a_{i} & \text{if } c_{i} \\ b_{i} & \text{otherwise} \end{cases}"),
        (Gather(), [Array("x", (4, 2), F), Array("k", (3,), I)], r"y_{ij} = x_{k_{i},\,j}"),
        (Expm1(), [Array("x", (), F)], r"y = e^{x} - 1"),
        (Put(), [Array("x", (4,), F), Array("n", (2,), I), Array("v", (2,), F)],
         r"y_{i} = \begin{cases} v_{k} & \text{if } 0 \le k \\ x_{i} & \text{otherwise} \end{cases}, \quad"
         r" k = \max_{j} \begin{cases} j & \text{if } n_{j} = i \\ -1 & \text{otherwise} \end{cases}"),
    ],
    ids=lambda value: str(value) if not isinstance(value, (list, str)) else "",
)  # fmt: skip
def test_a_formula_reads_well(primitive, arrays, expected):
    assert formula(primitive, *arrays) == expected


def test_parentheses_stand_only_where_they_are_needed():
    i, j = Index(3, "i"), Index(4, "j")
    assert latex((i + j) * 2) == r"2\,\left(i + j\right)"
    assert latex(i + j * 2) == "i + 2j"
    assert latex(i - (j + 1)) == r"i - \left(j + 1\right)"
    assert latex(loop.exp(-(i + j))) == r"e^{-\left(i + j\right)}"
    assert latex(loop.power(i + j, Const(2))) == r"\left(i + j\right)^{2}"


def test_an_index_keeps_its_own_letter():
    n = Index(5, "n")
    assert latex(Array("x", (5,), F)[[n]]) == "x_{n}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1e-8, r"1 \cdot 10^{-8}"), (0.5, "0.5"), (float("-inf"), r"-\infty"), (True, r"\text{true}")],
)
def test_numbers_are_written_by_hand(value, expected):
    assert latex(Const(value)) == expected


def test_a_number_after_a_number_needs_a_sign_between_them():
    x = Array("x", (), F)[()]
    assert latex(Const(2.5) * Const(0.5)) == r"2.5 \times 0.5"
    assert latex(Const(2) * (Const(1.0) / x)) == r"2 \times \frac{1}{x}"
    assert latex(Const(2) * x) == r"2\,x"


def test_conditions_on_one_index_are_said_as_an_interval():
    i, j = Index(9, "i"), Index(9, "j")
    inside = loop.every([*loop.inside(i - 2, 5), *loop.inside(j, 4)])
    assert latex(inside) == r"2 \le i < 7 \wedge 0 \le j < 4"
