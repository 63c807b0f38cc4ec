"""Formulas read off the rules: of results, of gradients, of local derivatives, and with numbers."""

import numpy as np
import pytest

from fathom.core.loop import Array, Call, Const, Index
from fathom.explain import formulas
from fathom.explain.formulas import Operand, bar
from fathom.explain.mathml import mathml, parse
from fathom.explain.numerals import settled
from fathom.explain.plain import plain
from fathom.ops.arithmetic import Mul
from fathom.ops.contraction import Contract
from fathom.ops.exponential import Tanh
from fathom.ops.movement import Reshape
from fathom.ops.reduction import Amax, Sum

F = np.dtype("float32")


def of(*shapes):
    return tuple(Operand(shape, F) for shape in shapes)


@pytest.mark.parametrize(
    ("primitive", "operands", "expected"),
    [
        (Tanh(), of((3,)), [r"\bar{x}_{i} = \bar{y}_{i}\,\left(1 - y_{i}\,y_{i}\right)"]),
        (Contract("ik", "kj", "ij"), of((2, 3), (3, 4)),
         [r"\bar{a}_{ij} = \sum_{k} \bar{y}_{ik}\,b_{jk}", r"\bar{b}_{ij} = \sum_{k} a_{ki}\,\bar{y}_{kj}"]),
        (Sum((1,)), of((2, 3)), [r"\bar{x}_{ij} = \bar{y}_{i}"]),
        (Reshape((6,)), of((2, 3)), [r"\bar{x}_{ij} = \bar{y}_{3i + j}"]),
        (Amax((0,)), of((3,)),
         [r"\bar{x}_{i} = \bar{y}\,\frac{\left[x_{i} = y\right]}{\sum_{j} \left[x_{j} = y\right]}"]),
    ],
    ids=lambda x: type(x).__name__,
)  # fmt: skip
def test_a_gradients_formula_is_read_off_the_rule(primitive, operands, expected):
    assert [formulas.pull(primitive, operands, k) for k in range(len(operands))] == expected


def test_a_local_derivative_is_read_off_the_partials():
    assert formulas.partial(Tanh(), of((3,)), 0) == r"\frac{\partial y}{\partial x} = 1 - y\,y"
    assert formulas.partial(Sum((0,)), of((3,)), 0) is None


def test_a_constant_stands_in_the_formula_as_its_number():
    assert (
        formulas.forward(Mul(), (Operand((3,), F), Operand((3,), F, 0.5))) == r"y_{i} = 0.5\,a_{i}"
    )


def test_a_line_of_arithmetic_has_all_its_numbers():
    at, body = formulas.forward_expression(Contract("k", "k", ""), of((3,), (3,)))
    arrays = {"a": np.array([1.0, -2.0, 0.5]), "b": np.array([2.0, 3.0, 4.0])}
    assert formulas.worked("y", at, body, arrays, np.array(-2.0)) == [
        r"y = 1 \times 2 + \left(-2\right) \times 3 + 0.5 \times 4 = -2"
    ]


def test_what_is_too_long_is_not_written_out():
    at, body = formulas.forward_expression(Sum((0,)), of((1000,)))
    assert formulas.worked("y", at, body, {"x": np.ones(1000)}, np.array(1000.0)) == []


def test_what_is_not_finite_is_not_written_out():
    at, body = formulas.forward_expression(Tanh(), of(()))
    assert formulas.worked("y", at, body, {"x": np.array(np.nan)}, np.array(np.nan)) == []


def test_a_branch_that_is_decided_is_left_out():
    i = Index(4)
    x = Array("x", (4,), F)
    body = Call("where", (Call("<", (i, Const(2))), x[[i]], Const(0.0)))
    numbers = {"x": np.array([0.25, 1.0, 2.0, 3.0])}
    assert settled(body, {i: 0}, numbers) == "0.25"
    assert settled(body, {i: 3}, numbers) == "0"


# ---- MathML and plain text ---------------------------------------------------------------------------


def test_mathml_of_what_formulas_are_made_of():
    assert (
        mathml(r"\frac{a}{b}", False)
        == "<math><mrow><mfrac><mi>a</mi><mi>b</mi></mfrac></mrow></math>"
    )
    assert "<munder><mo>∑</mo><mi>k</mi></munder>" in mathml(r"\sum_{k} x_{k}")
    assert "<mtext>if&#160;</mtext>" in mathml(
        r"\begin{cases} 1 & \text{if } a \\ 0 & \text{otherwise} \end{cases}"
    )
    assert "&lt;" in mathml("a < b")


def test_brackets_grow_only_where_left_and_right_say_so():
    plain_ones = mathml(r"\sum_{k} (x_{k} - 1)^{2}")
    assert plain_ones.count('<mo stretchy="false">') == 2 and 'stretchy="true"' not in plain_ones
    assert mathml(r"\left(\frac{a}{b}\right)^{2}").count('stretchy="true"') == 2


def test_a_minus_after_a_sign_belongs_to_its_number():
    assert '<mo form="prefix"' in mathml("y = -1")
    assert '<mo form="prefix"' not in mathml("y - 1")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [(r"\nonsense", "no command .nonsense at character 0"), ("x_{i", "expected }"), ("x_1_2", "a second subscript"),
     ("a & b", "& stands alone"), (r"\begin{tikz}\end{tikz}", "no environment tikz")],
)  # fmt: skip
def test_what_is_not_in_the_subset_is_an_error_with_its_place(wrong, message):
    with pytest.raises(ValueError, match=message):
        parse(wrong)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"y_{ij} = \sum_{k} a_{ik}\,b_{kj}", "y[i,j] = Σ_k a[i,k] b[k,j]"),
        (r"y = \frac{1}{1 + e^{-x}}", "y = 1 / (1 + e^(−x))"),
        (r"\frac{\partial y}{\partial x} = 1", "∂y / ∂x = 1"),
        (
            r"\begin{cases} 1 & \text{if } a < b \\ 0 & \text{otherwise} \end{cases}",
            "{1 if a < b; 0 otherwise}",
        ),
        (r"x^{2} + \sqrt{x}", "x² + √x"),
        (bar("x"), "x\u0304"),
        (r"2 \times \left(-3\right) = -6", "2 × (−3) = −6"),
    ],
)
def test_a_formula_in_plain_text(formula, expected):
    assert plain(formula) == expected
