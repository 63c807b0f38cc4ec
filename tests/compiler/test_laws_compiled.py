"""Law 5, compiled: the native program of every case of the table, and of its gradient, gives what eager mode gives."""

from __future__ import annotations

import pytest

import fathom
from fathom.compiler.program import Program
from fathom.testing.cases import CASES
from tests.test_laws import agree, graphs

# The narrow dtype of each case always; the wide one, which takes the same paths, with the slow tests.
RUNS = [
    pytest.param(case, dtype, id=f"{case.label} {dtype}", marks=[pytest.mark.slow] if place else [])
    for case in CASES
    if case.traced
    for place, dtype in enumerate(case.dtypes)
]


@pytest.mark.parametrize(("case", "dtype"), RUNS)
def test_native_programs_give_what_eager_mode_gives(case, dtype):
    for graph, inputs, wanted in graphs(case, dtype):
        found = Program(graph).run([x.numpy() for x in inputs])
        agree([fathom.from_numpy(y) for y in found], wanted, names=True)
