"""Programs for other processors: their assembly, and vectors of every width computed here."""

from __future__ import annotations

import re

import pytest

import fathom
import fathom.nn.functional as F
from fathom.compiler.engine import OTHERS, assembly
from fathom.compiler.program import Program
from fathom.core.tracing import trace
from fathom.testing.cases import CASES
from tests.test_laws import agree, graphs

# Where each processor multiplies and adds in one instruction: a whole vector register, or one number.
FUSED = {
    "avx512": r"vfmadd\w+ps\t.*%zmm",
    "avx2": r"vfmadd\w+ps\t.*%ymm",
    "neon": r"fmla\tv\d+\.4s",
    "scalar": r"fmadd\.s\t",
}


def gradient(images, kernels, weight, classes):
    """Convolution, pooling, a dense layer and cross-entropy, with the gradients of what is learnt."""

    def loss(kernels, weight):
        hidden = F.max_pool2d(F.conv2d(images, kernels).tanh(), 2)
        return F.cross_entropy(hidden.flatten(1) @ weight, classes)

    return fathom.func.grad(loss, (0, 1))(kernels, weight)


def arguments():
    g = fathom.Generator().manual_seed(0)
    shapes = [(5, 2, 9, 9), (3, 2, 4, 4), (27, 6)]
    return [fathom.randn(*shape, generator=g) for shape in shapes] + [
        fathom.randint(6, (5,), generator=g)
    ]


@pytest.mark.parametrize("name", OTHERS)
def test_code_for_other_processors_fills_their_registers(name):
    processor = OTHERS[name]
    program = Program(trace(gradient, *arguments()), width=processor.lanes)
    text = assembly(program.source.llvm(), processor.machine())
    assert re.search(FUSED[name], text)
    if name == "avx2":
        assert "%zmm" not in text


@pytest.mark.parametrize("width", [1, 4, 8, 16])
def test_vectors_of_every_width_give_the_same(width):
    program = Program(trace(gradient, *arguments()), width=width)
    found = program.run([x.numpy() for x in arguments()])
    agree([fathom.from_numpy(y) for y in found], gradient(*arguments()))


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.traced][::20], ids=lambda c: c.label
)
def test_narrow_vectors_obey_law_5(case):
    for graph, inputs, wanted in graphs(case, case.dtypes[0]):
        for width in (1, 4, 8):
            found = Program(graph, width=width).run([x.numpy() for x in inputs])
            agree([fathom.from_numpy(y) for y in found], wanted)
