"""LaTeX that a book needs, as MathML: environments, alphabets, big signs, brackets, words."""

from xml.etree import ElementTree

import pytest

from fathom.explain.mathml import mathml
from fathom.explain.notation import parse
from fathom.explain.plain import plain


def tree(formula, display=True):
    """The MathML as a tree: it is well formed."""
    return ElementTree.fromstring(mathml(formula, display))


def words(formula):
    return "".join(tree(formula).itertext())


def test_equations_meet_at_their_signs():
    table = tree(r"\begin{aligned} a &= b + c \\ &= d \end{aligned}").find(".//mtable")
    assert table.get("displaystyle") == "true"
    styles = [cell.get("style").split(";")[0] for cell in table.iter("mtd")]
    assert styles == ["text-align: right", "text-align: left"] * 2


@pytest.mark.parametrize("name", ["align", "align*", "split", "aligned"])
def test_every_name_for_aligned_equations(name):
    table = tree(rf"\begin{{{name}}} a &= b \\ c &= d \\ \end{{{name}}}").find(".//mtable")
    assert len(table) == 2  # a line break behind the last line makes no other


def test_an_equation_alone_is_its_formula():
    assert words(r"\begin{equation} a = b \end{equation}") == "a=b"


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [("bmatrix", "[", "]"), ("pmatrix", "(", ")"), ("vmatrix", "|", "|"), ("Bmatrix", "{", "}"), ("matrix", "", "")],
)  # fmt: skip
def test_a_matrix_between_its_brackets(name, left, right):
    formula = rf"\begin{{{name}}} 1 & 2 \\ 3 & 4 \end{{{name}}}"
    assert words(formula) == f"{left}1234{right}"
    assert [len(row) for row in tree(formula).iter("mtr")] == [2, 2]


def test_words_may_hold_formulas():
    found = tree(r"\begin{cases} x & \text{if $x > 0$} \\ 0 & \text{otherwise} \end{cases}")
    assert "".join(found.itertext()) == "{xif\u00a0x>00otherwise"
    with pytest.raises(ValueError, match=r"a \$ without its other"):
        parse(r"\text{5 $}")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [(r"\mathbf{x}", "𝐱"), (r"\mathbb{R}", "ℝ"), (r"\mathcal{L}", "ℒ"), (r"\boldsymbol{\theta}", "𝜽"),
     (r"\mathbf{W1}", "𝐖𝟏"), (r"\mathsf{A}", "𝖠"), (r"\mathtt{x}", "𝚡"), (r"\mathrm{d}x", "dx")],
)  # fmt: skip
def test_alphabets_are_letters_of_their_own(formula, expected):
    assert words(formula) == expected


def test_the_foot_of_a_sum_and_of_a_limit_goes_below():
    for formula in (
        r"\sum_{i=1}^{n} x_i",
        r"\operatorname*{argmax}_c p",
        r"\max_i x",
        r"\lim_{h \to 0} x",
    ):
        assert tree(formula).find("./mrow/*").tag in ("munder", "munderover")
    assert tree(r"\log_2 x").find("./mrow/*").tag == "msub"


def test_the_name_of_a_function_keeps_away_from_letters():
    assert len(tree(r"2 \log x").findall(".//mspace")) == 2
    assert len(tree(r"\log (x)").findall(".//mspace")) == 0
    assert len(tree(r"\sin\left(x\right)").findall(".//mspace")) == 0


def test_primes_stand_at_the_head():
    assert mathml("f'(x)", False).startswith("<math><mrow><msup><mi>f</mi><mo>′</mo></msup>")
    assert tree("f''_k").find("./mrow/*").tag == "msubsup"
    assert words("f'^2") == "f′2"


def test_braces_marks_roots_and_fractions():
    assert words(r"\underbrace{a + b}_{\text{sum}}") == "a+b⏟sum"
    assert words(r"\overbrace{a}^{n}") == "a⏞n"
    assert tree(r"\sqrt[3]{x}").find(".//mroot") is not None
    assert words(r"\hat{y} + \vec{v}") == "y^+v→"
    assert words(r"\binom{n}{k}") == "(nk)"
    assert words(r"\overset{!}{=}") == "=!"
    assert words(r"\substack{i \\ j}") == "ij"


def test_brackets_of_a_chosen_size():
    assert tree(r"\Big( x \Big)").find(".//mo").get("minsize") == "1.8em"
    assert words(r"\bigl\lVert x \bigr\rVert") == "‖x‖"


def test_a_thousand_keeps_its_comma_close():
    assert mathml("60{,}000", False) == (
        "<math><mrow><mn>60</mn><mtext>,</mtext><mn>000</mn></mrow></math>"
    )


@pytest.mark.parametrize(
    "wrong",
    [r"\mathbf", r"\begin{aligned} a", r"\left( x", r"\tikz", r"\begin{array}{cc} a \end{array}", r"\label{x}", "{"],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error(wrong):
    with pytest.raises(ValueError, match="^formula: "):
        mathml(wrong)


def test_in_a_terminal():
    assert plain(r"\underbrace{a + b}_{n} + \sqrt[3]{x} + \Big( y \Big)") == "a + b + 3√x + (y)"
