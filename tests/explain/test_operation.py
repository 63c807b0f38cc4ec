"""Every operation can be explained by name, with a worked example whose numbers are right."""

import types

import pytest

import fathom
import fathom.nn.functional as F
from fathom.explain import explain
from fathom.explain.example import called_in, public_name
from tests.explain.checks import check

# What makes, saves and configures, and what says nothing about tensors, has nothing to be explained.
NAMES = sorted(
    {
        (place.__name__, name)
        for place in (fathom, F)
        for name in dir(place)
        if isinstance(getattr(place, name), types.FunctionType)
        and not name.startswith("_")
        and not name.endswith("_")
    }
    - {("fathom", "explain"), ("fathom", "summary")}
)
# With the same index twice, the gradient of a replaced value is as PyTorch's, not the true one.
DIFFERENT = {"put"}


@pytest.mark.filterwarnings("ignore:Implicit dimension choice", "ignore:reduction. 'mean' divides")
@pytest.mark.parametrize(
    ("place", "name"), [n for n in NAMES if n[1] not in DIFFERENT], ids=lambda x: x.split(".")[-1]
)
def test_the_arithmetic_of_an_operation_is_right(place, name):
    f = getattr(fathom if place == "fathom" else F, name)
    e = explain(f)
    assert e.title == f.__name__
    check(e)


def test_an_operation_is_named_by_a_string_a_function_or_its_primitive():
    from fathom.ops.exponential import Exp

    for subject in ("exp", "fathom.exp", "Exp", fathom.exp, Exp):
        e = explain(subject)
        assert (e.title, e.formula) == ("exp", "y_i = e^{x_i}")
        assert e.operations[0].formula == "y_{i} = e^{x_{i}}"


def test_an_operation_shows_its_own_source():
    e = explain(fathom.softmax)
    assert e.definition.file == "fathom/ops/softmax.py"
    assert "powers / powers.sum(dim, keepdim=True)" in e.definition.text
    assert e.find("exp").definition.text.startswith(
        "@dataclass(frozen=True)\nclass Exp(Elementwise):"
    )


def test_the_example_is_read_from_the_docstring():
    args, options = called_in(fathom.softmax, fathom.softmax.__doc__)
    assert args[0].tolist() == [0, 0] and options == {"dim": 0}


def test_a_tensor_that_the_docstring_names_first_and_a_method_of_it_are_read_too():
    doc = """
    >>> x, two = fathom.arange(4.).reshape(2, 2), 2
    >>> x.softmax(dim=-1 + two - 1).sum()
    """
    args, options = called_in(fathom.softmax, doc)
    assert args[0].tolist() == [[0, 1], [2, 3]] and options == {"dim": 0}


@pytest.mark.parametrize(
    "call",
    ["open('x')", "__import__('os').getcwd()", "fathom.load('x')()", "fathom.ones.__globals__", "y.exp()",
     "fathom.load('x')", "fathom.seed()", "fathom.nothing(1)", "fathom.ones(2).reshape(3)",
     "fathom.train.Trainer()", "[k for k in (1, 2)]", "fathom.ones(2).__class__"],
)  # fmt: skip
def test_the_docstring_is_read_and_never_executed(call):
    assert called_in(fathom.exp, f">>> fathom.exp({call})") is None


def test_an_example_of_an_error_is_passed_over():
    doc = """
    >>> fathom.exp(1)
    Traceback (most recent call last):
    TypeError: exp
    >>> fathom.exp(fathom.tensor([2.]))
    tensor([7.3891])
    """
    args, _ = called_in(fathom.exp, doc)
    assert args[0].tolist() == [2]


def test_a_function_is_called_by_the_name_a_user_gives_it():
    assert public_name(fathom.softmax) == "softmax"
    assert public_name(F.gelu) == "nn.functional.gelu"
    assert public_name(fathom.linalg.qr) == "linalg.qr"
    assert public_name(lambda x: x) == ""


def test_an_operation_shows_its_shapes_its_example_and_what_else_its_docstring_says():
    e = explain("conv2d")
    assert e.shapes == "input 1 × 1 × 3 × 3, weight 1 × 1 × 2 × 2 → 1 × 1 × 2 × 2"
    assert e.session.startswith(">>> fathom.conv2d(\n...     fathom.tensor([[[[0.5, 1.0, 2.0], ")
    assert any("With groups, output channel o sees" in paragraph for paragraph in e.details)
    for form in (e.text(), e.html(), e.latex()):
        assert "5.3750" in form


def test_the_way_back_begins_where_there_is_a_slope():
    e = explain("threshold")  # of 0.5, -1 and 2, only 2 is above 1
    assert e.seed.startswith("The backward pass begins with 1 at element [2] of the result")
    assert e.value("input").gradient.values.tolist() == [0, 0, 1]
    assert (
        explain("slogdet").value("A").gradient.high > 0
    )  # of its sign nothing depends on the input


def test_what_is_made_from_nothing_is_drawn_as_one_box():
    e = explain("zeros")
    assert (e.shapes, e.operations) == ("→ 2 × 3", [])
    assert e.value("zeros").figures.values.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert e.svg().count("<rect") == 1


def test_an_unknown_name_says_what_would_do():
    with pytest.raises(
        ValueError, match="no operation is called 'sofmax'; use PyTorch's name, such as 'softmax'"
    ):
        explain("sofmax")


def test_a_primitive_without_a_function_says_so():
    with pytest.raises(ValueError, match="StopGradient is applied by other operations"):
        explain("StopGradient")
