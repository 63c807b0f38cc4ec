"""Graphs whose programs differ have different words; those of equal graphs are the same in every process."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

import fathom
from fathom.compiler.identity import Nameless, identity, words
from fathom.core.tracing import Graph, trace
from fathom.nn import functional as F


def x(*shape, dtype=fathom.float32):
    return fathom.ones(shape, dtype=dtype)


def scanned(decay):
    def loop(s, xs):
        return fathom.scan(lambda s, x: (s * decay + x,) * 2, s, xs)[1]

    return loop


DIFFERENT = {
    "sum of rows": (lambda x: x.sum(0), x(3, 3)),
    "sum of columns": (lambda x: x.sum(1), x(3, 3)),
    "other sizes": (lambda x: x.sum(1), x(4, 4)),
    "other dtype": (lambda x: x.sum(1), x(3, 3, dtype=fathom.float64)),
    "a number": (lambda x: x * 2, x(3, 3)),
    "another number": (lambda x: x * 3, x(3, 3)),
    "the other zero": (lambda x: x * -0.0, x(3, 3)),
    "zero": (lambda x: x * 0.0, x(3, 3)),
    "an array": (lambda x: x * fathom.arange(3), x(3, 3)),
    "two inputs": (lambda a, b: a - b, x(3, 3), x(3, 3)),
    "two inputs, turned": (lambda a, b: b - a, x(3, 3), x(3, 3)),
    "two outputs": (lambda a: (a.exp(), a + 1), x(3, 3)),
    "two outputs, turned": (lambda a: (a + 1, a.exp()), x(3, 3)),
    "an update": (lambda a: a.mul_(2), x(3, 3)),
    "a stride": (lambda a: F.avg_pool2d(a, 2, 1), x(1, 4, 4)),
    "another stride": (lambda a: F.avg_pool2d(a, 2, 2), x(1, 4, 4)),
    "a loop": (scanned(0.5), x(2), x(4, 2)),
    "a loop with another number in its body": (scanned(0.25), x(2), x(4, 2)),
}


def test_different_programs_have_different_words():
    found = {name: identity(trace(f, *xs)) for name, (f, *xs) in DIFFERENT.items()}
    assert None not in found.values()
    for (a, first), (b, second) in itertools.combinations(found.items(), 2):
        assert first != second, (a, b)


def test_numbers_that_are_read_at_each_call_are_no_part_of_a_program():
    constants = [fathom.tensor([1.0, 2.0, 3.0]), fathom.tensor([4.0, 5.0, 6.0])]
    first, second = [identity(trace(lambda x, c=c: x * c, x(3))) for c in constants]
    assert first == second


SCRIPT = """
import hashlib, fathom
from fathom.compiler.identity import identity
from fathom.core.tracing import trace
x = fathom.ones(2, 3)
graph = trace(lambda x: fathom.scan(lambda s, x: (s * 0.5 + x,) * 2, x[0], x)[1].softmax(0), x)
print(hashlib.sha256(identity(graph).encode()).hexdigest())
"""


def test_the_words_are_the_same_in_every_process():
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


@pytest.mark.parametrize("value", [print, object(), np.zeros(3), {"a": 1}])
def test_what_may_mean_something_else_elsewhere_has_no_words(value):
    with pytest.raises(Nameless):
        words(value)


def test_a_graph_of_nothing_has_words():
    assert identity(Graph(0)) is not None
