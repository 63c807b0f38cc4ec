"""Every operation can be explained by name, with a worked example whose numbers are right."""

import types

import pytest

import fathom
import fathom.nn.functional as F
from fathom.explain import explain
from fathom.explain.operation import example
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
    args, options = example(fathom.softmax, fathom.softmax.__doc__)
    assert args[0].tolist() == [0, 0] and options == {"dim": 0}


def test_the_docstring_is_read_and_never_executed():
    assert example(fathom.exp, ">>> exp(open('x'))") is None
    assert example(fathom.exp, ">>> fathom.exp(__import__('os').getcwd())") is None


def test_an_unknown_name_says_what_would_do():
    with pytest.raises(
        ValueError, match="no operation is called 'sofmax'; use PyTorch's name, such as 'softmax'"
    ):
        explain("sofmax")


def test_a_primitive_without_a_function_says_so():
    with pytest.raises(ValueError, match="StopGradient is applied by other operations"):
        explain("StopGradient")
