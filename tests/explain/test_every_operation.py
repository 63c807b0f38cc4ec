"""Whatever is public can be explained: in words and formulas, by its code, a diagram, and an example that is true."""

from __future__ import annotations

import ast
import doctest
import functools
import inspect
import re
import types
import xml.etree.ElementTree as ElementTree

import pytest

import fathom
from fathom.explain import Explanation, explain
from fathom.explain.calls import CALLS, SESSIONS
from fathom.explain.example import ROOMS, called_in, house, public_name, public_names
from fathom.explain.mathml import parse
from fathom.explain.svg import svg

# These answer with no tensor, so there is no computation to be drawn: settings, states, files, questions that a bool
# or a name answers, and what is told what to do by a function.
NO_TENSOR = set(SESSIONS) | {
    "allclose", "broadcast_shapes", "can_cast", "compile", "equal", "is_complex", "is_floating_point",
    "is_nonzero", "is_same_size", "is_signed", "is_tensor", "numel", "promote_types", "result_type", "save", "typename",
    "scan", "vmap", "func.functional_call", "func.grad", "func.hessian", "func.jacrev", "func.jvp", "func.linearize",
    "func.stack_module_state", "func.vjp",
}  # fmt: skip
FUNCTIONS = {
    public_name(f): f
    for room in ROOMS
    for name, thing in vars(house(room)).items()
    if isinstance(f := inspect.unwrap(thing), types.FunctionType)
    and f.__module__.startswith("fathom")
    and not name.startswith("_")
    and not f.__name__.endswith("_")
}
NAMES = sorted(FUNCTIONS)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Implicit dimension choice",
    "ignore:reduction. 'mean' divides",
    "ignore:.*upsample is deprecated",
)


@functools.cache
def explained(name: str) -> Explanation:
    return explain(name)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_told_in_words_formulas_code_diagram_and_example(name):
    e = explained(name)
    assert e.about.strip().endswith((".", ":")), e.about
    for words in (e.about, *e.details):
        for formula in re.findall(r"\$([^$]+)\$", words):
            parse(formula)
    assert e.definition is not None
    ast.parse(e.definition.text)
    assert e.session.startswith(">>> ")
    boxes = ElementTree.fromstring(svg(e, use_dot=False)).findall(".//{*}rect")
    assert bool(boxes) == (name not in NO_TENSOR)
    if boxes:
        assert "→" in e.shapes
    assert e.title in e.text() and e.title in e.html()


@pytest.mark.parametrize("name", NAMES)
def test_its_example_gives_what_it_says(name):
    """Typed into an interpreter as it stands on the page, the example answers what stands there."""
    shown = re.sub(r"\n(?=\n)", "\n<BLANKLINE>", explained(name).session)
    session = doctest.DocTestParser().get_doctest(shown, {"fathom": fathom}, name, None, 0)
    state = fathom.get_rng_state()
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    try:
        runner.run(session, out=said.append)
    finally:
        fathom.set_rng_state(state)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_call_of_the_table_is_the_call_of_a_public_function(name):
    (f,) = [f for f, names in public_names().items() if name in names]
    assert public_name(f) == name
    assert called_in(f, f">>> {CALLS[name]}") is not None


def test_an_example_draws_the_same_random_numbers_every_time_and_leaves_no_trace():
    fathom.manual_seed(3)
    once, again = explain("randn"), explain("randn")
    assert once.session == again.session
    assert once.session.startswith(">>> _ = fathom.manual_seed(0)\n>>> fathom.randn(4)\ntensor([")
    assert fathom.get_rng_state().tolist() == [3, 0]
