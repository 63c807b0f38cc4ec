"""The library's own lines."""

import pytest

from fathom.publish.sources import lines_of


def test_a_function_a_method_a_class_and_a_module_can_be_shown():
    assert lines_of("fathom.core.tape.sweep").text.startswith("def sweep(")
    assert (
        lines_of("fathom.ops.exponential.Exp.eager").text
        == "def eager(self, xp, x):\n    return xp.exp(x)"
    )
    assert "class Exp(" in lines_of("fathom.ops.exponential.Exp").text
    assert lines_of("fathom.core.tape").text.startswith('"""')


def test_the_place_is_told():
    assert lines_of("fathom.core.tape").place == "fathom/core/tape.py, line 1"
    assert lines_of("fathom.nn.functional.relu").place.startswith("fathom/nn/functional/")


def test_docstrings_can_be_left_out():
    found = lines_of("fathom.ops.exponential.Exp", docstring=False).text
    assert '"""' not in found and found.startswith("@dataclass")


def test_lines_can_be_chosen():
    whole = lines_of("fathom.core.tape.sweep").text.split("\n")
    assert lines_of("fathom.core.tape.sweep", "1").text == whole[0]
    assert lines_of("fathom.core.tape.sweep", "1-2, 4").text.split("\n")[2] == "..."


@pytest.mark.parametrize(
    ("name", "part", "message"),
    [("torch.exp", None, "is not a name of fathom"), ("fathom.core.nothing", None, "there is no fathom.core.nothing"),
     ("fathom.core.tape.sweep", "1-9999", "has lines 1-"), ("fathom.core.tape.sweep", "a-b", "are no lines"),
     ("fathom.float32", None, "has no source")],
)  # fmt: skip
def test_what_is_not_there_is_an_error(name, part, message):
    with pytest.raises(ValueError, match=message):
        lines_of(name, part)
